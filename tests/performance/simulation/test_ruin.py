"""Risk of ruin."""

import numpy as np
import pytest

from busta.betting.staking_rules import Staking
from busta.errors import UsageError
from busta.performance.simulation import lay, ruin, simulate
from busta.performance.simulation.ruin import risk_of_ruin


def ledger_of(value, staking=None):
    bets = lay(np.zeros(len(value), dtype=int), np.full((len(value), 2), 2.0))
    return simulate(bets, value, 0, np.arange(len(value)), staking or Staking("flat", unit=0.1))


@pytest.mark.parametrize("rule", ["flat", "proportional"])
def test_who_always_wins_is_never_ruined_and_who_always_loses_is(rule):
    staking = Staking(rule, unit=0.1)
    assert risk_of_ruin(ledger_of([1] * 40, staking)) == 0
    assert risk_of_ruin(ledger_of([-1] * 40, staking)) == 1


def test_ruin_counts_from_its_level_on():
    """Ten lost tenths: half the bankroll is gone after five, three quarters after eight."""
    losses = ledger_of([-1] * 5)
    assert risk_of_ruin(losses, 0.5) == 1
    assert risk_of_ruin(losses, 0.45) == 0


def test_a_fair_coin_is_ruined_as_often_as_the_reflection_principle_says():
    """400 fair flips of 1 %, ruin at 80: P(min <= -20) is about 2 Phi(-20 / sqrt(400)) = .317; blocks of
    independent weeks change nothing."""
    value = np.random.default_rng(5).permutation([1, -1] * 200)
    found = risk_of_ruin(ledger_of(value, Staking("flat", unit=0.01)), 0.8)
    assert found == pytest.approx(0.317, abs=0.06)


def test_losses_that_come_together_ruin_more_often():
    apart, together = [1, -1] * 40, ([1] * 8 + [-1] * 8) * 5
    assert risk_of_ruin(ledger_of(together)) > risk_of_ruin(ledger_of(apart))


def test_the_same_seed_gives_the_same_risk(monkeypatch):
    ledger = ledger_of([1, -1, -1] * 10)
    assert risk_of_ruin(ledger, seed=1) == risk_of_ruin(ledger, seed=1)
    whole = risk_of_ruin(ledger)
    monkeypatch.setattr(ruin, "CELLS", 30 * 700)  # paths in three goes
    assert risk_of_ruin(ledger) == pytest.approx(whole, abs=0.05)


def test_a_lost_bankroll_is_ruin_even_at_level_0():
    assert risk_of_ruin(ledger_of([-1] * 20, Staking("flat", unit=0.1)), 0.0) == 1
    assert risk_of_ruin(ledger_of([-1] * 9, Staking("proportional", unit=1.0)), 0.0) == 1


@pytest.mark.parametrize("value", [[], [1]])
def test_a_single_week_says_nothing(value):
    assert np.isnan(risk_of_ruin(ledger_of(value)))


@pytest.mark.parametrize("level", [-0.1, 1.0, np.nan])
def test_a_level_outside_0_to_1_is_refused(level):
    with pytest.raises(UsageError, match="ruin at"):
        risk_of_ruin(ledger_of([1, 1]), level)
