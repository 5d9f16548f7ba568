"""Where profit came from."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from busta.performance.simulation import Choice, choose, simulate
from busta.performance.simulation.closing import closing_value
from busta.registry.versions import resolve
from busta.reports.parts import closing_histogram, parts_of
from busta.workflows.predicting.forecast import stored_forecasts


@pytest.fixture(params=["moneyline", "totals", "moneyline-blind-open"])
def forecasts(request, trained):
    return stored_forecasts(trained.registry, resolve(trained.registry, f"busta-sim-{request.param}"))


@pytest.fixture
def ledger(forecasts):
    bets = choose(forecasts, Choice(min_edge=0.015)).bets
    return simulate(bets, forecasts.value, forecasts.line, forecasts.weeks)


def test_each_way_of_parting_has_every_bet_once(forecasts, ledger):
    counts, profit = defaultdict(int), defaultdict(float)
    for row in parts_of(ledger, forecasts, 0.015):
        counts[row["by"]] += row["bets"]
        profit[row["by"]] += row["unit_profit"]

    assert set(counts) == {"edge claimed", "role", "side"}
    assert set(counts.values()) == {int(ledger.settled.sum())}
    assert all(each == pytest.approx(np.nansum(ledger.unit_profit)) for each in profit.values())


def test_sizes_of_edge_begin_with_the_least_that_was_asked_for(forecasts, ledger):
    names = [row["part"] for row in parts_of(ledger, forecasts, 0.015) if row["by"] == "edge claimed"]
    assert names[0] == "1.5% to 2%"
    assert len(names) == len(set(names))


def test_the_histogram_holds_every_bet_with_a_close_or_is_empty_at_the_close(forecasts, ledger):
    rows = closing_histogram(ledger, forecasts)
    if forecasts.moment == "close":
        assert rows == []
        return
    value = closing_value(ledger.bets, forecasts)
    bets = np.array([row["bets"] for row in rows])
    middle = np.array([(row["low"] + row["high"]) / 2 for row in rows])

    assert bets.sum() == round(value["clv_coverage"] * ledger.settled.sum())
    assert 0 < len(rows) <= 42
    assert bets @ middle / bets.sum() == pytest.approx(value["clv"], abs=rows[0]["high"] - rows[0]["low"])
    assert any(row["low"] == pytest.approx(0, abs=1e-12) for row in rows) or rows[0]["low"] > 0


def test_bets_that_are_void_have_no_histogram(forecasts, ledger):
    void = simulate(ledger.bets, np.full(len(forecasts), np.nan), forecasts.line, forecasts.weeks)
    assert closing_histogram(void, forecasts) == []
