"""The Odds API, version 4: what many books offer on coming games, in an answer of its ``odds`` endpoint.

An answer is a list of events, each with its books, their markets and the outcomes' prices, decimal here.
Nothing of it is believed before it was looked at: what is of another type, of no team, of no game that is
known, or no market with two sides is refused with its reason. What a book says is known since its
``last_update``. An answer of the ``historical`` endpoint, which says its own time, is read as well.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from busta.data import validate
from busta.data.matching import SIDES, find_games, not_team, team, team_codes
from busta.data.schema import GAMES, INSTANT, QUOTES, SNAPSHOTS
from busta.data.source import Batch, listed
from busta.data.textfile import problems
from busta.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from busta.plugins import League

__all__ = ["KIND", "PATH", "QUERY", "parse", "quota"]

KIND = "an answer of The Odds API"
PATH = "/v4/sports/{sport}/odds"
MARKETS = {"h2h": "moneyline", "spreads": "ats", "totals": "totals"}
QUERY = {"markets": ",".join(MARKETS), "oddsFormat": "decimal", "dateFormat": "iso"}
QUOTA = ("remaining", "used", "last")
SKEW = timedelta(minutes=5)
"""How far another clock may be ahead of ours."""
ALIKE = timedelta(minutes=15)
"""Two starts nearer than this are the same."""
LARGEST = 1e6
TEXT = 100
"""No name is longer."""


class _Odd(ValueError):  # noqa: N818 - what is wrong with a part of the answer, which is refused with it
    """Something that is not as it should be."""


def quota(headers: Mapping[str, str]) -> dict[str, int | None]:
    """What the answer says of the key's quota: requests ``remaining``, ``used``, and what this one cost (``last``)."""
    said = {name: headers.get(f"x-requests-{name}", "") for name in QUOTA}
    return {name: int(float(text)) if text.replace(".", "", 1).isdecimal() else None for name, text in said.items()}


def parse(raw: bytes, league: League, games: pl.DataFrame, *, fetched_at: datetime | None = None) -> Batch:
    """The snapshots in an answer, of games that have not started.

    Args:
        raw: The answer's body.
        league: Whose teams they are.
        games: Those that are known, rows of ``GAMES``.
        fetched_at: When it was fetched; by default what it says itself, or else its latest ``last_update``.

    Raises:
        DataError: It is no such answer at all.
    """
    events, said_at = _events(raw)
    rows = pl.DataFrame([row for i, event in enumerate(events, start=1) for row in _offers(event, i)], schema=_ROW)
    now = fetched_at or said_at or rows["known_at"].max() or datetime.now(UTC)
    assert isinstance(now, datetime)  # noqa: S101 - for the type checker
    coming = rows.filter((pl.col("starts") > now) | pl.col("starts").is_null())
    found = _found(coming, games, league).with_row_index("offer").with_columns(pl.col("offer").cast(pl.Int64))
    ahead = pl.when(pl.col("known_at") > now + SKEW).then(pl.lit("its last_update is yet to come"))
    quotes = found.select(
        *("game_id", "market", "book", "line", "first_price", "second_price"),
        pl.lit("close").alias("moment"),
        pl.min_horizontal("known_at", pl.lit(now, INSTANT)).alias("known_at"),
        pl.lit(value=False).alias("known_at_assumed"),
        pl.col("offer").alias("row"),
        problems(pl.col("problem"), pl.coalesce("unmatched", ahead)).alias("problem"),
    )
    started = games.join(_starts(found), on="game_id", how="left").with_columns(pl.coalesce("starts", "kickoff"))
    known = started.with_columns(pl.col("starts").alias("kickoff")).select(*GAMES)
    batch = validate.check(pl.DataFrame(schema=GAMES), quotes, now=now, known=known)
    times = (pl.lit(now, INSTANT).alias("fetched_at"), pl.lit(now, INSTANT).alias("seen_at"))
    return Batch(
        games=batch.games,
        quotes=pl.DataFrame(schema=QUOTES),
        refused=_refused(batch.refused, found),
        warnings=(*_under_way(rows, coming), *_moved(started), *_unquoted(events)),
        snapshots=batch.quotes.with_columns(*times).select(*SNAPSHOTS),
    )


