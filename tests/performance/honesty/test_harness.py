"""The gate in worlds with known truth: the small version of benchmarks/honesty.py."""

from dataclasses import replace

import numpy as np
import pytest

from busta.performance.honesty.cells import CELLS, SMALL, Cell, Target
from busta.performance.honesty.harness import coverage_of_legs, measure, week_sums
from busta.performance.honesty.table import HEADING, line
from busta.performance.honesty.worlds import World, draw
from busta.performance.significance.margin import weekly_scores


@pytest.fixture(scope="module")
def rows():
    """The small table."""
    return {(cell.name, cell.games): measure(cell, 300, seed=1) for cell in SMALL}


def test_week_sums_are_those_of_the_real_function():
    sample = draw(World(bias=2.0), worlds=2, candidates=3, skilled=1, games=100, rng=np.random.default_rng(1))
    fast, moved = week_sums(sample)
    weeks = np.repeat(np.arange(6), 16)
    for ours, other in ((fast, sample.residual), (moved, sample.move)):
        flat = np.broadcast_to(other[:, None], sample.opinion.shape).reshape(2, 3, -1)
        real = weekly_scores(sample.opinion.reshape(2, 3, -1), flat, weeks)
        np.testing.assert_allclose(ours.score, real.score, rtol=1e-3, atol=1e-2)
        np.testing.assert_allclose(ours.information, real.information, rtol=1e-4)
    np.testing.assert_allclose(fast.null_variance, fast.information * 13.3**2)


def test_nobody_is_promoted_for_luck(rows):
    for games in (285, 1400):
        row = rows["no edge", games]
        assert row.informative.value <= 0.065
        assert row.false_fit_to_bet.value <= 0.02
        assert row.evidence.value <= 0.03
        assert row.true_roi == pytest.approx(-1 / 22, abs=0.004)


def test_what_is_there_is_found(rows):
    row = rows["2 points", 1400]
    assert row.informative.value >= 0.92
    assert row.fit_to_bet.value >= 0.65
    assert row.once.value >= row.informative.value
    assert row.true_roi == pytest.approx(0.055, abs=0.01)
    assert rows["2 points", 285].informative.value < 0.3  # one season proves little


def test_roi_intervals_cover_and_what_is_selected_is_corrected(rows):
    for row in rows.values():
        assert 0.91 <= row.roi_coverage.value <= 0.98
        assert row.best.corrected <= 0.015
        assert row.best.coverage.value >= 0.93
    assert rows["no edge", 285].best.raw > 0.08


def test_the_same_seed_gives_the_same_row():
    assert measure(SMALL[0], 40, seed=3) == measure(SMALL[0], 40, seed=3)
    assert measure(SMALL[0], 40, seed=3) != measure(SMALL[0], 40, seed=4)


def test_one_candidate_and_a_push_are_no_trouble():
    row = measure(Cell("alone", World(whole=True), 1, 0, 285), 60)
    assert row.best.raw == pytest.approx(row.best.corrected)
    assert row.false_informative.trials == 60


def test_bets_of_a_game_that_go_together_are_covered_by_weeks_only():
    by_week, alone = coverage_of_legs(800, 285, seed=2)
    assert 0.92 <= by_week.value <= 0.975
    assert alone.value < 0.88


def test_missed_targets_are_marked(rows):
    row = rows["no edge", 285]
    strict = replace(
        row, cell=replace(row.cell, targets=(Target("informative", least=0.5), Target("once", upper=0.001)))
    )
    assert len(strict.missed()) == 2
    assert "MISSED: informative" in line(strict)
    kept = replace(row, cell=replace(row.cell, targets=(Target("informative", most=0.05, upper=0.065),)))
    assert kept.missed() == []
    assert "MISSED" not in line(kept)


def test_a_figure_that_does_not_apply_is_a_dash(rows):
    row = rows["no edge", 285]
    nobody = replace(row, crossing=replace(row.crossing, raw=np.nan, corrected=np.nan, coverage=type(row.once)(0, 0)))
    assert line(nobody).rstrip().endswith("-")
    assert len(line(nobody)) == len(HEADING)


def test_the_whole_table_has_the_worlds_that_were_promised():
    assert {cell.candidates for cell in CELLS} == {1, 20, 100}
    assert {cell.games for cell in CELLS} == {285, 1400, 6200}
    assert {cell.world.bias for cell in CELLS} == {0.0, 1.0, 2.0}
    assert {cell.world.skill for cell in CELLS} == {0.0, 0.5, 1.0}
    assert len({(cell.name, cell.candidates, cell.games) for cell in CELLS}) == len(CELLS)
