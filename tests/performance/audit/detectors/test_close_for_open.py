"""No column knows where the line went."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm


def opened(made, target):
    """A table at an early line, and where the line went in points."""
    world = made(target=target)
    move = np.random.default_rng(2).normal(0, 2, world.margin.size)
    points = world.strength - move
    line = norm.cdf(points / 12) if target == "won" else points
    return replace(world, table=replace(world.table, line=line, close=world.table.line)), move


COPIES = {
    "line": lambda close, rng: close,
    "negated": lambda close, rng: 7 - 3 * close,
    "rounded": lambda close, rng: np.round(close / close.std(), 1),
    "bent": lambda close, rng: np.exp(close / close.std()),
}


@pytest.mark.parametrize("target", ["won", "margin"])
@pytest.mark.parametrize("copy", COPIES)
def test_the_close_is_found_under_any_name_and_scale(made, ask, target, copy):
    world, _ = opened(made, target)
    x = COPIES[copy](world.table.close, np.random.default_rng(0))
    found = ask("close_for_open", world.with_column(x))
    assert (found.answer, found.threshold) == ("leak", 0.5)
    assert "x" in found.columns
    assert found.figure > 0.8


@pytest.mark.parametrize("target", ["won", "margin"])
def test_a_forecast_of_the_close_is_clean(made, ask, target):
    world, move = opened(made, target)
    table = replace(
        world.table, X=world.table.X[:, 1:], names=world.table.names[1:], categorical=world.table.categorical[1:]
    )
    honest = replace(world, table=table).with_column(move + np.random.default_rng(0).normal(0, 3, move.size))
    found = ask("close_for_open", honest)
    assert found.answer == "clean"
    assert 0.1 < found.figure < 0.5


def test_without_a_close_or_moves_there_is_nothing_to_ask(made, ask):
    table = made().table
    still = replace(table, close=table.line)
    assert "no closing line" in ask("close_for_open", table).words
    assert "moved in fewer than 100 rows" in ask("close_for_open", still).words
    assert ask("close_for_open", replace(still, line=None)).answer == "not applicable"


def test_a_column_that_is_mostly_empty_or_a_code_is_not_asked(made, ask):
    world, move = opened(made, "margin")
    empty = np.where(np.arange(move.size) < 90, move, np.nan)
    table = world.with_column(empty)
    coded = replace(world.with_column(move), categorical=np.array([False] * 5 + [True]))
    assert "x" not in ask("close_for_open", table).columns
    assert "x" not in ask("close_for_open", coded).columns
