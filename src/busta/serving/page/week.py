"""The games of a week, each with what our models say of it beside what the book offers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from busta.plugins import pick

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from busta.serving.slate import Slate

__all__ = ["Game", "Offer", "Round", "Week", "coming", "week_of"]

MOST = 20
"""Games on one page."""
Round = tuple[int, int]
"""Season and number of a week."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one model says of one game.

    Attributes:
        market: Its name.
        title: The market's, for people.
        row: The prediction, as `busta predict` prints it.
        about: What the version is.
        advice: What `busta.recommend` says of this very bet beside all others; ``None`` where nobody has asked it yet.
    """

    market: str
    title: str
    row: Mapping[str, Any]
    about: Mapping[str, Any]
    advice: Mapping[str, Any] | None = None

    @property
    def key(self) -> str:
        """What names it in the page."""
        return f"{self.row['game_id']}-{self.market}"

    @property
    def staked(self) -> bool:
        """Whether the model would bet, were it the only bet."""
        return bool(self.row["stake"])

    def stake(self, free: float) -> float:
        """Money to stake: as recommended beside all other bets, else by itself on so much that is free."""
        return float(self.row["stake"] * free if self.advice is None else self.advice["stake"])


@dataclass(frozen=True, slots=True)
class Game:
    """A game of the week.

    Attributes:
        row: As `/v1/games` lists it.
        start: In the league's own zone.
        ahead: Whether it can still be bet on.
        offers: One a market.
    """

    row: Mapping[str, Any]
    start: datetime
    ahead: bool
    offers: Sequence[Offer]

    @property
    def played(self) -> bool:
        """Whether there is a score."""
        return self.row["home_score"] is not None


@dataclass(frozen=True, slots=True)
class Week:
    """The games of a week, and which other weeks there are.

    Attributes:
        chosen: The week; ``None`` where there is no game at all.
        games: In order of their start.
        before: The week before, if there is one.
        after: The week after.
        first: Place of the first game that is shown, where there are too many for one page.
        seasons: Those there are.
        weeks: Those of the chosen season.
    """

    chosen: Round | None
    games: Sequence[Game]
    before: Round | None
    after: Round | None
    first: int
    seasons: Sequence[int]
    weeks: Sequence[int]

    @property
    def bets(self) -> list[tuple[Game, Offer]]:
        """What the models would bet on, the largest edge first."""
        found = [(game, offer) for game in self.games for offer in game.offers if offer.staked]
        return sorted(found, key=lambda each: -each[1].row["edge"])

    @property
    def shown(self) -> Sequence[Game]:
        """The games that stand on the page."""
        return self.games[self.first : self.first + MOST]

    @property
    def coming(self) -> bool:
        """Whether a game of it can still be bet on."""
        return any(game.ahead for game in self.games)


def week_of(
    slate: Slate,
    now: datetime,
    season: int | None = None,
    number: int | None = None,
    advice: Mapping[str, Mapping[str, Any]] | None = None,
    opened: str | None = None,
) -> Week:
    """A week's games; by default those of the week that is under way or comes next.

    Args:
        slate: What is served.
        now: What time it is in that league; a game that has begun can no longer be bet on.
        season: Another season, by default its last week.
        number: Another week, or the nearest one that season has.
        advice: What is recommended, by game and market.
        opened: A game that is to be on the page.
    """
    rounds = sorted({(game["season"], game["week"]) for game in slate.games})
    if not rounds:
        return Week(None, (), None, None, 0, (), ())
    chosen = _chosen(slate, rounds, season, number)
    at = rounds.index(chosen)
    zone = ZoneInfo(pick("league", slate.about["league"]).zone)
    listed = sorted(slate.rounds[f"{chosen[0]}-{chosen[1]:02d}"], key=lambda row: (row["kickoff"], row["game_id"]))
    games = [_game(slate, row, zone, now, advice or {}) for row in listed]
    asked = [place for place, game in enumerate(games) if game.row["game_id"] == opened]
    ahead = [place for place, game in enumerate(games) if game.ahead]
    return Week(
        chosen,
        games,
        rounds[at - 1] if at else None,
        rounds[at + 1] if at + 1 < len(rounds) else None,
        next(iter(asked + ahead), 0) // MOST * MOST,
        sorted({each for each, _ in rounds}, reverse=True),
        [week for each, week in rounds if each == chosen[0]],
    )


def coming(games: Sequence[Mapping[str, Any]]) -> Round:
    """The week of the first game after the last that is played; the last week where all are."""
    last = max((game["kickoff"] for game in games if game["home_score"] is not None), default="")
    ahead = [game for game in games if game["home_score"] is None and game["kickoff"] > last]
    return min((game["season"], game["week"]) for game in ahead or games[-1:])


def _chosen(slate: Slate, rounds: Sequence[Round], season: int | None, number: int | None) -> Round:
    """The week asked for, or the nearest; by default the coming one."""
    if season is None and number is None:
        return coming(slate.games)
    wanted = season if season is not None else rounds[-1][0]
    nearest = min((each for each, _ in rounds), key=lambda each: abs(each - wanted))
    weeks = [week for each, week in rounds if each == nearest]
    return nearest, min(weeks, key=lambda week: abs(week - number)) if number is not None else weeks[-1]


def _game(
    slate: Slate, row: Mapping[str, Any], zone: ZoneInfo, now: datetime, advice: Mapping[str, Mapping[str, Any]]
) -> Game:
    start = datetime.fromisoformat(row["kickoff"])
    offers = [
        _offer(name, json.loads(answers.predictions[row["game_id"]]), answers.about, advice)
        for name, answers in slate.markets.items()
        if row["game_id"] in answers.predictions
    ]
    return Game(row, start.astimezone(zone), row["home_score"] is None and start > now, offers)


_SAME = ("side", "line", "price", "model_version")


def _offer(
    market: str, row: Mapping[str, Any], about: Mapping[str, Any], advice: Mapping[str, Mapping[str, Any]]
) -> Offer:
    """The offer with the advice on it, if that was given on the same bet."""
    found = advice.get(f"{row['game_id']}-{market}")
    fits = found is not None and all(found[name] == row[name] for name in _SAME)
    return Offer(market, pick("market", market).title, row, about, found if fits else None)
