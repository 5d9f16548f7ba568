"""The tables every league is made of, and when each of their values is known.

``games`` holds a row a game, ``quotes`` a row for what one book offered on one market of one game at
one moment: the line and the prices of both sides. ``snapshots`` may hold what many books offered at many
times, of which quotes are made (``busta.data.books``). ``facts`` may hold whatever else a source says of
a team in a game, a number or a name each: how well it played, who started. Times are UTC. Where a source
gives no time, a conventional one stands in, and says so (``known_at_assumed``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import polars as pl

__all__ = [
    "ASSUMED_LEAD",
    "BEST",
    "CONSENSUS",
    "EPA",
    "FACTS",
    "FACT_KEY",
    "FACT_NAMES",
    "FINAL_LAG",
    "GAMES",
    "GAME_KEY",
    "INSTANT",
    "LINEUP",
    "LINEUP_LEAD",
    "PASSES",
    "PLAYS",
    "QUOTES",
    "QUOTE_KEY",
    "SCHEDULE_LEAD",
    "SNAPSHOTS",
    "SNAPSHOT_KEY",
    "STARTER",
    "STARTER_NAME",
    "TRUTH",
    "TURNOVERS",
    "Moment",
    "assumed_known_at",
    "decision_time",
    "fact_known_at",
    "known_at",
]

Moment = Literal["open", "close"]

INSTANT = pl.Datetime("us", "UTC")

GAMES: dict[str, pl.DataType] = {
    "game_id": pl.String(),
    "season": pl.Int32(),
    "week": pl.Int32(),
    "phase": pl.String(),  # regular, post
    "kickoff": INSTANT,
    "kickoff_assumed": pl.Boolean(),  # the source knew the day, not the hour
    "home_team": pl.String(),
    "away_team": pl.String(),
    "home_score": pl.Int32(),  # null until played
    "away_score": pl.Int32(),
    "neutral": pl.Boolean(),  # a source that cannot say leaves it null; in the tables it is never so
    "division": pl.Boolean(),  # from here on: null where the source does not say
    "roof": pl.String(),  # outdoors, dome, open, closed; the last two are a retractable roof's
    "surface": pl.String(),
    "venue": pl.String(),
}
GAME_KEY = ("game_id",)

QUOTES: dict[str, pl.DataType] = {
    "game_id": pl.String(),
    "market": pl.String(),  # moneyline, ats, totals, or another package's
    "book": pl.String(),
    "moment": pl.String(),  # open, close
    "line": pl.Float64(),  # 0 for a moneyline; a spread is positive where home is favoured
    "first_price": pl.Float64(),  # decimal odds of home or over; null where the source has none
    "second_price": pl.Float64(),  # decimal odds of away or under
    "known_at": INSTANT,
    "known_at_assumed": pl.Boolean(),
}
QUOTE_KEY = ("game_id", "market", "book", "moment")
CONSENSUS = "consensus"
"""The book of what several say together: the line most of them have, at the median of their opinions."""
BEST = "best"
"""The book of the best price of each side that any of them offers at that line."""

SNAPSHOTS: dict[str, pl.DataType] = {
    "game_id": pl.String(),
    "market": pl.String(),
    "book": pl.String(),
    "line": pl.Float64(),  # this and the prices as in quotes
    "first_price": pl.Float64(),
    "second_price": pl.Float64(),
    "known_at": INSTANT,  # when the book said so
    "fetched_at": INSTANT,  # when it was first fetched
    "seen_at": INSTANT,  # when it was last fetched and still stood
}
SNAPSHOT_KEY = ("game_id", "market", "book", "known_at", "line", "first_price", "second_price")

FACTS: dict[str, pl.DataType] = {
    "game_id": pl.String(),
    "team": pl.String(),  # one of the two that play
    "fact": pl.String(),  # epa, plays, starter …, or what decides a market (``Market.score``)
    "value": pl.Float64(),  # null where it is a name
    "label": pl.String(),  # null where it is a number
}
FACT_KEY = ("game_id", "team", "fact")
EPA = "epa"
"""The fact of how well a team played: what its plays added to the points to be expected, in points."""
PLAYS = "plays"
"""The fact of how many plays a team ran: its pace."""
PASSES = "passes"
"""The fact of which share of them was meant to be passes, sacks among them."""
TURNOVERS = "turnovers"
"""The fact of how often a team lost the ball to the other."""
STARTER = "starter"
"""The fact of who starts where one player matters most: the quarterback, the pitcher, the goalkeeper."""
FACT_NAMES = (EPA, PLAYS, PASSES, TURNOVERS, STARTER)
STARTER_NAME = "starter_name"
"""The fact of his name, by which a person may speak of him; no feature reads it."""
LINEUP = (STARTER, STARTER_NAME)
"""Facts that are told with the line-ups; all others are known when the game is final."""

TRUTH: dict[str, pl.DataType] = {  # only a simulated league has it
    "game_id": pl.String(),
    "margin_mean": pl.Float64(),
    "total_mean": pl.Float64(),
    "home_win": pl.Float64(),  # probabilities given no push, at the closing line
    "home_cover": pl.Float64(),
    "over": pl.Float64(),
}

SCHEDULE_LEAD = timedelta(days=8)
"""A match-up is taken as known this long before the start."""
LINEUP_LEAD = timedelta(minutes=90)
"""Who starts is told on game day, and whether a retractable roof is closed."""
FINAL_LAG = timedelta(hours=4)
"""A final score is taken as known this long after the start."""
ASSUMED_LEAD: dict[Moment, timedelta] = {"open": timedelta(days=7), "close": timedelta(seconds=1)}
"""When a quote without a time of its own is taken as known, before the start."""


def known_at(moment: Moment) -> pl.Expr:
    """When a quote of that moment is known by convention, from the column ``kickoff``."""
    return (pl.col("kickoff") - ASSUMED_LEAD[moment]).cast(INSTANT)


def assumed_known_at() -> pl.Expr:
    """When a quote of its ``moment`` is known by convention, from the column ``kickoff``."""
    return pl.when(moment="open").then(known_at("open")).when(moment="close").then(known_at("close"))


def fact_known_at() -> pl.Expr:
    """When a fact is known, from the columns ``fact`` and ``kickoff``."""
    told = pl.col("kickoff") - LINEUP_LEAD
    return pl.when(pl.col("fact").is_in(LINEUP)).then(told).otherwise(pl.col("kickoff") + FINAL_LAG).cast(INSTANT)


def decision_time(moment: Moment) -> pl.Expr:
    """When a bet at that moment's price is decided: a second after the price is known."""
    return (known_at(moment) + timedelta(seconds=1)).cast(INSTANT)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows of one table came in, and what became of them."""

    came: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
