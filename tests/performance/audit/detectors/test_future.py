"""No column knew a team's later surprises."""

from dataclasses import replace

import numpy as np
import pytest


def season_of(world):
    """Each row's two team-season blocks, the outcome from the side of each, and block sizes."""
    table = world.table
    block = world.season[:, None] * 16 + table.teams
    won = np.column_stack([table.y, 1 - table.y if table.binary else -table.y])
    total = np.bincount(block.ravel(), won.ravel())[block]
    return total, won, np.bincount(block.ravel())[block]


@pytest.mark.parametrize("target", ["won", "margin"])
@pytest.mark.parametrize("kind", ["difference", "negated", "first team", "second team"])
def test_a_season_without_the_row_itself_is_found(made, ask, target, kind):
    world = made(target=target, seasons=20)
    total, won, count = season_of(world)
    others = (total - won) / (count - 1)
    difference = others[:, 0] - others[:, 1]
    x = {
        "difference": difference,
        "negated": 5 - 9 * difference,
        "first team": others[:, 0],
        "second team": others[:, 1],
    }
    found = ask("future", world.with_column(x[kind]))
    assert (found.answer, found.columns) == ("leak", ("x",))
    assert "foretold surprises of a team's later games" in found.words


@pytest.mark.parametrize("target", ["won", "margin"])
@pytest.mark.parametrize("seed", range(3))
def test_honest_columns_are_clean(made, ask, target, seed):
    world = made(target=target, seed=seed)
    found = ask("future", world.with_column(world.strength))
    assert (found.answer, found.threshold) == ("clean", pytest.approx(0.15))


def test_the_result_of_a_teams_next_game_is_found(made, ask):
    world = made(seasons=20)
    following = np.full(world.margin.size, np.nan)
    for team in range(16):
        rows = np.flatnonzero((world.table.teams == team).any(axis=1))
        side = np.where(world.table.teams[rows, 0] == team, 1, -1) * world.margin[rows]
        at_home = world.table.teams[rows[:-1], 0] == team
        following[rows[:-1][at_home]] = side[1:][at_home]
    noisy = following + np.random.default_rng(0).normal(0, 10, following.size)
    found = ask("future", world.with_column(noisy))
    assert (found.answer, found.columns) == ("leak", ("x",))
    assert ask("own_skill", world.with_column(noisy)).answer == "clean"


def test_a_total_of_a_season_is_found(made, ask):
    world = made(target="margin", seasons=20)
    rng = np.random.default_rng(0)
    total = 45 + rng.normal(0, 13, world.margin.size)
    block = world.season[:, None] * 16 + world.table.teams
    both = np.repeat(total[:, None], 2, axis=1)
    count = np.bincount(block.ravel())[block]
    others = (np.bincount(block.ravel(), both.ravel())[block] - both) / (count - 1)
    told = world.with_column(others.sum(axis=1))
    table = replace(told, y=total, line=45 + rng.normal(0, 2, total.size))
    assert ask("future", table).columns == ("x",)


def test_rows_of_one_time_know_nothing_of_each_other(made, ask):
    """Both sides of a game, one above the other, each with the outcome of the other row's team."""
    table = made().table
    names = ("X", "y", "time", "line", "teams")
    other = replace(table, y=1 - table.y, line=1 - table.line, teams=table.teams[:, ::-1])
    both = replace(
        table,
        **{name: np.concatenate([getattr(table, name), getattr(other, name)]) for name in names},
        position=np.arange(2 * len(table)),
    )
    found = ask("future", both.take(np.argsort(both.time, kind="stable")))
    assert found.answer == "clean"


def test_without_a_line_teams_or_numbers_there_is_nothing_to_ask(made, ask):
    table = made().table
    codes = replace(table, categorical=np.ones(5, dtype=bool))
    for each in (replace(table, line=None), replace(table, teams=None), codes):
        assert ask("future", each).answer == "not applicable"
