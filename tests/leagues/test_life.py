"""A simulated league as it is known at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from busta.leagues.sim import World, play
from busta.leagues.simulation.life import known, stitched
from lived import day

NOW = day("2011-10-15")


@pytest.fixture(scope="module")
def batch():
    return play(World(seasons=2, seed=5))


def test_nothing_is_known_before_its_time(batch):
    found = known(batch, NOW)
    played = found.games.filter(pl.col("home_score").is_not_null())
    assert played["kickoff"].max() <= NOW - timedelta(hours=4)
    assert found.quotes["known_at"].max() <= NOW
    coming = found.games.filter(pl.col("home_score").is_null())["kickoff"]
    assert NOW < coming.max() <= NOW + timedelta(days=21)


def test_what_is_known_later_is_all_that_was_known_and_more(batch):
    before, after = (known(batch, NOW + timedelta(days=days)) for days in (0, 30))
    kept = before.games.filter(pl.col("home_score").is_not_null())
    assert kept.equals(after.games.head(kept.height))
    assert known(batch, day("2030-01-01")).games.equals(batch.games)
    assert set(before.truth["game_id"]) == set(before.games["game_id"])


def test_stitched_worlds_change_where_they_are_stitched(batch):
    other = play(World(seasons=2, seed=5, home_edge=-10.0))
    found = stitched([(batch, range(2010, 2011)), (other, range(2011, 2013))])
    edge = (
        found.truth.join(found.games, on="game_id").group_by("season").agg(pl.col("margin_mean").mean()).sort("season")
    )
    assert [mean > 0 for mean in edge["margin_mean"]] == [True, False, False]
    assert found.games.filter(season=2010).equals(batch.games.filter(season=2010))
    bare = stitched([(replace(batch, truth=None), range(2010, 2011))])
    assert (bare.games["season"].unique().to_list(), bare.truth) == ([2010], None)
    assert known(bare, NOW).truth is None
