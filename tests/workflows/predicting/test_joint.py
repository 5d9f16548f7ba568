from __future__ import annotations

import numpy as np
import pytest

import busta
from busta.plugins import pick
from busta.registry.connect import connect
from busta.workflows.data.build import gold_of
from busta.workflows.predicting.joint import JOINED, Kind, hear, join, moved, rows_of
from workspaces import CURRENT


def coming(settings):
    gold = gold_of(settings, pick("league", "sim"))
    games = gold.games.filter(season=CURRENT, week=18)["game_id"].to_list()
    return gold, games


def kind_of(settings, *, blind=False, moment="close"):
    return Kind(settings, connect(settings), pick("league", "sim"), blind, moment)


@pytest.fixture
def heard(trained):
    gold, games = coming(trained.settings)
    return hear(kind_of(trained.settings), JOINED, gold, "multiplicative", games)[0], games


def test_every_market_with_a_version_says_something_of_every_game(heard):
    said, games = heard
    assert list(said) == list(JOINED)
    for each in said.values():
        assert (rows_of(each, games) >= 0).all()
        np.testing.assert_allclose(each.triples.sum(axis=1), 1)
    assert rows_of(said["ats"], ["nope", games[3]]).tolist() == [
        -1,
        said["ats"].data.games["game_id"].to_list().index(games[3]),
    ]


def test_the_joint_says_what_its_markets_say(heard):
    said, games = heard
    joint = join(said, games)

    for name in JOINED:
        rows = rows_of(said[name], games)
        line, (win, _, lose) = said[name].data.line[rows], said[name].triples[rows].T
        triple = joint.over(line) if name == "totals" else joint.spread(line)
        agree = ~moved(joint) if name == "ats" else np.full(len(games), fill_value=True)
        np.testing.assert_allclose(
            (triple[:, 0] / (triple[:, 0] + triple[:, 2]))[agree], (win / (win + lose))[agree], atol=1e-9
        )


def test_a_market_that_says_nothing_is_no_constraint(heard):
    said, games = heard
    without = {name: each for name, each in said.items() if name != "totals"}
    joint = join(without, games)

    assert np.isnan(joint.over(45)).all()
    np.testing.assert_allclose(joint.margin.sum(axis=1), 1)
    alone = join({"moneyline": said["moneyline"]}, games)
    assert np.isnan(alone.gap[:, 1:]).all()
    assert not moved(alone).any()
    unknown = join(said, ["nope"])
    assert np.isnan(unknown.margin).all()


def test_a_market_without_a_version_is_named_with_the_reason(trained):
    gold, games = coming(trained.settings)

    said, missing = hear(kind_of(trained.settings, blind=True), JOINED, gold, "multiplicative", games)

    assert list(said) == ["moneyline"]
    assert missing["ats"].startswith("there is no model busta-sim-ats-blind yet")


def test_each_version_reads_prices_as_it_learned_them(borrowed):
    """However the store frees them of their vig."""
    gold, games = coming(borrowed)
    other = busta.load(home=borrowed.home, bets={"vig_method": "shin"})
    kind = kind_of(other)

    found, _ = hear(kind, JOINED, gold_of(other, kind.league), "shin", games)

    for name, each in hear(kind_of(borrowed), JOINED, gold, "multiplicative", games)[0].items():
        np.testing.assert_array_equal(found[name].triples, each.triples)
