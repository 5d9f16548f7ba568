"""What a declared rule makes of the evidence."""

from dataclasses import replace

import numpy as np
import pytest

from busta.errors import UsageError
from busta.trials.gains import Gains, weekly_gains
from busta.trials.prospects import prospects
from busta.trials.rule import FUTILE, LOSS, RUNNING, WIN, Rule, decide, decisions

RULE = Rule(level=0.05, alpha=0.05, beta=0.02, margin=0.01, horizon=1000)


def weeks(gain, count=40, games=10):
    """Weeks that all bring the same."""
    full = np.full(count, float(games))
    return Gains(np.arange(count), full, full * gain, full * -0.05, full * 0.05)


@pytest.mark.parametrize(
    ("gain", "outcome", "words"),
    [
        (0.04, WIN, "forecasts better: evidence reached 1 / 0.05"),
        (-0.04, LOSS, "forecasts worse: evidence reached 1 / 0.05"),
        (-0.004, FUTILE, "not better by 0.01: evidence reached 1 / 0.02"),
        (0.001, RUNNING, "undecided after 400 games of 1000"),
    ],
)
def test_the_first_week_with_enough_evidence_decides(gain, outcome, words):
    found = decide(weeks(gain), RULE)
    assert found.outcome == outcome
    assert words in found.reason


def test_what_is_played_after_the_decision_is_not_looked_at():
    won = decide(weeks(0.04), RULE)
    assert won.at is not None
    assert len(won.log_e_value) == len(won.low) == won.at + 1
    then_lost = Gains(
        np.arange(40),
        *(
            np.concatenate([a[: won.at + 1], b[won.at + 1 :]])
            for a, b in zip(
                (weeks(0.04).games, weeks(0.04).gain, weeks(0.04).worst, weeks(0.04).best),
                (weeks(-0.05).games, weeks(-0.05).gain, weeks(-0.05).worst, weeks(-0.05).best),
                strict=True,
            )
        ),
    )
    assert decide(then_lost, RULE).outcome == WIN


def test_at_the_horizon_what_is_undecided_is_futile():
    found = decide(weeks(0.001), replace(RULE, horizon=300))
    assert found.outcome == FUTILE
    assert found.at == 29
    assert found.reason == "undecided after 300 games; the horizon was 300"


def test_a_lower_level_needs_more_weeks():
    first, second = decide(weeks(0.04), RULE).at, decide(weeks(0.04), replace(RULE, level=0.001)).at
    assert first is not None
    assert second is not None
    assert first < second


def test_a_trial_without_games_runs():
    found = decide(weekly_gains([], [], [], []), RULE)
    assert (found.outcome, found.at, len(found.log_e_value)) == (RUNNING, None, 0)


def test_many_trials_are_decided_at_once():
    several = [weeks(gain) for gain in (0.04, -0.04, 0.001)]
    stacked = Gains(
        np.arange(40),
        *(np.stack([getattr(each, part) for each in several]) for part in ("games", "gain", "worst", "best")),
    )
    outcomes, at = decisions(stacked, RULE)
    assert outcomes.tolist() == [WIN, LOSS, RUNNING]
    assert at.tolist() == [decide(each, RULE).at if decide(each, RULE).at is not None else -1 for each in several]


@pytest.mark.parametrize("change", [{"level": 0.0}, {"alpha": 1.0}, {"beta": 2.0}, {"margin": 0.0}, {"horizon": 0}])
def test_a_rule_has_levels_a_margin_and_a_horizon(change):
    with pytest.raises(UsageError):
        replace(RULE, **change)


def test_prospects_are_better_for_a_challenger_that_is_better_and_say_how_long():
    rng = np.random.default_rng(0)
    full = np.full(60, 15.0)
    past = Gains(np.arange(60), full, rng.normal(0, 0.4, 60), full * -0.1, full * 0.1)
    little, much = (prospects(past, RULE, gain) for gain in (0.002, 0.02))
    assert little is not None
    assert much is not None
    assert little.win < 0.5 < much.win
    assert much.games is not None
    assert 50 < much.games < 1000
    assert much.win + much.loss + much.futile == pytest.approx(1)


def test_of_a_hopeless_trial_nobody_says_how_long_a_win_takes():
    full = np.full(60, 15.0)
    past = Gains(np.arange(60), full, np.zeros(60), full * -0.1, full * 0.1)
    found = prospects(past, RULE, -0.01)
    assert found is not None
    assert (found.win, found.games) == (0, None)


def test_a_short_past_tells_no_prospects():
    assert prospects(weeks(0.0, count=9), RULE, 0.01) is None
