"""No column knows the luck of all rows put together."""

from dataclasses import replace

import numpy as np
import pytest

SCALES = {"as it is": lambda x: x, "negated": lambda x: 3 - 7 * x, "bent": lambda x: np.exp(2 * x)}


def by_team_season(world, shift=0):
    """Each team's win share of a season, of the first and of the second team's rows."""
    table = world.table
    block = (world.season[:, None] * 16 + table.teams).T
    won = np.concatenate([table.y, 1 - table.y]) if table.binary else np.concatenate([table.y, -table.y])
    total = np.bincount(block.ravel(), won)
    share = total / np.bincount(block.ravel())
    back = block - 16 * shift
    return np.where(back >= 0, share[np.maximum(back, 0)], np.nan)


@pytest.mark.parametrize("scale", SCALES)
def test_a_code_made_of_all_rows_is_found_under_any_name_and_scale(made, ask, scale):
    world = made()
    home = world.table.teams[:, 0]
    rate = (np.bincount(home, world.table.y) + 5) / (np.bincount(home) + 10)
    found = ask("luck", world.with_column(SCALES[scale](rate[home])))
    assert (found.answer, found.columns) == ("leak", ("x",))
    assert ask("luck", replace(world.with_column(SCALES[scale](rate[home])), teams=None)).columns == ("x",)
    assert found.figure < 0.2
    assert "made from these very outcomes" in found.words


@pytest.mark.parametrize("line", [True, False])
@pytest.mark.parametrize("target", ["won", "margin"])
def test_a_code_made_of_the_other_folds_is_found_where_folds_are_drawn_by_chance(made, ask, target, line):
    world = made(target=target, seasons=20)
    rng = np.random.default_rng(0)
    y, home = world.table.y, world.table.teams[:, 0]
    cell = home * 5 + rng.integers(0, 5, home.size)
    total, count = np.bincount(cell, y, 80), np.bincount(cell, minlength=80)
    others = total.reshape(16, 5).sum(axis=1).repeat(5) - total
    code = others / (count.reshape(16, 5).sum(axis=1).repeat(5) - count)
    table = world.with_column(2 - 3 * code[cell])
    found = ask("luck", table if line else replace(table, line=None))
    assert (found.answer, found.columns) == ("leak", ("x",))
    season = np.random.default_rng(1).normal(size=(20, 16))[world.season, home]
    assert ask("luck", world.with_column(season)).answer == "clean"


def test_a_code_made_of_earlier_rows_is_clean(made, ask):
    world = made()
    home = world.table.teams[:, 0]
    half = np.arange(home.size) < home.size // 2
    rate = np.bincount(home[half], world.table.y[half]) / np.bincount(home[half])
    found = ask("luck", world.with_column(rate[home]).take(~half))
    assert (found.answer, found.columns) == ("clean", ())
    assert found.figure > 0.2


@pytest.mark.parametrize("target", ["won", "margin"])
@pytest.mark.parametrize("line", [True, False])
@pytest.mark.parametrize("kind", ["difference", "first team"])
def test_what_teams_had_won_at_the_end_of_the_season_is_found(made, ask, target, line, kind):
    world = made(target=target)
    home, away = by_team_season(world)
    table = world.with_column(home - away if kind == "difference" else -3 * home + 1)
    found = ask("luck", table if line else replace(table, line=None))
    assert (found.answer, found.columns) == ("leak", ("x",))
    home, away = by_team_season(world, shift=1)
    honest = world.with_column(home - away if kind == "difference" else home)
    assert ask("luck", honest if line else replace(honest, line=None)).answer == "clean"


@pytest.mark.parametrize("line", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_who_knows_the_true_strength_is_clean(made, ask, line, seed):
    """That is all that can be known; the luck of the games remains."""
    world = made(seed=seed)
    table = world.with_column(world.strength)
    found = ask("luck", table if line else replace(table, line=None))
    assert (found.answer, found.threshold) == ("clean", 0.55)


def test_totals_add_up_where_margins_cancel(made, ask):
    world = made(target="margin")
    rng = np.random.default_rng(0)
    total = 45 + rng.normal(0, 13, world.margin.size)
    block = world.season[:, None] * 16 + world.table.teams
    mean = np.bincount(block.ravel(), np.repeat(total, 2)) / np.bincount(block.ravel())
    table = replace(world.with_column(mean[block].sum(axis=1)), y=total, line=None)
    assert ask("luck", table).columns == ("x",)


def test_both_sides_of_a_game_in_one_block_are_no_luck(made, ask):
    """Each week's mean is a half where every game stands in the table twice."""
    table = made().table
    week = np.repeat(np.arange(len(table) // 8), 8).astype(float)
    other = replace(table, y=1 - table.y, teams=table.teams[:, ::-1], line=1 - table.line)
    both = replace(
        table,
        **{
            name: np.concatenate([getattr(table, name), getattr(other, name)])
            for name in ("y", "time", "teams", "line")
        },
        X=np.tile(week, 2)[:, None],
        position=np.arange(2 * len(table)),
        names=("week",),
        categorical=np.zeros(1, dtype=bool),
    )
    sorted_ = both.take(np.argsort(both.time, kind="stable"))
    assert ask("luck", replace(sorted_, line=None, teams=None)).answer == "not applicable"
    assert ask("luck", sorted_).answer in {"clean", "not applicable"}


def test_columns_that_always_change_cannot_be_asked(made, ask):
    table = made().table
    rng = np.random.default_rng(0)
    varied = replace(table, X=rng.normal(size=table.X.shape), teams=None)
    assert ask("luck", varied).answer == "not applicable"
    tennis = replace(varied, teams=rng.integers(0, 900, (len(table), 2)))
    assert ask("luck", tennis).answer == "not applicable"


def test_levels_that_are_mostly_rare_cannot_be_asked(made, ask):
    table = made().table
    rare = np.zeros(len(table))
    rare[:40] = np.arange(40)
    few = replace(table, X=rare[:, None], names=("x",), categorical=np.zeros(1, dtype=bool), teams=None)
    assert ask("luck", few).answer == "not applicable"
