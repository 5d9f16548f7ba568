"""When models are trained again, promoted and taken back, by facts alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.settings import Retrain
from busta.watch.retraining import (
    KEEP,
    NOTHING,
    PROMOTE,
    REFUSE,
    ROLL_BACK,
    TRAIN,
    WAIT,
    Facts,
    Look,
    Paired,
    decide_challenger,
    decide_champion,
    decide_training,
    held,
    next_try,
)

START = datetime(2026, 9, 10, tzinfo=UTC)
RULES = Retrain()
QUIET = Facts(now=START, results=1000, fresh=10, trained_at=START - timedelta(days=30))


def looks(*reports):
    """Looks a week apart: how many games had been played, and what was reported."""
    return tuple(Look(START + timedelta(weeks=i), games, frozenset(on)) for i, (games, on) in enumerate(reports))


def test_nothing_calls_where_nothing_happened():
    found = decide_training(QUIET, RULES)
    assert (found.act, found.triggers) == (NOTHING, ())
    assert "10 games" in found.reason


def test_enough_new_results_call():
    assert decide_training(replace(QUIET, fresh=63), RULES).act == NOTHING
    found = decide_training(replace(QUIET, fresh=64), RULES)
    assert (found.act, found.triggers) == (TRAIN, ("results",))


def test_the_calendar_calls_by_age_and_before_a_season():
    aged = RULES.model_copy(update={"days": 30.0})
    assert decide_training(QUIET, aged).triggers == ("calendar",)
    assert decide_training(replace(QUIET, trained_at=START), aged).act == NOTHING
    ahead = replace(QUIET, season_ahead=True)
    assert decide_training(ahead, RULES).triggers == ("calendar",)
    assert decide_training(ahead, RULES.model_copy(update={"season_start": False})).act == NOTHING


def test_a_trigger_that_is_switched_off_does_not_call():
    loud = replace(QUIET, fresh=500, looks=looks((900, ["drift"]), (1000, ["drift"])))
    assert decide_training(loud, RULES.model_copy(update={"triggers": ("decay",)})).act == NOTHING
    assert decide_training(loud, RULES).triggers == ("drift", "results")


def test_drift_has_to_last_before_it_calls():
    young = replace(QUIET, looks=looks((990, ["drift"]), (1000, ["drift"])))
    found = decide_training(young, RULES)
    assert (found.act, found.reason) == (NOTHING, "drift reported over 10 of 16 games")
    assert decide_training(replace(QUIET, looks=looks((984, ["drift"]), (1000, ["drift"]))), RULES).act == TRAIN


def test_no_training_without_new_data():
    old = replace(QUIET, fresh=0, looks=looks((900, ["decay"]), (1000, ["decay"])))
    found = decide_training(old, RULES)
    assert (found.act, found.triggers) == (REFUSE, ("decay",))
    assert found.reason.startswith("no new data")


def test_a_trial_that_was_declared_decides_first():
    found = decide_training(replace(QUIET, fresh=100, trial="trial 2"), RULES)
    assert (found.act, found.reason.startswith("trial 2 is running")) == (WAIT, True)


@pytest.mark.parametrize(("days", "games", "act"), [(13, 50, WAIT), (14, 15, WAIT), (14, 16, TRAIN), (-40, 50, WAIT)])
def test_the_gap_is_of_days_and_of_games(days, games, act):
    last = Look(START - timedelta(days=days), 1000 - games)
    assert decide_training(replace(QUIET, fresh=100, last=last), RULES).act == act


reports = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 20), st.sets(st.sampled_from(["drift", "decay", "prediction"]))),
    min_size=1,
    max_size=60,
)


def lived(steps, rules):
    """Looks at a champion that nobody replaces, and the trainings they lead to."""
    now, results, last, seen, found = START, 1000, None, [], []
    for games, days, on in steps:
        now, results = now + timedelta(days=days), results + games
        seen.append(Look(now, results, frozenset(on)))
        facts = Facts(now, results, results - 900, START, looks=tuple(seen), last=last)
        decision = decide_training(facts, rules)
        if decision.act == TRAIN:
            last = Look(now, results)
            found.append((last, decision, tuple(seen)))
    return found


@given(reports)
def test_trainings_are_a_gap_apart_whatever_is_reported(steps):
    trainings = [last for last, _, _ in lived(steps, RULES)]
    for one, other in pairwise(trainings):
        assert other.at - one.at >= timedelta(days=RULES.gap_days)
        assert other.results - one.results >= RULES.gap_games


@given(reports)
def test_only_what_was_reported_without_a_break_calls(steps):
    rules = RULES.model_copy(update={"triggers": ("drift", "decay", "prediction")})
    for last, decision, seen in lived(steps, rules):
        for trigger in decision.triggers:
            window = [look for look in seen if look.results >= last.results - rules.hysteresis]
            assert all(trigger in look.on for look in window)


@given(st.lists(st.integers(1, 15), min_size=2, max_size=40))
def test_a_trigger_that_flickers_never_calls(games):
    rules = RULES.model_copy(update={"triggers": ("drift",)})
    steps = [(played, 7, ["drift"] if i % 2 else []) for i, played in enumerate(games)]
    assert not lived(steps, rules)


def test_what_was_never_reported_has_not_been_held():
    assert held((), "drift") is None
    assert held(looks((5, ["drift"]), (3, ["drift"])), "drift") == 0  # results were taken back


def test_a_refit_waits_in_the_shadow_and_is_promoted_after_it():
    assert decide_challenger(Paired(), RULES, 0.05).act == WAIT
    assert decide_challenger(Paired(games=32, weeks=1), RULES, 0.05).act == WAIT
    assert decide_challenger(Paired(games=31, weeks=2), RULES, 0.05).act == WAIT
    assert decide_challenger(Paired(games=32, weeks=2, gain=-0.001), RULES, 0.05).act == PROMOTE
    none = RULES.model_copy(update={"shadow_games": 0, "shadow_weeks": 0})
    assert decide_challenger(Paired(), none, 0.05).act == PROMOTE


@given(st.integers(0, 500), st.integers(0, 50), st.floats(20.0, 1e9))
def test_no_challenger_is_promoted_that_is_proven_worse(games, weeks, worse):
    found = decide_challenger(Paired(games, weeks, worse=worse), RULES, 0.05)
    assert (found.act, "worse" in found.reason) == (REFUSE, True)


def test_a_new_champion_that_is_proven_worse_is_taken_back():
    assert decide_champion(Paired(60, 4, 30, -0.01, 25.0), RULES, 0.05, decay=False).act == ROLL_BACK
    assert decide_champion(Paired(60, 4, 30, -0.01, 19.0), RULES, 0.05, decay=False).act == KEEP


def test_one_that_decays_is_taken_back_only_if_the_old_one_would_have_done_better():
    assert decide_champion(Paired(60, 4, 30, -0.001, 1.2), RULES, 0.05, decay=True).act == ROLL_BACK
    assert decide_champion(Paired(60, 4, 30, 0.001, 0.8), RULES, 0.05, decay=True).act == KEEP
    assert decide_champion(Paired(), RULES, 0.05, decay=True).act == KEEP


@given(st.integers(273, 10_000), st.floats(1.0, 1e9), st.booleans())
def test_after_its_probation_a_champion_stays(since, worse, decay):
    assert decide_champion(Paired(since, 50, since, -0.1, worse), RULES, 0.05, decay=decay).act == KEEP


@given(st.integers(0, 10_000))
def test_pauses_grow_from_a_quarter_of_an_hour_to_a_day(failures):
    pause = next_try(failures, START) - START
    assert timedelta(minutes=15) <= pause <= timedelta(days=1)
    assert next_try(failures + 1, START) - START >= pause
    assert next_try(50, START) - START == timedelta(days=1)
