"""Predict: probabilities, fair prices, edges and stakes of the games asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from busta.betting.odds import edge, fair_price
from busta.betting.staking import fractional_kelly
from busta.data.source import Batch, concatenate
from busta.errors import DataError, UsageError
from busta.markets.dataset import assemble, require_quoted
from busta.plugins import pick, several
from busta.registry.connect import connect
from busta.registry.publish import CHAMPION
from busta.registry.versions import model_name, note, now, resolve
from busta.workflows.data.ingest import ensure_tables, tables_of
from busta.workflows.data.starters import with_starters
from busta.workflows.predicting.forecast import gold_for, in_memory, say
from busta.workflows.predicting.joint import JOINED, Kind, hear, join, moved
from busta.workflows.training.record import vig_method

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from busta.betting.joint import Joint
    from busta.data.schema import Moment
    from busta.features.store import MemoryGold
    from busta.plugins import League, Market
    from busta.registry.versions import Version
    from busta.settings import Bets, Settings
    from busta.workflows.predicting.forecast import Said

__all__ = [
    "Predicted",
    "Published",
    "Wanted",
    "alone",
    "from_joint",
    "played_on",
    "predict",
    "predicted",
    "published",
    "rows",
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which games: those of a ``week`` (``2022-18``), of a ``date`` (``2022-11-13``), or in files.

    Exactly one is given.
    """

    week: str | None = None
    date: str | None = None
    files: Sequence[Path] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", several("files", self.files, (str, Path), "a file"))
        if sum(map(bool, (self.week, self.date, self.files))) != 1:
            raise UsageError("say which games: one of --week 2022-18, --date 2022-11-13, --games FILE")


def predict(
    settings: Settings,
    market_name: str,
    wanted: Wanted,
    league_name: str = "nfl",
    *,
    blind: bool = False,
    moment: Moment = "close",
    model: str | None = None,
    starters: Sequence[str] = (),
) -> dict[str, Any]:
    """Predicts games with the champion, or the challenger while there is none.

    A game the version has learned from gets its stored out-of-fold prediction, marked
    ``"out_of_fold": true``; every stake is paper until the gate has found the version fit to bet, or
    ``bets.allow_unproven`` says otherwise, which the version's tag ``unproven_stakes`` then records.
    ``starters`` are those of coming games, each as ``TEAM=NAME``, where they are not those of the tables.

    Returns:
        The object ``busta predict --json`` prints.

    Raises:
        BustaError: No such games, no such model, or nothing to read them from.
    """
    return predicted(
        settings, market_name, wanted, league_name, blind=blind, moment=moment, model=model, starters=starters
    ).result


@dataclass(frozen=True)
class Predicted:
    """Predictions, and what they were read from.

    Attributes:
        result: What `predict` returns.
        said: What the version says of the games that have a line.
        read: What is published of them.
    """

    result: dict[str, Any]
    said: Said
    read: Published


def predicted(
    settings: Settings,
    market_name: str,
    wanted: Wanted,
    league_name: str,
    *,
    blind: bool,
    moment: Moment,
    model: str | None = None,
    starters: Sequence[str] = (),
) -> Predicted:
    """As `predict`, with what the predictions were read from.

    Raises:
        BustaError: As `predict`.
    """
    if not isinstance(wanted, Wanted):
        raise UsageError(f"wanted = {wanted!r}; needed is Wanted(week=...), Wanted(date=...) or Wanted(files=...)")
    league, market = pick("league", league_name), pick("market", market_name)
    registry = connect(settings)
    version = resolve(registry, model_name(league.name, market.name, blind=blind, moment=moment), model)
    gold, chosen = _games(settings, league, wanted, version)
    told = several("starters", starters, str, "TEAM=NAME")
    gold = with_starters(gold, league, vig_method(version, settings.bets), chosen, told, moment)
    table = assemble(gold, league, market, blind=blind, moment=moment)
    if moment == "open" and wanted.week:
        require_quoted(table, _season_and_week(wanted.week)[0])
    said = say(registry, version, table.take(table.games["game_id"].is_in(chosen).to_numpy()))
    read = published(said, gold, Kind(settings, registry, league, blind, moment))
    found = rows(said, read, gold.games.filter(pl.col("game_id").is_in(chosen)), settings.bets)
    if any(row["stake"] and row["unproven"] and not (row["paper"] or row["out_of_fold"]) for row in found):
        note(registry, version, {"unproven_stakes": now()})
    result = {
        "market": market.name,
        "league": league.name,
        "model": version.name,
        "model_version": version.number,
        "verdict": version.tags.get("verdict"),
        "forced": version.tags.get("forced"),
        "role": CHAMPION if CHAMPION in version.aliases else ", ".join(version.aliases) or "none",
        "missing": [name for name in said.portable.features if name not in said.data.names],
        "joint": read.versions,
        "moved": read.moved,
        "notes": read.notes,
        "predictions": found,
    }
    return Predicted(result, said, read)


