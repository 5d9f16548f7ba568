"""A league of another package that has results and hardly any odds, beside another one in the same workspace."""

from __future__ import annotations

from dataclasses import replace

import pytest

import busta
from busta.errors import DataError
from busta.leagues.sim import LEAGUE as SIM
from busta.leagues.sim import World, play
from halves import installed

MARKETS = ("moneyline", "ats", "totals")


@pytest.fixture(autouse=True)
def _bare(settings):
    """Installs and ingests a league of results without a single quote."""
    world = play(World(seasons=4, seed=5))
    batch = replace(world, quotes=world.quotes.clear(), truth=None)
    with installed(leagues=[replace(SIM, name="bare", load=lambda _settings, _paths: batch)]):
        busta.ingest(settings, "bare")
        yield


@pytest.mark.slow
def test_without_odds_a_moneyline_is_learned_blind_and_is_never_fit_to_serve(settings):
    trained = busta.train(settings, "moneyline", "bare", blind=True)
    assert 0.55 < trained["metrics"]["log_loss"] < 0.69
    assert trained["baselines"]["closing_line"]["log_loss"] is None
    assert trained["verdict"] == "rejected"
    assert busta.gate(settings, "moneyline", "bare", blind=True)["verdict"] == "rejected"
    week = busta.predict(settings, "moneyline", busta.Wanted(week="2014-18"), "bare", blind=True)["predictions"]
    assert all(row["probability"] and row["stake"] == 0 for row in week)


@pytest.mark.parametrize("market", MARKETS)
def test_without_odds_there_is_nothing_to_start_from(settings, market):
    with pytest.raises(DataError, match=f"^bare has no {market} quotes at the close; it has: none$"):
        busta.train(settings, market, "bare")


@pytest.mark.slow
def test_two_leagues_in_one_workspace_leave_each_other_alone(settings):
    before = busta.build(settings, "sim")["version"]
    assert busta.build(settings, "bare")["new"]
    assert not busta.build(settings, "sim")["new"]
    assert busta.open_version(settings, "sim").manifest["version"] == before
    assert busta.train(settings, "moneyline", "sim")["league"] == "sim"
    busta.train(settings, "moneyline", "bare", blind=True)
    assert {row["model"] for row in busta.list_models(settings)} == {
        "busta-sim-moneyline",
        "busta-bare-moneyline-blind",
    }
