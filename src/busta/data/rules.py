"""What a game, a quote and a fact must be, as pandera schemas; a rule's text says what is wrong where it is broken.

Only ``validate.check`` imports this module, when it is called: pandera takes seconds to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandera.polars as pa
import polars as pl

from busta.betting.odds import HIGHEST_PRICE
from busta.data.schema import FACTS, GAMES, LINEUP, QUOTES
from busta.plugins import market_names, markets

if TYPE_CHECKING:
    from datetime import datetime

    from busta.plugins import Market

__all__ = ["fact_rules", "game_rules", "quote_rules"]

SEASONS = (1900, 2200)
WEEKS = (0, 60)
SCORES = (0, 400)
MOST_SPREAD = 80.0
MOST_TOTAL = 500.0
SURE = 1 - 1e-9  # two sides of a book, less rounding
LONGEST_ID = 100
LARGEST_FACT = 1e6
MOST_POINTS = 1000.0  # of a number that decides a market and is not the final score: yards, shots

PHASES = ("regular", "post")
MOMENTS = ("open", "close")


def game_rules(now: datetime) -> Any:
    """The rules of a game; one that starts after ``now`` has no score."""
    optional = ("home_score", "away_score", "neutral", "division", "roof", "surface", "venue")
    checks = {
        "game_id": pa.Check.str_length(1, LONGEST_ID, error=f"is not 1 to {LONGEST_ID} characters long"),
        "season": _within(*SEASONS),
        "week": _within(*WEEKS),
        "phase": _one_of(PHASES),
        "home_score": _within(*SCORES),
        "away_score": _within(*SCORES),
    }
    home, away, kickoff = pl.col("home_score"), pl.col("away_score"), pl.col("kickoff")
    scored = home.is_not_null() | away.is_not_null()
    whole = (
        _rule(pl.col("home_team") != pl.col("away_team"), "a team plays itself"),
        _rule(home.is_null() == away.is_null(), "only one of the two scores is there"),
        _rule(~(scored & (kickoff > now)), "it has a score and starts in the future"),
        _rule((kickoff.dt.year() - pl.col("season")).abs() <= 1, "the day of the game is not in its season"),
    )
    return _schema(GAMES, checks, optional, whole)


def quote_rules() -> Any:
    """The rules of a quote, which comes with the ``kickoff`` of its game where that is known."""
    checks = {
        "market": _one_of(market_names()),
        "moment": _one_of(MOMENTS),
        "first_price": _price(),
        "second_price": _price(),
    }
    line = pl.col("line")
    chances = 1 / pl.col("first_price") + 1 / pl.col("second_price")
    whole = (
        *map(_line_rule, markets().values()),
        _rule((2 * line).round() == 2 * line, "a line is whole or half; a quarter line is two bets"),
        _rule(chances >= SURE, "its two prices are a sure win: their implied probabilities sum to less than 1"),
        _rule(pl.col("known_at") < pl.col("kickoff"), "it was made at or after the start of its game"),
    )
    return _schema(QUOTES, checks, ("first_price", "second_price"), whole)


def _line_rule(market: Market) -> Any:
    """What the line of a market can be."""
    line, final = pl.col("line"), market.score is None
    spread, total = (MOST_SPREAD, MOST_TOTAL) if final else (MOST_POINTS, 2 * MOST_POINTS)
    if not market.has_line:
        holds, otherwise = line == 0, f"a {market.name} has a line other than 0"
    elif market.quantity == "margin":
        holds, otherwise = line.abs() <= spread, f"the spread is beyond {spread:.0f} points"
    else:
        holds, otherwise = (line > 0) & (line <= total), f"the total is not within 0 to {total:.0f}"
    return _rule((pl.col("market") != market.name) | holds, otherwise)


def fact_rules(now: datetime) -> Any:
    """The rules of a fact, which comes with the start and the two teams of its game where that is known.

    What decides a market is a whole number. Of a game that starts after ``now`` only the line-ups are known.
    """
    fact, team, value, label = (pl.col(name) for name in ("fact", "team", "value", "label"))
    decides = fact.is_in([market.score for market in markets().values() if market.score])
    points = ((value == value.round()) & (value.abs() <= MOST_POINTS)).fill_null(value=False)
    checks = {"label": pa.Check.str_length(1, LONGEST_ID, error=f"is not 1 to {LONGEST_ID} characters long")}
    whole = (
        _rule(pl.col("home_team").is_not_null(), "there is no game of that id"),
        _rule((team == pl.col("home_team")) | (team == pl.col("away_team")), "the team does not play in that game"),
        _rule((pl.col("kickoff") <= now) | fact.is_in(LINEUP), "its game starts in the future"),
        _rule(value.is_null() != label.is_null(), "it is neither one number nor one name"),
        _rule(
            ~decides | points.fill_null(value=False),
            f"it decides a market and is no whole number up to {MOST_POINTS:.0f}",
        ),
        _rule(value.abs() <= LARGEST_FACT, f"its number is beyond {LARGEST_FACT:g}"),
    )
    return _schema(FACTS, checks, ("value", "label"), whole)


def _schema(table: Any, checks: dict[str, Any], optional: tuple[str, ...], whole: tuple[Any, ...]) -> Any:
    columns = {name: pa.Column(dtype, checks.get(name), nullable=name in optional) for name, dtype in table.items()}
    return pa.DataFrameSchema(columns, checks=list(whole))


def _within(low: int, high: int) -> Any:
    return pa.Check.in_range(low, high, error=f"is not within {low} to {high}")


def _one_of(allowed: tuple[str, ...]) -> Any:
    return pa.Check.isin(allowed, error=f"is none of {', '.join(allowed)}")


def _price() -> Any:
    error = f"is no decimal price, which is above 1 and at most {HIGHEST_PRICE:.0f}"
    return pa.Check.in_range(1, HIGHEST_PRICE, include_min=False, error=error)


def _rule(holds: pl.Expr, otherwise: str) -> Any:
    """A rule over several columns; where one of them is missing it does not apply."""
    return pa.Check(lambda data: data.lazyframe.select(holds.fill_null(value=True)), error=otherwise)
