from functools import partial

import numpy as np
import polars as pl
import pytest

from busta.data.schema import FINAL_LAG
from busta.features.build import CATALOG, build_events
from busta.features.store import MemoryGold
from busta.leagues.sim import LEAGUE
from busta.performance.audit.finding import Answer
from busta.performance.audit.store import (
    changed_after,
    facts_changed_after,
    facts_known_by,
    known_by,
    perturbed_future,
    replayed,
)


def build(games, quotes, facts):
    """The honest events."""
    return build_events(games, quotes, LEAGUE, facts=facts)


PLANTED = "elo_diff"


def rng():
    return np.random.default_rng(4)


def with_own_margin(games, quotes, facts, when):
    """The honest events with a little of the margin in one column of the games that ``when`` says."""
    events = build(games, quotes, facts)
    margin = pl.when(when).then((pl.col("home_score") - pl.col("away_score")).fill_null(0) * 1e-9).otherwise(0.0)
    form = events["form"].join(games.select("game_id", margin=margin), on="game_id", how="left", maintain_order="left")
    return events | {"form": form.with_columns(pl.col(PLANTED) + pl.col("margin")).drop("margin")}


def with_later_average(games, quotes, facts):
    """The honest events with the mean of all scores there are, later ones among them."""
    events = build(games, quotes, facts)
    return events | {"form": events["form"].with_columns(pl.col(PLANTED) + games["home_score"].mean())}


def store(world, make):
    events = make(world.games, world.quotes, world.facts)
    return MemoryGold(world.games, world.quotes, events, CATALOG, {}, world.facts)


@pytest.fixture(scope="module")
def decisions(world):
    return world.games.select("game_id", pl.col("kickoff").alias("decision_time"))


@pytest.mark.parametrize("ask", [replayed, perturbed_future])
def test_an_honest_store_is_clean(world, gold, decisions, ask):
    found = ask(gold, decisions, build, rng())
    assert found.answer == Answer.clean, found.words
    assert found.figure == 0


@pytest.mark.parametrize("ask", [pytest.param(replayed, marks=pytest.mark.slow), perturbed_future])
def test_a_billionth_of_the_own_margin_is_found_and_named(world, decisions, ask):
    leaky = partial(with_own_margin, when=pl.lit(value=True))
    found = ask(store(world, leaky), decisions, leaky, rng())
    assert found.answer == Answer.leak
    assert found.columns == (PLANTED,)
    assert "know what came later" in found.words


@pytest.mark.parametrize("ask", [pytest.param(replayed, marks=pytest.mark.slow), perturbed_future])
def test_an_average_over_later_games_is_found(world, decisions, ask):
    found = ask(store(world, with_later_average), decisions, with_later_average, rng())
    assert found.answer == Answer.leak
    assert PLANTED in found.columns


def test_a_value_that_is_missing_on_one_side_only_differs(world, gold, decisions):
    emptied = {name: frame.with_columns(pl.lit(None, pl.Float64).alias(PLANTED)) if name == "form" else frame
               for name, frame in gold.events.items()}  # fmt: skip
    found = replayed(gold, decisions, lambda *_: emptied, rng(), count=1)
    assert found.answer == Answer.leak


def test_what_was_known_by_a_moment_holds_no_later_score_and_no_later_price(world):
    date = world.games["kickoff"].median()
    games, quotes = known_by(world.games, world.quotes, date)
    late = games.filter(pl.col("kickoff") + FINAL_LAG > date)
    assert late.height > 0
    assert late["home_score"].null_count() == late.height
    assert quotes["known_at"].max() <= date


def test_facts_of_later_games_are_not_known_and_take_other_values_in_another_future(world):
    date = world.games["kickoff"].median()
    known = facts_known_by(world.facts, world.games, date)
    assert 0 < known.height < world.facts.height
    changed = facts_changed_after(world.facts, world.games, date, rng())
    assert known.join(changed, on=known.columns, how="anti", nulls_equal=True).is_empty()
    later = world.facts.join(known, on=["game_id", "team", "fact"], how="anti")
    same = later.join(changed, on=later.columns, how="semi", nulls_equal=True)
    assert same.height < later.height / 10


def test_a_changed_future_changes_everything_after_the_moment_and_nothing_before(world):
    date = world.games["kickoff"].median()
    games, quotes = changed_after(world.games, world.quotes, date, rng())
    before = pl.col("kickoff") + FINAL_LAG <= date
    assert games.filter(before).equals(world.games.filter(before))
    assert quotes.filter(pl.col("known_at") <= date).equals(world.quotes.filter(pl.col("known_at") <= date))
    assert not games.equals(world.games)
    assert not quotes.equals(world.quotes)
