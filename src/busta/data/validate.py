"""Decides which rows of a source are taken: one set of rules for every source and league.

A source hands in *candidates*: the columns of ``schema.GAMES``, ``QUOTES`` or ``FACTS``, and optionally
``row`` (the line in its file) and ``problem`` (what it found wrong itself). A game that breaks a rule
is refused whole, with its quotes; a quote that breaks one is refused alone, and its game stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from busta.data.matching import SIDES
from busta.data.schema import FACT_KEY, FACTS, GAME_KEY, GAMES, QUOTE_KEY, QUOTES
from busta.data.source import REFUSED, Batch, listed, upsert
from busta.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

__all__ = ["check"]

_EXTRA = {"row": pl.Int64(), "problem": pl.String()}


def check(
    games: pl.DataFrame,
    quotes: pl.DataFrame,
    facts: pl.DataFrame | None = None,
    *,
    now: datetime,
    known: pl.DataFrame | None = None,
) -> Batch:
    """What of the candidates is taken, and what is not and why.

    Args:
        games: Candidate games.
        quotes: Candidate quotes; one that shares its ``row`` with a refused game goes with it.
        facts: Candidate facts; one that shares its ``row`` with a refused game goes with it.
        now: A game that starts later has no score.
        known: Games that are there already, rows of ``GAMES``: a quote of one is made before it starts.

    Raises:
        DataError: A frame lacks a column of its table, or has it in another type.
    """
    from busta.data.rules import fact_rules, game_rules, quote_rules

    facts = pl.DataFrame(schema=FACTS) if facts is None else facts
    games, quotes = _candidates(games, GAMES, "games"), _candidates(quotes, QUOTES, "quotes")
    facts = _candidates(facts, FACTS, "facts")
    good, bad = _screen(games, game_rules(now))
    good, repeated, games_twice = _once(good, GAMES, GAME_KEY)
    bad = pl.concat([bad, repeated])
    there = good if known is None else upsert(known, good.select(*GAMES), GAME_KEY)
    starts, sides = there.select("game_id", "kickoff"), there.select("game_id", "kickoff", *SIDES)
    offered, odd, quotes_twice = _of_games(_without_games(quotes, good, bad), starts, QUOTES, QUOTE_KEY, quote_rules())
    told, untrue, facts_twice = _of_games(_without_games(facts, good, bad), sides, FACTS, FACT_KEY, fact_rules(now))
    return Batch(
        games=good.select(*GAMES),
        quotes=offered,
        refused=pl.concat([_refused(bad, "games"), _refused(odd, "quotes"), _refused(untrue, "facts")]),
        warnings=(
            *_repetitions(games_twice, "games", quotes_twice, "quotes", facts_twice, "facts"),
            *_contradictions(offered),
        ),
        facts=told,
    )


def _of_games(
    rows: pl.DataFrame, games: pl.DataFrame, schema: Mapping[str, pl.DataType], key: Sequence[str], rules: Any
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """What is taken of the rows of a table, which are judged with their game beside them; what is not; repetitions."""
    good, bad = _screen(rows.join(games, on="game_id", how="left", maintain_order="left"), rules)
    good, contrary, twice = _once(good, schema, key)
    return good.select(*schema), pl.concat([bad, contrary]), twice


def _candidates(frame: pl.DataFrame, schema: Mapping[str, pl.DataType], name: str) -> pl.DataFrame:
    wrong = [f"{column} ({dtype})" for column, dtype in schema.items() if frame.schema.get(column) != dtype]
    if wrong:
        raise DataError(f"{name}: these columns are missing or of another type: {', '.join(wrong)}")
    extra = [pl.lit(None, dtype).alias(column) for column, dtype in _EXTRA.items() if column not in frame.columns]
    return frame.with_columns(extra).select(*schema, *_EXTRA)


def _screen(frame: pl.DataFrame, rules: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that keep all rules, and the others with their ``problem``; the source's own come first."""
    named = frame.filter(pl.col("problem").is_not_null())
    rest = frame.filter(pl.col("problem").is_null()).drop("problem")
    reasons = _broken(rest, rules)
    if reasons.is_empty():
        return rest.with_columns(pl.lit(None, pl.String).alias("problem")).select(frame.columns), named
    judged = rest.with_row_index("index").join(reasons, on="index", how="left", maintain_order="left").drop("index")
    good, bad = judged.filter(pl.col("problem").is_null()), judged.filter(pl.col("problem").is_not_null())
    return good.select(frame.columns), pl.concat([named, bad.select(frame.columns)])


