"""Figures of a ledger."""

import numpy as np
import pytest

from busta.betting.staking_rules import Staking
from busta.performance.simulation import account, lay, place, simulate
from busta.performance.simulation.figures import TOO_FEW, drawdown, kelly_growth, longest_losing_run, reasons


def flat_ledger(value, weeks=None, price=2.0, line=0.0, **options):
    count = len(value)
    bets = lay(np.zeros(count, dtype=int), np.full((count, 2), price))
    return simulate(bets, value, line, np.arange(count) if weeks is None else weeks, **options)


def test_weekly_returns_make_volatility_sharpe_and_sortino():
    """A tenth of the bankroll a week: +10 %, -10 %, +10 %, 0, five times: mean .025, sd .0851, downside .05."""
    found = account(flat_ledger([1, -1, 1, 0] * 5, staking=Staking("proportional", unit=0.1)))
    returns = [0.1, -0.1, 0.1, 0.0] * 5
    assert found["volatility"] == pytest.approx(np.std(returns, ddof=1))
    assert found["sharpe"] == pytest.approx(0.025 / np.std(returns, ddof=1))
    assert found["sortino"] == pytest.approx(0.025 / 0.05)


def test_weeks_without_a_settled_bet_have_no_return():
    found = account(flat_ledger([1, -1] * 10 + [np.nan]))
    assert found["volatility"] == pytest.approx(np.std([0.01, -1 / 101] * 10, ddof=1))


def test_weeks_without_a_bankroll_have_no_return():
    """Tenths of 100: up and down by one ten times, then ten lost; rounding leaves the five after that no stake."""
    found = account(flat_ledger([1, -1] * 10 + [-1] * 10 + [1] * 5, staking=Staking("flat", unit=0.1)))
    returns = [0.1, -1 / 11] * 10 + [-1 / left for left in range(10, 0, -1)]
    assert found["volatility"] == pytest.approx(np.std(returns, ddof=1))
    assert found["unstaked"] == 5


