"""Routes that read: games, markets, models, prices and explanations. Each takes a slate once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Path, Query, Response

from busta.plugins import pick
from busta.serving.predictions import market, the_game
from busta.serving.problems import Problem
from busta.serving.service import respond
from busta.serving.words import read_spread, read_total

if TYPE_CHECKING:
    from busta.serving.engine import Engine
    from busta.serving.service import Service
    from busta.serving.slate import Slate

__all__ = ["games", "listings"]

League = Annotated[str | None, Query(max_length=100, description="By default the only one there is, else nfl.")]
Information = Annotated[str, Query(pattern="^(anchored|blind)$", description="anchored or blind")]
Moment = Annotated[str, Query(pattern="^(close|open)$", description="close or open")]
GameId = Annotated[str, Path(max_length=100, description="Id of a game, as /v1/games lists it.")]


def listings(app: FastAPI, service: Service) -> None:
    """Adds the routes that list games, markets and models."""
    engine = service.engine

    @app.get("/v1/games", tags=["games"])
    async def listed(
        league: League = None,
        week: Annotated[str | None, Query(pattern=r"^\d{4}-\d{1,2}$", examples=["2022-18"])] = None,
        date: Annotated[str | None, Query(pattern=r"^\d{4}-\d\d-\d\d$", examples=["2022-11-13"])] = None,
    ) -> Response:
        """Lists the games of a week, or of a day in the league's own zone; by default of the last week."""
        if week and date:
            raise Problem(400, "give a week or a date, not both")
        slate = _any_kind(engine, league)
        return respond({"league": slate.about["league"], "games": _listed(slate, week, date)})

    @app.get("/v1/markets", tags=["models"])
    async def markets(league: League = None) -> Response:
        """Lists the markets, the kinds of models that are served for each, and the features they read."""
        return respond({"markets": [row for slate in _of_league(engine, league) for row in _markets(slate)]})

    @app.get("/v1/models", tags=["models"])
    async def models(league: League = None) -> Response:
        """Lists the versions that are served, what was refused and why, and how old the news are."""
        return respond(
            {
                "models": [row for slate in _of_league(engine, league) for row in _models(slate)],
                "refused": [row for slate in _of_league(engine, league) for row in _refused(slate)],
                "checked_seconds_ago": engine.age(),
                "error": engine.state.get("error"),
            }
        )


def games(app: FastAPI, service: Service) -> None:
    """Adds the routes of one game: its prices and explanations."""
    engine = service.engine

    @app.get("/v1/prices/{game}", tags=["games"])
    async def prices(
        game: GameId,
        league: League = None,
        information: Information = "anchored",
        price: Moment = "close",
        spread: Annotated[list[str], Query(max_length=50, examples=[["KC -3.5"]])] = [],  # noqa: B006 - never changed
        total: Annotated[list[float], Query(max_length=50, examples=[[45.5]])] = [],  # noqa: B006
    ) -> Response:
        """Prices a game at its quoted lines and at any other, all from one distribution of margin and total."""
        slate = engine.slate(league, information, price)
        row = _game(slate, game)
        spreads = [read_spread(text, pick("league", slate.about["league"]), row) for text in spread]
        found = slate.price(game, spreads, [read_total(each) for each in total])
        if found is None:
            raise Problem(404, f"{game} has no price: nobody quotes a moneyline or spread, or none was predicted")
        return respond(_about(slate) | {"kickoff": row["kickoff"]} | found)

    @app.get("/v1/explanations/{game}", tags=["games"])
    async def explanations(
        game: GameId,
        market_name: Annotated[str, Query(alias="market", max_length=100)] = "moneyline",
        league: League = None,
        information: Information = "anchored",
        price: Moment = "close",
    ) -> Response:
        """Says what a forecast is the sum of, in log-odds of the market's first side."""
        slate = engine.slate(league, information, price)
        row, answers = _game(slate, game), market(slate, pick("market", market_name).name)
        found = answers.explained(game)
        if found is None:
            raise Problem(
                404, f"{answers.about['market']} of {game} is not forecast: no line, no price or no forecast of it"
            )
        teams = {name: row[name] for name in ("game_id", "kickoff", "home_team", "away_team")}
        about = {"market": answers.about["market"], "model": answers.about["model"]}
        return respond(_about(slate) | about | {"model_version": answers.about["version"]} | teams | found)


def _any_kind(engine: Engine, league: str | None) -> Slate:
    """A slate of that league: all of them list the same games."""
    return engine.slate(league, *next(((k.information, k.price) for k in engine.slates if k.league == league), _USUAL))


_USUAL = ("anchored", "close")


def _of_league(engine: Engine, league: str | None) -> list[Slate]:
    slates = engine.slates
    if league is not None:
        _any_kind(engine, league)
    return [slate for kind, slate in slates.items() if league in (None, kind.league)]


def _listed(slate: Slate, week: str | None, date: str | None) -> list[dict[str, Any]]:
    if week:
        season, _, number = week.partition("-")
        week = f"{season}-{int(number):02d}"
    last = slate.games[-1] if slate.games else None
    asked = week or date or (f"{last['season']}-{last['week']:02d}" if last else "")
    return [dict(game) for game in slate.rounds.get(asked, ())]


def _game(slate: Slate, game: str) -> Any:
    row = slate.place.get(game)
    if row is None:
        raise the_game(slate, game)
    return slate.games[row]


def _about(slate: Slate) -> dict[str, Any]:
    return {name: slate.about[name] for name in ("league", "information", "price", "gold_version")} | {
        "versions": slate.versions
    }


def _markets(slate: Slate) -> list[dict[str, Any]]:
    kind = {name: slate.about[name] for name in ("league", "information", "price")}
    names = ("market", "sides", "has_line", "anchored", "features")
    return [kind | {name: answers.about[name] for name in names} for answers in slate.markets.values()]


def _models(slate: Slate) -> list[dict[str, Any]]:
    kind = {name: slate.about[name] for name in ("league", "information", "price")}
    hidden = {"market", "sides", "has_line", "anchored", "features"}
    return [
        kind | {"market": name} | {key: value for key, value in answers.about.items() if key not in hidden}
        for name, answers in slate.markets.items()
    ]


def _refused(slate: Slate) -> list[dict[str, str]]:
    kind = {name: slate.about[name] for name in ("league", "information", "price")}
    return [kind | {"market": market, "why": why} for market, why in slate.about["refused"].items()]