def _broken(frame: pl.DataFrame, rules: Any) -> pl.DataFrame:
    """Which rows break which rules: ``index`` and ``problem``."""
    from pandera.errors import SchemaErrors

    try:
        rules.validate(frame, lazy=True)
    except SchemaErrors as exc:
        cases: pl.DataFrame = exc.failure_cases
    else:
        return pl.DataFrame(schema={"index": pl.get_index_type(), "problem": pl.String})
    if cases["index"].null_count():  # a rule that could not be applied, not a row that breaks one
        raise DataError(f"the tables cannot be checked: {cases.filter(pl.col('index').is_null()).rows()[0]}")
    reasons = cases.select(pl.col("index").cast(pl.get_index_type()), _in_words().alias("problem"))
    return reasons.group_by("index", maintain_order=True).agg(pl.col("problem").str.join("; "))


def _in_words() -> pl.Expr:
    """What a failure case of pandera means: a column's value, or the row as a whole, breaks a rule."""
    missing = pl.when(pl.col("check") == "not_nullable").then(pl.format("{} is missing", "column"))
    whole = missing.when(pl.col("column").is_null()).then(pl.col("check"))
    return whole.otherwise(pl.format("{} {} {}", "column", "failure_case", "check"))


def _once(
    frame: pl.DataFrame, schema: Mapping[str, pl.DataType], key: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Each key once: its first row; the rows that contradict it; how many only repeat it."""
    values = [column for column in schema if column not in key]
    firsts = frame.select(
        *key, *(pl.col(column).first().over(key).alias(f"first {column}") for column in (*values, "row"))
    )
    place = pl.int_range(pl.len()).over(key).alias("place")
    frame = frame.with_columns(place)
    differing = pl.concat_str(
        *(pl.when(pl.col(c).ne_missing(firsts[f"first {c}"])).then(pl.lit(c)) for c in values),
        separator=", ",
        ignore_nulls=True,
    )
    frame = frame.with_columns(differing.alias("differing"), firsts["first row"].alias("first row"))
    kept = frame.filter(pl.col("place") == 0)
    again = frame.filter(pl.col("place") > 0)
    where = pl.format("line {}", "first row").fill_null("an earlier row")
    problem = pl.format("{} has it already, with another {}; the first is kept", where, "differing")
    contrary = again.filter(pl.col("differing") != "").with_columns(problem.alias("problem"))
    columns = [column for column in frame.columns if column not in {"place", "differing", "first row"}]
    return kept.select(columns), contrary.select(columns), again.height - contrary.height


def _without_games(rows: pl.DataFrame, good: pl.DataFrame, bad: pl.DataFrame) -> pl.DataFrame:
    """The rows that do not belong to a refused game: by line, or by the id of a game none of whose rows stand."""
    lines = bad.filter(pl.col("row").is_not_null()).select("game_id", "row")
    gone = bad.select("game_id").join(good.select("game_id"), on="game_id", how="anti")
    rest = rows.join(lines, on=["game_id", "row"], how="anti", nulls_equal=True, maintain_order="left")
    return rest.join(gone, on="game_id", how="anti", maintain_order="left")


def _refused(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    which = {"quotes": pl.format("{}: ", "market"), "facts": pl.format("{}: ", "fact")}.get(table, pl.lit(""))
    reason = pl.concat_str(which.fill_null(""), "problem")
    return rows.select(pl.lit(table).alias("table"), "row", "game_id", reason.alias("reason")).select(*REFUSED)


def _repetitions(*counts_and_tables: Any) -> tuple[str, ...]:
    pairs = zip(counts_and_tables[::2], counts_and_tables[1::2], strict=True)
    return tuple(
        f"{count} {table} stand more than once with the same values; taken once" for count, table in pairs if count
    )


def _contradictions(quotes: pl.DataFrame) -> tuple[str, ...]:
    """Games whose spread and moneyline favour different teams; near pick'em real books do that."""
    sides = ["game_id", "book", "moment"]
    moneyline = quotes.filter(pl.col("market") == "moneyline").select(*sides, "first_price", "second_price")
    spread = quotes.filter(pl.col("market") == "ats").select(*sides, "line")
    both = moneyline.join(spread, on=sides, maintain_order="left")
    towards_home = pl.col("second_price") - pl.col("first_price")
    games = both.filter(towards_home * pl.col("line") < 0)["game_id"].unique(maintain_order=True)
    if games.is_empty():
        return ()
    return (f"spread and moneyline favour different teams in {len(games)} games, kept: {listed(games)}",)
