"""Whole mock seasons, each with a ledger computed by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.betting.staking_rules import RULES, Staking
from busta.errors import UsageError
from busta.performance.simulation import account, lay, place, simulate

EVEN = 1 + 100 / 110


def flat_bets(count, price=2.0, second=False):
    return lay(np.full(count, int(second)), np.full((count, 2), price))


def sure_bets(win, price=2.0):
    win = np.asarray(win, dtype=np.float64)
    return place(np.column_stack((win, np.zeros(len(win)), 1 - win)), price, 1.01)


def test_coin_flips_at_minus_110_lose_the_vig_of_4_55_per_cent():
    """Won and lost in turn: each pair of units brings 10/11 - 1, -1/22 of the turnover."""
    found = account(simulate(flat_bets(400, EVEN), [1, -1] * 200, 0, np.repeat(np.arange(20), 20)))
    assert found["unit_roi"] == found["roi"] == pytest.approx(-1 / 22)
    assert found["unit_profit"] == pytest.approx(-400 / 22)
    assert found["hit_rate"] == 0.5


def test_a_season_of_pushes_halves_and_ties_settled_by_hand():
    """Home at 1.9 each week, one unit of a bankroll of 100.

    line 3, home by 3: push, 0; line 3.5, home by 3: lost, -1; line 2.5, home by 3: won, +.9; line 0, a
    tie: push, 0; line -3.5, away by 3: won, +.9; line -3, away by 3: push, 0; line 7, postponed: void.
    """
    value, line = [3, 3, 3, 0, -3, -3, np.nan], [3, 3.5, 2.5, 0, -3.5, -3, 7]
    ledger = simulate(flat_bets(7, 1.9), value, line, np.arange(7))
    assert ledger.unit_profit[:6].tolist() == pytest.approx([0, -1, 0.9, 0, 0.9, 0])
    assert np.isnan(ledger.unit_profit[6])
    assert ledger.path.tolist() == pytest.approx([100, 100, 99, 99.9, 99.9, 100.8, 100.8, 100.8])
    found = account(ledger)
    assert {name: found[name] for name in ("bets", "voids", "pushes", "won", "lost")} == {
        "bets": 6,
        "voids": 1,
        "pushes": 3,
        "won": 2,
        "lost": 1,
    }
    assert found["hit_rate"] == pytest.approx(2 / 3)
    assert found["turnover"] == pytest.approx(6)
    assert (found["unit_profit"], found["profit"]) == (pytest.approx(0.8), pytest.approx(0.8))
    assert found["roi"] == pytest.approx(0.8 / 6)
    assert found["bankroll_growth"] == pytest.approx(0.008)


def test_a_proportional_season_by_hand():
    """A tenth of the bankroll at 2.0: +10 %, a week of one won and one lost, -10 %, a push, +10 %."""
    weeks, value = [1, 2, 2, 3, 4, 5], [1, 1, -1, -1, 0, 1]
    ledger = simulate(flat_bets(6), value, 0, weeks, Staking("proportional", unit=0.1), bankroll=1000)
    assert ledger.path.tolist() == pytest.approx([1000, 1100, 1100, 990, 990, 1089])
    assert ledger.stake.tolist() == pytest.approx([100, 110, 110, 110, 99, 99])
    found = account(ledger)
    assert found["profit"] == pytest.approx(89)
    assert found["turnover"] == pytest.approx(628)
    assert found["roi"] == pytest.approx(89 / 628)
    assert found["max_drawdown"] == pytest.approx(0.1)
    assert found["drawdown_weeks"] == 3  # from week 2, the last at the peak, to the end, still below it


def test_a_kelly_season_by_hand():
    """Won with .6 at 2.0: a fifth of the bankroll each week; +20 %, -20 %, +20 %."""
    ledger = simulate(sure_bets([0.6] * 3), [1, -1, 1], 0, [1, 2, 3], Staking("kelly"))
    assert ledger.stake.tolist() == pytest.approx([20, 24, 19.2])
    assert ledger.path.tolist() == pytest.approx([100, 120, 96, 115.2])


def test_a_flat_bankroll_that_goes_broke_stays_broke():
    """Three units of 40 % of 100: lost, 60; lost, 20; the third stakes what is left, 20, and loses it; no fourth."""
    ledger = simulate(flat_bets(5), [-1, -1, -1, 1, 1], 0, [1, 2, 3, 4, 5], Staking("flat", unit=0.4))
    assert ledger.stake.tolist() == pytest.approx([40, 40, 20, 0, 0])
    assert ledger.path.tolist() == pytest.approx([100, 60, 20, 0, 0, 0])
    assert ledger.broke
    assert ledger.scaled == 1
    found = account(ledger)
    assert found["unstaked"] == 2
    assert found["bets"] == 5
    assert (found["turnover"], found["profit"], found["roi"]) == (100, -100, -1)
    assert found["unit_profit"] == -1
    assert found["max_drawdown"] == 1
    assert found["drawdown_weeks"] == 5
    assert found["longest_losing_run"] == 3


def test_a_flat_bankroll_that_runs_short_recovers():
    """60 % of 100 a bet: lost, 40; 40 is all there is: won, 80; 60 again: won, 140."""
    ledger = simulate(flat_bets(3), [-1, 1, 1], 0, [1, 2, 3], Staking("flat", unit=0.6))
    assert ledger.stake.tolist() == pytest.approx([60, 40, 60])
    assert ledger.path.tolist() == pytest.approx([100, 40, 80, 140])
    assert not ledger.broke


def test_a_kelly_bankroll_that_goes_broke_stays_broke():
    ledger = simulate(sure_bets([1.0, 0.6]), [-1, 1], 0, [1, 2], Staking("kelly"))
    assert ledger.path.tolist() == [100, 0, 0]
    assert ledger.stake.tolist() == [100, 0]
    assert ledger.broke


def test_bets_of_a_week_are_placed_before_any_is_settled_and_scaled_down_to_the_bankroll():
    """Three Kelly shares of .5 in one week: a third each; won, won, lost: +1/3. Then .5 of it, lost."""
    ledger = simulate(sure_bets([0.75] * 4), [1, 1, -1, -1], 0, [7, 7, 7, 8], Staking("kelly"), bankroll=90)
    assert ledger.stake.tolist() == pytest.approx([30, 30, 30, 60])
    assert ledger.path.tolist() == pytest.approx([90, 120, 60])
    assert ledger.scaled == 1


def test_a_postponed_game_ties_up_its_stake_and_gives_it_back():
    """Two Kelly shares of .8 in a week: a half each; one is void, the other wins: +50 %."""
    ledger = simulate(sure_bets([0.9] * 2), [np.nan, 1], 0, [1, 1], Staking("kelly"))
    assert ledger.stake.tolist() == pytest.approx([50, 50])
    assert ledger.path.tolist() == pytest.approx([100, 150])


def test_a_neutral_game_is_settled_like_any_other():
    """The line alone decides: second side at -2.5 (home favoured by 2.5), home by 2: won."""
    ledger = simulate(flat_bets(1, 1.95, second=True), [2], 2.5, [1])
    assert ledger.profit.tolist() == pytest.approx([0.95])


def test_no_bets_leave_the_bankroll_alone():
    ledger = simulate(flat_bets(0), [], 0, [])
    assert ledger.path.tolist() == [100]
    assert (ledger.broke, ledger.scaled) == (False, 0)


def test_shrunk_stakes_take_their_uncertainty():
    ledger = simulate(sure_bets([0.6, 0.6]), [1, 1], 0, [1, 2], Staking("shrunk-kelly"), sd=np.array([0.0, 0.1]))
    assert ledger.share.tolist() == pytest.approx([0.2, 0.1])


@given(st.integers(0, 2**32 - 1), st.sampled_from(sorted(set(RULES) - {"simultaneous-kelly"})))
def test_the_bankroll_is_what_it_was_plus_what_was_won_and_never_below_0(seed, rule):
    rng = np.random.default_rng(seed)
    count = 40
    win = rng.uniform(0.3, 0.9, count)
    bets = place(np.column_stack((win, np.zeros(count), 1 - win)), rng.uniform(1.5, 3, count), 1.01, -1)
    value = np.where(rng.uniform(size=count) < 0.1, np.nan, rng.integers(-3, 4, count))
    weeks = rng.integers(1, 9, count)
    ledger = simulate(bets, value, 0, weeks, Staking(rule, unit=0.2), sd=np.full(len(bets), 0.05))
    gain = np.bincount(ledger.week, np.nan_to_num(ledger.profit), minlength=len(ledger.weeks))
    assert ledger.start + gain == pytest.approx(ledger.end, abs=1e-6)
    assert (ledger.path >= 0).all()
    assert (ledger.stake >= 0).all()
    assert (np.bincount(ledger.week, ledger.stake) <= ledger.start + 1e-9).all()
    lost = np.flatnonzero(ledger.path == 0)
    assert not lost.size or not ledger.path[lost[0] :].any()


@pytest.mark.parametrize("bankroll", [0, -5, np.nan, np.inf])
def test_a_bankroll_that_cannot_be_is_refused(bankroll):
    with pytest.raises(UsageError, match="bankroll"):
        simulate(flat_bets(1), [1], 0, [1], bankroll=bankroll)


def test_weeks_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match="do not fit"):
        simulate(flat_bets(2), [1, 1], 0, [1])


def test_a_bet_on_a_game_without_a_line_is_refused():
    with pytest.raises(UsageError, match="1 bets are on games without a line"):
        simulate(flat_bets(2), [1, 1], [np.nan, 0], [1, 1])
