"""Nothing that is decided at a time depends on anything later: perturbed, poisoned, rebuilt, permuted."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from busta.data.schema import INSTANT
from busta.features.build import build_events
from busta.features.catalog import PRICES
from busta.leagues.sim import LEAGUE
from busta.markets.dataset import assemble
from busta.models.walk import walk
from busta.performance.audit.pipeline import poisoned
from busta.performance.audit.store import changed_after, facts_changed_after, facts_known_by, known_by
from busta.plugins import markets, pick
from busta.scoring.intervals import weekly_ratio_interval
from busta.scoring.proper import log_losses
from busta.settings import Train
from support import at, gold_from, planted, same_bytes

DATES = [at(text) for text in ("2010-09-20T02:00", "2012-10-14T19:30", "2013-12-31T12:00", "2015-11-16T03:00")]


def decisions(games, when):
    return games.select("game_id", pl.lit(when).cast(INSTANT).alias("decision_time"))


def another_future(world, date):
    """Games, quotes and facts with another future."""
    rng = np.random.default_rng(7)
    return *changed_after(world.games, world.quotes, date, rng), facts_changed_after(
        world.facts, world.games, date, rng
    )


@pytest.mark.parametrize("date", DATES, ids=str)
def test_a_perturbed_future_changes_no_event_that_was_known(world, gold, date):
    games, quotes, facts = another_future(world, date)
    assert not games.equals(world.games)
    assert not quotes.equals(world.quotes)
    assert not facts.equals(world.facts)
    events = build_events(games, quotes, LEAGUE, facts=facts)
    for group, frame in gold.events.items():
        before, after = (f.filter(pl.col("known_at") <= date) for f in (frame, events[group]))
        assert before.height > 0
        assert same_bytes(before, after), group
        if group in {"form", "lineup", PRICES}:
            assert not events[group].equals(frame), "the perturbation reaches nothing, so it proves nothing"


@pytest.mark.parametrize("date", DATES, ids=str)
def test_a_perturbed_future_changes_no_decision_before_it(world, gold, date):
    games, quotes, facts = another_future(world, date)
    perturbed = gold_from(games, quotes, LEAGUE, facts)
    early = world.games.select(
        "game_id", pl.min_horizontal("kickoff", pl.lit(date).cast(INSTANT)).alias("decision_time")
    )
    assert same_bytes(gold.as_of(early), perturbed.as_of(early))


def test_a_store_rebuilt_of_what_was_known_answers_as_the_store_does(world, gold):
    rng = np.random.default_rng(11)
    start, end = world.games["kickoff"].min(), world.games["kickoff"].max()
    assert start is not None
    assert end is not None
    for share in rng.uniform(0.02, 1, 6):
        date = start + share * (end - start)
        games, quotes = known_by(world.games, world.quotes, date)
        # asked a moment after: the strict "known before" then means "known by the date"
        asked = decisions(games, date + timedelta(microseconds=1))
        facts = facts_known_by(world.facts, world.games, date)
        then, now = gold_from(games, quotes, LEAGUE, facts).as_of(asked), gold.as_of(asked)
        assert same_bytes(then, now), date
        assert then["elo_diff"].count() > then.height / 2


@pytest.mark.parametrize("market", markets().values(), ids=lambda market: market.name)
def test_the_own_closing_price_of_a_game_never_enters_its_blind_row(world, gold, market):
    data = assemble(gold, LEAGUE, market, blind=True)
    row = 700
    own = pl.col("game_id") == data.games["game_id"][row]
    prices = {c: pl.when(own).then(pl.col(c) * 2 + 1).otherwise(c) for c in ("line", "first_price", "second_price")}
    other = assemble(
        gold_from(world.games, world.quotes.with_columns(**prices), LEAGUE, world.facts), LEAGUE, market, blind=True
    )
    assert other.names == data.names
    assert other.X[row].tobytes() == data.X[row].tobytes()
    assert other.market_log_odds[row] != data.market_log_odds[row]


@pytest.mark.parametrize("market", markets().values(), ids=lambda market: market.name)
def test_the_own_result_of_a_game_never_enters_its_row(world, gold, market):
    data = assemble(gold, LEAGUE, market)
    row = 700
    own = pl.col("game_id") == data.games["game_id"][row]
    scores = {c: pl.when(own).then(99 - pl.col(c)).otherwise(c).cast(pl.Int32) for c in ("home_score", "away_score")}
    other = assemble(gold_from(world.games.with_columns(**scores), world.quotes, LEAGUE, world.facts), LEAGUE, market)
    assert other.value[row] != data.value[row]
    assert other.X[row].tobytes() == data.X[row].tobytes()
    assert other.X.tobytes() != data.X.tobytes()  # later games do know it


def shuffled(data):
    """The same games with results that belong to others of them."""
    order = np.random.default_rng(5).permutation(len(data))
    return replace(data, y=data.y[order], value=data.value[order])


def gain_over_the_base_rate(data):
    """Interval of the log loss less that of the base rate; below zero throughout is skill."""
    found = walk(data, Train(jobs=1))
    y = data.y[found.rows]
    known = ~np.isnan(y)
    gap = log_losses(found.probability[known], y[known]) - log_losses(found.baselines["home"][known], y[known])
    return weekly_ratio_interval(gap, 1.0, data.weeks[found.rows][known])


def test_the_models_have_skill_on_results_that_are_the_games_own(gold):
    assert gain_over_the_base_rate(assemble(gold, LEAGUE, pick("market", "moneyline"), blind=True))[1] < 0


@pytest.mark.parametrize("market", markets().values(), ids=lambda market: market.name)
@pytest.mark.parametrize("blind", [True, False])
def test_on_permuted_results_all_skill_is_gone(gold, market, blind):
    data = shuffled(assemble(gold, LEAGUE, market, blind=blind).take(np.arange(1900)))
    assert gain_over_the_base_rate(data)[1] > 0


def test_a_planted_leak_is_seen_even_on_permuted_results(gold):
    data = shuffled(assemble(gold, LEAGUE, pick("market", "ats"), blind=True).take(np.arange(1900)))
    told = np.nan_to_num(data.y, nan=0.5) + np.random.default_rng(1).normal(0, 0.7, len(data))
    leaky = replace(data, X=np.column_stack([data.X, told]), names=(*data.names, "rescaled"))
    assert gain_over_the_base_rate(leaky)[1] < 0


def put_together(found, until):
    """How the members of the first folds were weighed and calibrated, and what that was chosen by."""
    rungs = [(rung.weights.tolist(), rung.losses, rung.games) for rung in found.rungs[:until]]
    return rungs, found.calibrations[:until]


@pytest.mark.parametrize("number", [1, 3])
def test_a_poisoned_test_fold_changes_no_earlier_prediction_nor_its_own_weights(gold, number):
    data = assemble(gold, LEAGUE, pick("market", "ats"))
    settings = Train(jobs=1)
    clean = walk(data, settings)
    bad = walk(poisoned(data, clean.folds[number].test), settings)
    earlier = clean.fold < number
    assert clean.probability[earlier].tobytes() == bad.probability[earlier].tobytes()
    assert clean.triples[earlier].tobytes() == bad.triples[earlier].tobytes()
    for name in clean.baselines:
        assert clean.baselines[name][earlier].tobytes() == bad.baselines[name][earlier].tobytes()
    assert put_together(clean, number + 1) == put_together(bad, number + 1)
    assert clean.importances[:number].tobytes() == bad.importances[:number].tobytes()
    assert clean.probability[clean.fold == number + 1].tobytes() != bad.probability[clean.fold == number + 1].tobytes()


@pytest.mark.parametrize("moment", ["open", "close"])
def test_the_weights_of_a_fold_come_only_from_games_final_before_its_first_decision(moment):
    """At the open a week is decided before the week before it is played: that week has no say."""
    data = planted(seasons=4, weeks=5, per_week=30, moment=moment)
    settings = Train(jobs=1, refit_weeks=1, first_test_season=2002)
    clean = walk(data, settings)
    number = 6
    first = data.games["decision_time"][clean.folds[number].test].min()
    open_still = np.flatnonzero((data.games["final_time"] >= first).to_numpy())
    flipped = data.y.copy()
    flipped[open_still] = 1 - flipped[open_still]
    other = walk(replace(data, y=flipped), settings)
    assert put_together(clean, number + 1) == put_together(other, number + 1)
    assert clean.rungs[number + 2].losses != other.rungs[number + 2].losses