def _refused(refused: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """The refusals with the name of the book, and the event in place of the offer."""
    whose = offers.select(pl.col("offer").alias("row"), pl.col("row").alias("event"), "book")
    reason = pl.concat_str(
        pl.format("{}: ", "book").fill_null(""), pl.col("reason").str.replace(r"line \d+ has", "an earlier offer has")
    )
    joined = refused.join(whose, on="row", how="left", maintain_order="left")
    return joined.select(
        pl.lit("snapshots").alias("table"), pl.col("event").alias("row"), "game_id", reason.alias("reason")
    )


_ROW = {
    "row": pl.Int64(),
    **dict.fromkeys((*SIDES, "market", "book"), pl.String()),
    "starts": INSTANT,
    "known_at": INSTANT,
    **dict.fromkeys(("line", "first_price", "second_price"), pl.Float64()),
    "problem": pl.String(),
}


def _events(raw: bytes) -> tuple[list[Any], datetime | None]:
    """The events of an answer, and the time it says it is of."""
    try:
        answer = json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError) as exc:
        raise DataError(f"not {KIND}: it is no JSON ({str(exc)[:TEXT]}); it may have been cut short") from exc
    said_at = None
    if isinstance(answer, dict) and "data" in answer:
        answer, said_at = answer["data"], _time(answer.get("timestamp"))
    if not isinstance(answer, list):
        said = answer.get("message") if isinstance(answer, dict) else None
        raise DataError(f"not {KIND}: {f'it says {str(said)[:TEXT]!r}' if said else 'it is no list of events'}")
    return answer, said_at


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _offers(event: Any, position: int) -> Iterator[dict[str, Any]]:
    """A row for each book and market of an event; one alone, with its problem, where the event is none."""
    try:
        about = {"row": position, "starts": _instant(event, "commence_time")}
        about |= {side: _text(event, side) for side in SIDES}
        books = _list(event, "bookmakers")
    except _Odd as exc:
        yield {"row": position, "problem": f"event {position}: {exc}"}
        return
    for book in books:
        try:
            key, markets = _text(book, "key"), _list(book, "markets")
        except _Odd as exc:
            yield about | {"problem": f"a bookmaker: {exc}"}
            continue
        yield from (about | {"book": key} | row for market in markets for row in _of_market(market, book, about))