@dataclass(frozen=True)
class Published:
    """Where the probabilities are read from.

    Attributes:
        triples: Win, push and lose of the first side, shape (games, 3).
        source: ``stored``, ``joint`` or ``model``, of each game.
        versions: Of each market, ``None`` for one that is no part of the joint, or where there is no joint.
        moved: Games whose models contradict each other; ``None`` where there is no joint.
        notes: What a reader should know of it.
        joint: The joint, a game a row; ``None`` where there is none.
    """

    triples: NDArray[np.float64]
    source: list[str]
    versions: dict[str, str | None] | None
    moved: int | None
    notes: dict[str, str]
    joint: Joint | None = None


def published(said: Said, gold: MemoryGold, kind: Kind) -> Published:
    """What the joint says of games that were not learned from; with no other market there is nothing to join."""
    market = said.data.market.name
    if market not in JOINED or said.seen.all():
        return alone(said)
    games = said.data.games["game_id"].to_list()
    method = vig_method(said.version, kind.settings.bets)
    others, missing = hear(kind, [name for name in JOINED if name != market], gold, method, games)
    everyone = {market: said} | others
    return from_joint(market, everyone, missing, join(everyone, games)) if others else alone(said, missing)


def alone(said: Said, missing: Mapping[str, str] = MappingProxyType({})) -> Published:
    """What a version says where there is no joint, as the other markets are ``missing``."""
    source = ["stored" if seen else "model" for seen in said.seen]
    return Published(said.triples, source, None, None, _without(missing))


def from_joint(market: str, everyone: Mapping[str, Said], missing: Mapping[str, str], joint: Joint) -> Published:
    """What the joint of those markets, a game a row of the market's, says of games that were not learned from."""
    said = everyone[market]
    found = joint.over(said.data.line) if market == "totals" else joint.spread(said.data.line)
    joined = ~said.seen & ~np.isnan(found + said.triples).any(axis=1)
    source = ["joint" if each else other for each, other in zip(joined, alone(said).source, strict=True)]
    versions = {name: everyone[name].version.number if name in everyone else None for name in JOINED}
    count = int((moved(joint) & joined).sum())
    triples = np.where(joined[:, None], found, said.triples)
    notes = _without(missing) | _contradictions(count, int(joined.sum()))
    return Published(triples, source, versions, count, notes, joint)


def _without(missing: Mapping[str, str]) -> dict[str, str]:
    return {"joint": f"read without {' and '.join(missing)}: {'; '.join(missing.values())}"} if missing else {}


def _contradictions(count: int, games: int) -> dict[str, str]:
    if not count:
        return {}
    words = "the moneyline's and the spread's model contradict each other, and the moneyline's stands"
    return {"moved": f"in {count} of {games} games {words}"}


def _games(settings: Settings, league: League, wanted: Wanted, version: Version) -> tuple[MemoryGold, list[str]]:
    """The store to read from and the ids of the games asked for."""
    if wanted.files:
        return _with_files(settings, league, wanted.files, vig_method(version, settings.bets))
    gold = gold_for(settings, league, version)
    asked = played_on(wanted.week, wanted.date, league.zone)
    chosen = gold.games.filter(asked).sort("kickoff", "game_id")["game_id"].to_list()
    if not chosen:
        last = gold.games.sort("kickoff").row(-1, named=True)
        raise UsageError(
            f"{league.name} has no games in {wanted.week or wanted.date}; "
            f"the last it knows is {last['season']}-{last['week']:02d} on {last['kickoff']:%Y-%m-%d}"
        )
    return gold, chosen


def _with_files(settings: Settings, league: League, files: Sequence[Path], method: str) -> tuple[MemoryGold, list[str]]:
    """The league's tables with the files' games on top, in memory: nothing of it is stored."""
    ensure_tables(settings, league)
    stored = tables_of(settings, league).read()
    batch = league.load(settings, files)
    if batch.games.is_empty():
        why = batch.refused["reason"].to_list()[:1]
        raise DataError(f"no game in {', '.join(map(str, files))} could be taken{': ' + why[0] if why else ''}")
    both = concatenate([Batch(stored.games, stored.quotes, facts=stored.facts), batch])
    return in_memory(both, league, method), batch.games["game_id"].to_list()


def played_on(week: str | None, date: str | None, zone: str) -> pl.Expr:
    """Games of a week or of a day, or all of them.

    Raises:
        UsageError: A week or a date that cannot be right.
    """
    if week:
        season, number = _season_and_week(week)
        return (pl.col("season") == season) & (pl.col("week") == number)
    return _on_day(date, zone) if date else pl.lit(value=True)


def _season_and_week(text: str) -> tuple[int, int]:
    season, _, week = str(text).partition("-")
    if not (season.isdecimal() and week.isdecimal() and len(season) == 4 and len(week) <= 2):  # noqa: PLR2004
        raise UsageError(f"week {text!r} cannot be right; give season and week, as 2022-18")
    return int(season), int(week)


