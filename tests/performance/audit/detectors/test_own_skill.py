"""No single column tells more than the line."""

from dataclasses import replace

import numpy as np
import pytest

RENAMINGS = {"as it is": (1.0, 0.0), "negated": (-1.0, 0.0), "rescaled": (0.003, 71.0)}


@pytest.mark.parametrize("target", ["won", "margin"])
@pytest.mark.parametrize("noise", [0.0, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_honest_columns_are_clean(made, ask, target, noise, seed):
    found = ask("own_skill", made(seed=seed, target=target, noise=noise).table)
    assert found.answer == "clean"
    assert 0 < found.figure < found.threshold == pytest.approx(0.15)
    assert found.columns == ()


@pytest.mark.parametrize("renaming", RENAMINGS)
@pytest.mark.parametrize("target", ["won", "margin"])
def test_a_score_of_the_game_is_found_under_any_name_and_scale(made, ask, target, renaming):
    world = made(target=target)
    scale, shift = RENAMINGS[renaming]
    points = 20 + world.margin / 2 + np.random.default_rng(0).normal(0, 7, world.margin.size)
    found = ask("own_skill", world.with_column(scale * points + shift))
    assert (found.answer, found.columns) == ("leak", ("x",))
    assert "'x' tells" in found.words
    assert found.figure > 0.3


def test_what_only_its_gaps_tell_is_found(made, ask):
    world = made()
    rng = np.random.default_rng(0)
    hidden = (world.table.y == 0) & (rng.random(world.margin.size) < 0.4)
    found = ask("own_skill", world.with_column(np.where(hidden, np.nan, rng.normal(size=hidden.size))))
    assert found.answer == "leak"
    assert "x" in found.columns
    assert "(number of empty cells)" in found.columns
    honest = world.with_column(
        np.where(world.strength + rng.normal(0, 2, hidden.size) < 0, np.nan, 1.0 + rng.random(hidden.size))
    )
    assert ask("own_skill", honest).answer == "clean"


def test_codes_without_an_order_are_asked_by_level(made, ask):
    world = made()
    rng = np.random.default_rng(0)
    code = np.where(world.margin > 0, rng.integers(0, 25, world.margin.size), rng.integers(15, 40, world.margin.size))
    found = ask("own_skill", world.with_column(rng.permutation(40)[code].astype(float), categorical=True))
    assert (found.answer, found.columns) == ("leak", ("x",))


@pytest.mark.parametrize("scope", ["table", "time"])
def test_the_order_of_rows_is_a_column_too(made, ask, scope):
    table = made().table
    keys = (table.y,) if scope == "table" else (table.y, table.time)
    position = np.empty(len(table), dtype=np.int64)
    position[np.lexsort(keys)] = np.arange(len(table))
    found = ask("own_skill", replace(table, position=position))
    assert found.answer == "leak"
    assert all(name.startswith("(") for name in found.columns)


def test_without_a_line_only_what_is_impossible_is_a_leak(made, ask):
    world = made(seed=1)
    bare = replace(world.table, line=None)
    clean = ask("own_skill", bare)
    assert (clean.answer, clean.threshold) == ("clean", 0.4)
    assert "no line was given" in clean.words
    score = world.margin + np.random.default_rng(0).normal(0, 6, world.margin.size)
    told = replace(world.with_column(score), line=None)
    for table in (told, replace(told, teams=None)):
        assert ask("own_skill", table).columns == ("x",)


def test_a_table_without_columns_still_has_its_order(made, ask):
    table = made().table
    empty = replace(table, names=(), X=np.empty((len(table), 0)), categorical=np.empty(0, dtype=bool))
    assert ask("own_skill", empty).answer == "clean"


def test_a_column_that_tells_only_within_its_week_is_found(made, ask):
    """A row number after each week was sorted by result: over all rows it says next to nothing."""
    world = made()
    table = world.table
    rng = np.random.default_rng(1)
    place = np.lexsort((table.y + rng.normal(0, 0.4, len(table)), table.weeks))
    number = np.empty(len(table))
    number[place] = np.arange(len(table))
    found = ask("own_skill", world.with_column(number))
    assert found.answer == "leak"
    assert "order within a week" in found.words
    honest = np.empty(len(table))
    honest[np.lexsort((rng.random(len(table)), table.weeks))] = np.arange(len(table))
    assert ask("own_skill", world.with_column(honest)).answer == "clean"


def test_a_column_that_tells_only_together_with_the_line_is_found(made, ask):
    """Close results: of a favourite they mean less than was expected, of an underdog more."""
    world = made(target="margin")
    close = (np.abs(world.margin) <= 3).astype(float)
    found = ask("own_skill", world.with_column(close))
    assert (found.answer, found.words.split(" what ")[0].split("' ")[1]) == ("leak", "tells together with the line")


def test_predictions_of_rows_that_were_learned_from_are_found(made, ask):
    table = made().table
    rng = np.random.default_rng(0)
    learned = np.clip(table.line + 0.1 * (table.y - 0.5) + rng.normal(0, 0.05, len(table)), 0.01, 0.99)
    found = ask("own_skill", replace(table, prediction=learned))
    assert (found.answer, set(found.columns)) == ("leak", {"(prediction)", "(prediction less the line)"})
    honest = np.clip(table.line + rng.normal(0, 0.05, len(table)), 0.01, 0.99)
    assert ask("own_skill", replace(table, prediction=honest)).answer == "clean"