def _of_market(market: Any, book: Any, about: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The row of a market; none of one that was not asked for, such as an exchange's other side of ``h2h``."""
    try:
        name = _text(market, "key")
    except _Odd as exc:
        yield {"problem": f"a market: {exc}"}
        return
    if name not in MARKETS:
        return
    row: dict[str, Any] = {"market": MARKETS[name]}
    try:
        row["known_at"] = _instant(market if market.get("last_update") is not None else book, "last_update")
        first, second = _two_sides(market, about, totals=name == "totals")
        yield row | {"line": _line(name, first, second), "first_price": first["price"], "second_price": second["price"]}
    except _Odd as exc:
        yield row | {"problem": str(exc)}


def _two_sides(market: Any, about: Mapping[str, Any], *, totals: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """The outcomes of home and away, or of over and under, with their prices and points."""
    wanted = ("Over", "Under") if totals else (about["home_team"], about["away_team"])
    found = {_text(outcome, "name"): outcome for outcome in _list(market, "outcomes")}
    if set(found) != set(wanted) or len(market["outcomes"]) != len(wanted):
        names = [str(outcome["name"])[:TEXT] for outcome in market["outcomes"]]
        raise _Odd(f"its outcomes are {listed(names)}; needed are {' and '.join(wanted)}, once each")
    first, second = ({"price": _number(found[name], "price"), "point": found[name].get("point")} for name in wanted)
    return first, second


def _line(name: str, first: dict[str, Any], second: dict[str, Any]) -> float:
    """The line as busta has it: a spread is positive where home is favoured."""
    if name == "h2h":
        return 0.0
    one, other = _number(first, "point"), _number(second, "point")
    if (one != other) if name == "totals" else (one != -other):
        raise _Odd(f"its two sides have different lines, {one:g} and {other:g}")
    return one if name == "totals" else other + 0.0


def _found(rows: pl.DataFrame, games: pl.DataFrame, league: League) -> pl.DataFrame:
    """The rows with the codes of their teams, the game they mean and, where there is none, why (``unmatched``)."""
    codes = team_codes(rows, league)
    named = rows.with_columns(
        pl.col("starts").dt.convert_time_zone(league.zone).dt.date().alias("day"),
        *(team(side, codes) for side in SIDES),
        problems(*(not_team(side, codes, league.name) for side in SIDES)).alias("nobody"),
    )
    nowhere = pl.format("there is no one game of {} at {} on {}; ingest the games first", *reversed(SIDES), "day")
    missing = pl.when(pl.col("game_id").is_null() & pl.col("starts").is_not_null()).then(nowhere)
    found = find_games(named, games, league).with_columns(pl.coalesce("nobody", missing).alias("unmatched"))
    once = found.filter(pl.col("unmatched").is_null() | pl.col("row").is_first_distinct())
    unknown = pl.col("unmatched").is_not_null()
    return once.with_columns(pl.when(~unknown).then(name).alias(name) for name in ("market", "book", "problem"))


def _starts(found: pl.DataFrame) -> pl.DataFrame:
    """When the games start by the answer."""
    return found.filter(pl.col("game_id").is_not_null()).group_by("game_id").agg(pl.col("starts").first())


def _under_way(rows: pl.DataFrame, coming: pl.DataFrame) -> tuple[str, ...]:
    events = rows["row"].n_unique() - coming["row"].n_unique()
    return (f"{events} games are under way or over; what is offered on them is not taken",) if events else ()


def _moved(games: pl.DataFrame) -> tuple[str, ...]:
    """Games whose start the tables have otherwise."""
    off = games.filter((pl.col("starts") - pl.col("kickoff")).abs() > ALIKE, ~pl.col("kickoff_assumed"))
    if off.is_empty():
        return ()
    said = [f"{game} at {starts:%Y-%m-%d %H:%M}" for game, starts in off.select("game_id", "starts").rows()]
    return (f"{off.height} games start at another time than the tables say, ingest them anew: {listed(said)}",)


def _unquoted(events: list[Any]) -> tuple[str, ...]:
    return () if events else ("no game is offered at the moment",)


def _text(part: Any, name: str) -> str:
    value = _get(part, name)
    if not isinstance(value, str) or not value.strip() or len(value) > TEXT or not value.isprintable():
        raise _Odd(f"{name} is no text: {_short(value)}")
    return value


def _list(part: Any, name: str) -> list[Any]:
    value = _get(part, name)
    if not isinstance(value, list):
        raise _Odd(f"{name} is no list: {_short(value)}")
    return value


def _number(part: Any, name: str) -> float:
    value = _get(part, name)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LARGEST:
        raise _Odd(f"{name} is no number that can be right: {_short(value)}")
    return float(value)


def _instant(part: Any, name: str) -> datetime:
    value = _get(part, name)
    found = _time(value)
    if found is None:
        raise _Odd(f"{name} is no time such as 2026-09-10T00:20:00Z: {_short(value)}")
    return found


def _time(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None


def _get(part: Any, name: str) -> Any:
    if not isinstance(part, dict):
        raise _Odd(f"it is no object: {_short(part)}")
    return part.get(name)


def _short(value: Any) -> str:
    return json.dumps(value, default=str)[:40]
