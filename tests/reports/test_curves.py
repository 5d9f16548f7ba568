"""The curves of a report end where its tables stand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from busta.performance.simulation import Choice, choose, simulate, slip
from busta.performance.simulation.study import Plan, study
from busta.registry.versions import resolve
from busta.reports.curves import curves
from busta.workflows.predicting.forecast import stored_forecasts

WITH_BETS = ("moneyline", "totals", "moneyline-blind", "moneyline-blind-open")


@pytest.fixture(scope="session")
def forecasts_of(trained):
    registry = trained.registry
    return lambda kind: stored_forecasts(registry, resolve(registry, f"busta-sim-{kind}"))


@pytest.fixture(params=WITH_BETS)
def forecasts(request, forecasts_of):
    return forecasts_of(request.param)


@pytest.mark.parametrize("slippage", [0.0, 0.05])
def test_the_last_week_has_the_figures_of_the_back_test(forecasts, slippage):
    plan = Plan(Choice(min_edge=0.0), slippage=slippage, seed=3)
    found = study(forecasts, plan)
    drawn, figures, coin = curves(found.ledger, forecasts, slippage, 3), found.figures, found.same_bets["coin"]
    bets = figures["bets"]

    assert bets > 50
    assert drawn.bets[-1] == bets
    assert drawn.profit[-1] == pytest.approx(figures["unit_profit"])
    assert drawn.low[-1] == pytest.approx(figures["unit_roi_low"] * bets)
    assert drawn.high[-1] == pytest.approx(figures["unit_roi_high"] * bets)
    assert drawn.coin_low[-1] == pytest.approx(coin["luck_low"] * bets)
    assert drawn.coin_high[-1] == pytest.approx(coin["luck_high"] * bets)
    assert drawn.fall.max() == pytest.approx(figures["max_drawdown"])
    if forecasts.market.quantity == "margin":
        assert drawn.favourite[-1] == pytest.approx(found.same_bets["favourite"]["unit_profit"])
    else:
        assert np.isnan(drawn.favourite).all()
    if forecasts.moment == "open":
        assert drawn.expected[-1] == pytest.approx(figures["clv"] * figures["clv_coverage"] * bets)


def test_the_interval_begins_with_enough_bets_and_holds_the_profit(forecasts):
    drawn = curves(ledger_of(forecasts), forecasts)
    known = ~np.isnan(drawn.low)

    assert known.any()
    assert np.isnan(drawn.low[drawn.bets < 20]).all()
    assert (drawn.low[known] <= drawn.profit[known]).all()
    assert (drawn.profit[known] <= drawn.high[known]).all()


def test_without_a_close_nothing_was_expected(forecasts_of):
    forecasts = forecasts_of("moneyline-blind-open")
    blank = replace(forecasts, closing=np.full_like(forecasts.closing, np.nan))
    assert np.isnan(curves(ledger_of(blank), blank).expected).all()


def test_no_bets_are_no_weeks(forecasts):
    drawn = curves(ledger_of(forecasts, min_edge=5.0), forecasts)
    assert len(drawn) == 0
    assert all(not len(getattr(drawn, name)) for name in ("profit", "low", "fall", "coin_low", "expected"))


def test_void_bets_move_no_curve(forecasts):
    void = forecasts.weeks >= ledger_of(forecasts).weeks[-3]  # the last three weeks with a bet
    value, y = np.where(void, np.nan, forecasts.value), np.where(void, np.nan, forecasts.y)
    some = replace(forecasts, value=value, y=y)
    drawn = curves(ledger_of(some), some)

    for curve in (drawn.profit, drawn.bets, drawn.expected, drawn.coin_low, drawn.coin_high):
        assert curve[-1] == curve[-2] == curve[-3]
    none = replace(forecasts, value=np.full_like(value, np.nan), y=np.full_like(y, np.nan))
    assert np.isnan(curves(ledger_of(none), none).coin_low).all()


def ledger_of(forecasts, min_edge=0.0):
    bets = slip(choose(forecasts, Choice(min_edge=min_edge)).bets, 0.0)
    return simulate(bets, forecasts.value, forecasts.line, forecasts.weeks)
