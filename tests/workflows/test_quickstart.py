from __future__ import annotations

import shutil

import pytest

import busta
from busta.leagues import sim_edge
from halves import FIRST_HALF, installed

MARKETS = ["moneyline", "ats", "totals"]
LEAGUES = ["sim", "sim-edge"]


@pytest.fixture(autouse=True)
def _few_seasons(monkeypatch):
    monkeypatch.setattr(sim_edge, "SEASONS", 3)


@pytest.mark.slow
def test_it_plays_both_leagues_and_trains_every_market_of_each(settings):
    with installed(markets=[FIRST_HALF]):  # nobody quotes it there, so it is left out
        _both_leagues(settings)


def _both_leagues(settings):
    shutil.rmtree(settings.home / "data")
    said: list[str] = []

    result = busta.quickstart(settings, say=said.append)

    assert [line.partition(":")[0] for line in said] == [f"playing league {name}" for name in LEAGUES]
    assert [league["league"] for league in result["leagues"]] == LEAGUES
    for league in result["leagues"]:
        assert [training["market"] for training in league["trainings"]] == MARKETS
        assert {training["league"] for training in league["trainings"]} == {league["league"]}
    names = {f"busta-{league}-{market}" for league in LEAGUES for market in MARKETS}
    assert {row["model"] for row in busta.list_models(settings)} == names
    assert all(command.startswith("busta ") for command in result["next"])
    week = next(line for line in result["next"] if "--week" in line).split("--week ")[1].split()[0]
    assert busta.predict(settings, "moneyline", busta.Wanted(week=week), "sim")["predictions"]


def test_the_planted_league_has_an_edge_of_its_own_unless_one_is_set(settings, monkeypatch):
    played = []
    monkeypatch.setattr(sim_edge.sim, "load", lambda given, paths: played.append((given.sim.edge, given.sim.seasons)))
    few = settings.sim.seasons
    for edge in (0.0, 2.0):
        sim = settings.sim.model_copy(update={"edge": edge})
        sim_edge.LEAGUE.load(settings.model_copy(update={"sim": sim}), ())
    assert played == [(sim_edge.EDGE, max(few, 3)), (2.0, max(few, 3))]