def _on_day(text: str, zone: str) -> pl.Expr:
    """Games that start that day, midnight to midnight in the league's own zone."""
    from datetime import date

    try:
        day = date.fromisoformat(str(text))
    except ValueError as exc:
        raise UsageError(f"date {text!r} cannot be right; give year, month and day, as 2022-11-13") from exc
    return pl.col("kickoff").dt.convert_time_zone(zone).dt.date() == day


def rows(said: Said, read: Published, games: pl.DataFrame, bets: Bets) -> list[dict[str, Any]]:
    """One row a game in order of its start, also of those without a line; `_quoted` says which side.

    A stake is paper until the gate has found the version fit to bet, or ``bets.allow_unproven`` says otherwise.
    """
    unproven = said.version.tags.get("fit_to_bet") != "yes"
    of_all = {"model_version": said.version.number, "paper": unproven and not bets.allow_unproven, "unproven": unproven}
    quoted = set(said.data.games["game_id"])
    others = games.filter(~pl.col("game_id").is_in(quoted))
    found = _quoted(said, read, bets) + [_without_line(game, said.data.market) for game in others.iter_rows(named=True)]
    return sorted((row | of_all for row in found), key=lambda row: (row["kickoff"], row["game_id"]))


def _quoted(said: Said, read: Published, bets: Bets) -> list[dict[str, Any]]:
    """The side with the better edge, the likelier one without a price, none without a probability."""
    data, triples = said.data, read.triples
    win = triples[:, [0, 2]]
    edges = edge(win, win[:, ::-1], data.prices)
    priced = ~np.isnan(edges).all(axis=1, keepdims=True)
    side = np.where(priced, np.nan_to_num(edges, nan=-np.inf), np.nan_to_num(win)).argmax(axis=1)
    every = np.arange(len(data))
    chances = np.where(side[:, None] == 0, triples, triples[:, ::-1])
    offers = _bets(chances, data.prices[every, side], edges[every, side], bets)
    games = data.games.iter_rows(named=True)
    return [_row(said, read, i, game) | _taken(said, i, int(side[i]), offers[i]) for i, game in enumerate(games)]


def _row(said: Said, read: Published, i: int, game: dict[str, Any]) -> dict[str, Any]:
    data = said.data
    return _about(game, data.market) | {
        "out_of_fold": bool(said.seen[i]),
        "read_from": None if np.isnan(read.triples[i, [0, 2]]).any() else read.source[i],
        "line": _number(data.line[i]) if data.market.has_line else None,
        "known_at": _iso(game["known_at"]),
        "decided_at": _iso(game["decision_time"]),
    }


def _taken(said: Said, i: int, side: int, offer: dict[str, Any] | None) -> dict[str, Any]:
    if offer is None:
        return _NO_BET | {"abstain_reason": _why_none(bool(said.seen[i]), float(said.data.offset[i]))}
    return {"side": said.data.market.sides[side]} | offer


_NO_BET = dict.fromkeys(("side", "price", "probability", "fair_price", "edge")) | {"stake": 0.0}


def _about(game: dict[str, Any], market: Market) -> dict[str, Any]:
    return {
        "game_id": game["game_id"],
        "kickoff": _iso(game["kickoff"]),
        "home_team": game["home_team"],
        "away_team": game["away_team"],
        "market": market.name,
    }


def _without_line(game: dict[str, Any], market: Market) -> dict[str, Any]:
    empty = {"out_of_fold": False, "read_from": None, "line": None, "known_at": None, "decided_at": None}
    return _about(game, market) | empty | _NO_BET | {"abstain_reason": "no line is quoted"}


def _why_none(seen: bool, offset: float) -> str:
    if seen:
        return "the model learned from this game and has no out-of-fold prediction of it"
    return "no market price to start from" if np.isnan(offset) else "no line"


def _bets(
    chances: NDArray[np.float64], prices: NDArray[np.float64], edges: NDArray[np.float64], bets: Bets
) -> list[dict[str, Any] | None]:
    """Probability, fair price, edge and stake (a share of the bankroll) of one side of each game.

    ``None`` where there is no probability.
    """
    win, lose = chances[:, 0], chances[:, 2]
    fair = fair_price(win, lose)
    worth = np.nan_to_num(edges, nan=-np.inf) >= bets.min_edge
    stakes = np.where(worth, fractional_kelly(win, lose, prices, bets.kelly_fraction, bets.kelly_cap), 0.0)
    small = f"edge < {bets.min_edge:.1%}"
    return [
        None
        if math.isnan(chance[0] + chance[2])
        else {
            "price": _number(price),
            "probability": dict(zip(("win", "push", "lose"), chance, strict=True)),
            "fair_price": even if chance[0] > 0 else None,
            "edge": _number(gain),
            "stake": stake,
            "abstain_reason": None if good else "no price is quoted" if math.isnan(price) else small,
        }
        for chance, price, even, gain, stake, good in zip(
            *(each.tolist() for each in (chances, prices, fair, edges, stakes, worth)), strict=True
        )
    ]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
