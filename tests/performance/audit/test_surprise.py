"""Outcomes against a yardstick."""

from dataclasses import replace

import numpy as np
import pytest

from busta.performance.audit.ratings import rate
from busta.performance.audit.surprise import surprise


@pytest.mark.parametrize("target", ["won", "margin"])
def test_surprises_have_mean_0_variance_1_and_nothing_of_the_line(made, target):
    found = surprise(made(target=target).table)
    line = made(target=target).table.line
    assert found.yardstick == "line"
    assert found.size == line.size
    assert abs(found.residual.mean()) < 0.02
    assert 0.9 < found.residual.var() < 1.1
    assert np.abs(found.z(np.column_stack([line, line**2])))[0] < 1
    assert 0.05 < found.explained < 0.5


def test_the_lines_own_scale_is_no_surprise(made):
    table = made().table
    shrunk = replace(table, line=0.5 + 0.2 * (table.line - 0.5))
    z = surprise(shrunk).z(table.X[:, :1] - table.X[:, :1].mean())
    assert abs(z[0]) < 4


def test_without_a_line_past_outcomes_are_the_yardstick_and_without_teams_the_mean(made):
    table = made().table
    by = [surprise(replace(table, line=line, teams=teams)) for line, teams in ((None, table.teams), (None, None))]
    assert [each.yardstick for each in by] == ["ratings", "mean"]
    assert by[0].explained > 0.02
    assert by[1].explained == pytest.approx(0, abs=1e-6)
    assert "with one weaker leaks would show" in by[0].against
    few = np.where(np.arange(len(table)) < 100, table.line, np.nan)
    assert surprise(replace(table, line=few)).yardstick == "ratings"


def test_rows_without_an_outcome_or_line_do_not_count(made):
    table = made().table
    y, line = table.y.copy(), table.line.copy()
    y[:10], line[20:25] = np.nan, np.nan
    assert surprise(replace(table, y=y, line=line)).size == len(table) - 15


def test_a_score_test_is_standard_normal_and_sees_what_is_there(made):
    rng = np.random.default_rng(1)
    found = surprise(made().table)
    z = found.z(rng.normal(size=(found.size, 400)))
    assert 0.85 < z.std() < 1.15
    assert abs(found.z(found.residual[:, None])[0]) > 20
    assert found.z(np.ones((found.size, 1)))[0] == 0


def test_a_line_that_knows_everything_still_ends(made):
    table = made().table
    found = surprise(replace(table, line=np.where(table.y > 0, 0.999, 0.001)))
    assert np.isfinite(found.residual).all()
    assert found.explained > 0.9


def test_ratings_know_strength_from_the_past_only(made):
    world = made(target="margin")
    table = world.table
    said = rate(table.y, table.time, table.teams)[:, 0]
    assert said[table.time == table.time[0]].tolist() == [0.0] * 8
    assert np.corrcoef(said, world.strength)[0, 1] > 0.5
    changed = np.append(table.y[:-8], -table.y[-8:])
    assert np.array_equal(
        rate(changed - changed.mean() + table.y.mean(), table.time, table.teams)[:8], np.zeros((8, 2))
    )


def test_ratings_of_totals_add_up_and_unnamed_teams_have_none():
    rng = np.random.default_rng(0)
    teams = np.concatenate([rng.permutation(8).reshape(-1, 2) for _ in range(300)])
    level = rng.normal(0, 5, 8)
    y = 40 + level[teams].sum(axis=1) + rng.normal(0, 5, len(teams))
    time = np.datetime64("2020-01-01", "us") + np.repeat(np.arange(300), 4).astype("timedelta64[D]")
    said = rate(y, time, teams)[:, 1]
    assert np.corrcoef(said[400:], y[400:])[0, 1] > 0.6
    teams[5] = -1
    y[7] = np.nan
    again = rate(y, time, teams)
    assert np.isfinite(again).all()
    assert again[5].tolist() == [0, 0]