def test_no_losing_week_no_sortino_and_no_difference_no_sharpe():
    """Three won and one lost each week, a quarter on each: +50 %, five times."""
    found = account(flat_ledger([1, 1, 1, -1] * 5, np.arange(20) // 4, staking=Staking("proportional", unit=0.25)))
    assert found["volatility"] == 0
    assert np.isnan([found["sharpe"], found["sortino"]]).all()
    why = reasons(found)
    assert (why["sharpe"], why["sortino"]) == ("weekly returns do not differ", "no week lost")


@pytest.mark.parametrize("count", [18, 20])
def test_below_twenty_bets_nothing_is_made_from_how_weeks_differ(count):
    found = account(flat_ledger([1, -1] * (count // 2)))
    spread = ("roi_low", "roi_high", "unit_roi_low", "unit_roi_high", "volatility", "sharpe", "sortino", "risk_of_ruin")
    assert np.isfinite([found[name] for name in spread]).tolist() == [count == 20] * len(spread)
    assert {reasons(found).get(name, TOO_FEW) for name in spread} == {TOO_FEW}


def test_bets_without_a_stake_do_not_count_towards_the_twenty():
    """Lost after three bets: weekly returns are of three bets, the risk of ruin is of the shares of all 25."""
    bets = place([[0.9, 0.0, 0.1]] * 25, 2.0, 1.1)
    value = [-1] * 10 + [1] * 15
    found = account(simulate(bets, value, 0, np.arange(25), Staking("proportional", unit=1.0)))
    assert found["unstaked"] == 24
    assert np.isnan([found[name] for name in ("roi_low", "volatility", "sharpe", "sortino")]).all()
    assert np.isfinite([found["unit_roi_low"], found["risk_of_ruin"]]).all()
    assert reasons(found)["volatility"] == TOO_FEW


@pytest.mark.parametrize("value", [[np.nan] * 30, [1, -1, 1, -1], [1] * 30])
def test_a_risk_of_ruin_is_not_0_where_nothing_is_known_of_it(value):
    """Voids only, a handful, and bets of which none was lost yet."""
    found = account(flat_ledger(value))
    assert np.isnan(found["risk_of_ruin"])
    assert "risk_of_ruin" in reasons(found)


def test_a_break_even_hit_rate_is_what_the_prices_of_the_bets_won_or_lost_ask_for():
    """1/2 and 1/4, mean .375, of a mean price of 3; the push at 5.0 and the void at 10.0 are in no hit rate."""
    prices = np.repeat([[2.0], [4.0], [5.0], [10.0]], 2, axis=1)
    ledger = simulate(lay(np.zeros(4, dtype=int), prices), [1, -1, 0, np.nan], 0, [1, 2, 3, 4])
    found = account(ledger)
    assert found["break_even_hit_rate"] == pytest.approx(0.375)
    assert found["mean_price"] == 3
    assert found["hit_rate"] == 0.5


def test_at_one_price_the_break_even_hit_rate_is_that_at_which_the_profit_is_0():
    """11 of 21 at -110, .5238: eleven times 10/11 pay for ten lost."""
    found = account(flat_ledger([1] * 11 + [-1] * 10, price=1 + 100 / 110))
    assert found["unit_profit"] == pytest.approx(0)
    assert found["break_even_hit_rate"] == pytest.approx(found["hit_rate"]) == pytest.approx(0.5238, abs=1e-4)


@pytest.mark.parametrize(
    ("value", "depth", "weeks"),
    [
        ([1, 1, 1], 0, 0),
        ([-1, 1], 0.1, 2),  # 100, 90, 100: recovered
        ([1, -1, -1, 1, 1, 1], 20 / 110, 4),  # 110, 100, 90, 100, 110: recovered after four
        ([1, -1, 1, -1, -1, -1], 30 / 110, 3),  # from 110 in week 3 to the end
        ([-1], 0.1, 1),
    ],
)
def test_the_deepest_fall_lasts_from_its_peak_to_recovery_or_the_end(value, depth, weeks):
    ledger = flat_ledger(value, staking=Staking("flat", unit=0.1))
    found = drawdown(ledger)
    assert found == (pytest.approx(depth), weeks)


@pytest.mark.parametrize(
    ("value", "run"),
    [
        ([], 0),
        ([1, 1], 0),
        ([-1, -1, 1, -1], 2),
        ([-1, 0, -1, np.nan, -1, 1], 3),  # a push or a void neither counts nor ends it
        ([1, -1, -1, -1, -1], 4),
    ],
)
def test_the_longest_losing_run(value, run):
    assert longest_losing_run(flat_ledger(value)) == run


def test_a_losing_run_goes_by_time_not_by_row():
    assert longest_losing_run(flat_ledger([-1, 1, -1], weeks=[2, 1, 3])) == 2


def test_roi_at_the_stakes_differs_from_that_of_a_unit():
    """Half, then half of what is left at 2.0: won 50, lost 75: -25 of 125 staked, 0 of two units."""
    found = account(flat_ledger([1, -1], staking=Staking("proportional", unit=0.5)))
    assert (found["turnover"], found["profit"], found["roi"]) == (125, -25, -0.2)
    assert (found["unit_profit"], found["unit_roi"]) == (0, 0)


def test_twenty_bets_have_an_interval_around_the_roi_and_nineteen_have_none():
    """All of nineteen bets may be won alike; an interval made from how they differ would have no width."""
    found = account(flat_ledger([1, -1] * 10))
    assert found["roi_low"] < found["roi"] == 0 < found["roi_high"]
    assert found["unit_roi_low"] < 0 < found["unit_roi_high"]
    fewer = account(flat_ledger([1] * 19))
    assert fewer["roi"] == 1
    assert np.isnan([fewer["roi_low"], fewer["roi_high"], fewer["unit_roi_low"], fewer["unit_roi_high"]]).all()
    assert reasons(fewer)["roi_low"] == TOO_FEW


def test_kelly_growth_is_that_of_capped_fractional_kelly_whatever_the_stakes():
    bets = place([[0.6, 0.0, 0.4]] * 2, 2.0, 1.1)
    flat = simulate(bets, [1, -1], 0, [1, 2])
    staking = Staking("flat", fraction=0.5, cap=0.2)
    assert kelly_growth(flat, [1, -1], 0, [1, 2], staking) == pytest.approx(np.log(1.1 * 0.9))


def test_kelly_growth_needs_probabilities_and_bets():
    staking = Staking()
    assert np.isnan(kelly_growth(flat_ledger([1, 1]), [1, 1], 0, [1, 2], staking))
    none = simulate(place([[0.6, 0.0, 0.4]], 2.0, 1.1), [np.nan], 0, [1])
    assert np.isnan(kelly_growth(none, [np.nan], 0, [1], staking))


def test_no_bets_are_counts_of_0_and_nulls_with_a_reason():
    found = account(flat_ledger([]))
    empty = {name for name, value in found.items() if np.isnan(value)}
    assert {"hit_rate", "unit_roi", "roi", "volatility", "risk_of_ruin", "mean_price"} <= empty
    assert all(found[name] == 0 for name in set(found) - empty - {"bankroll_end"})
    assert set(reasons(found)) == empty
    assert set(reasons(found).values()) == {"no bet was placed"}


def test_only_voids_say_so():
    found = account(flat_ledger([np.nan, np.nan]))
    assert (found["bets"], found["voids"]) == (0, 2)
    assert reasons(found)["roi"] == "no bet was settled"


def test_only_pushes_have_a_turnover_and_no_hit_rate():
    found = account(flat_ledger([3, 3, 3], line=3))
    assert (found["pushes"], found["turnover"], found["roi"]) == (3, 3, 0)
    assert reasons(found)["hit_rate"] == reasons(found)["break_even_hit_rate"] == "every bet was a push"
    assert np.isnan(found["sharpe"])


def test_one_week_has_no_interval():
    found = account(flat_ledger([1, -1] * 10, weeks=[1] * 20))
    why = reasons(found, probabilities=False)
    assert why["roi_low"] == why["unit_roi_high"] == TOO_FEW
    assert why["volatility"] == why["risk_of_ruin"] == TOO_FEW
    assert why["claimed_edge"] == "this strategy has no probabilities"


def test_bets_that_the_rule_does_not_stake_on_say_so():
    ledger = simulate(place([[0.4, 0.0, 0.6]] * 2, 2.0, 1.1, -1), [1, 1], 0, [1, 2], Staking("kelly"))
    found = account(ledger)
    assert (found["bets"], found["unstaked"], found["turnover"]) == (2, 2, 0)
    assert {reasons(found)[name] for name in ("roi", "roi_low", "sharpe", "risk_of_ruin")} == {"nothing was staked"}


def test_a_claimed_edge_is_the_mean_of_the_bets_taken():
    found = account(simulate(place([[0.6, 0.0, 0.4], [0.55, 0.0, 0.45]], 2.0, 1.1), [1, 1], 0, [1, 2]))
    assert found["claimed_edge"] == pytest.approx(0.15)
    assert found["mean_price"] == 2.0


def test_what_a_void_claimed_is_in_no_figure():
    found = account(simulate(place([[0.6, 0.0, 0.4], [0.9, 0.0, 0.1]], 2.0, 1.1), [1, np.nan], 0, [1, 2]))
    assert found["claimed_edge"] == pytest.approx(0.2)


@pytest.mark.parametrize(("won", "lost", "known"), [(5, 15, True), (15, 5, True), (4, 60, False), (60, 4, False)])
def test_an_interval_needs_five_bets_won_and_five_lost(won, lost, known):
    """Of long shots of which hardly one has won nobody knows how much weeks differ."""
    found = account(flat_ledger([1] * won + [-1] * lost))
    for name in ("roi", "unit_roi"):
        assert found[name] == pytest.approx((won - lost) / (won + lost)) or name == "roi"
        assert np.isfinite([found[f"{name}_low"], found[f"{name}_high"]]).all() == known
    assert ("5 of them won and 5 lost" in reasons(found).get("roi_low", "")) == (not known)


def test_pushes_are_neither_won_nor_lost():
    found = account(flat_ledger([1] * 4 + [0] * 20 + [-1] * 10))
    assert found["pushes"] == 20
    assert np.isnan(found["unit_roi_low"])
