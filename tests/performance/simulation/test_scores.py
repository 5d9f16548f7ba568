"""Scores of the model and of the lines."""

import numpy as np
import pytest

from busta.performance.simulation.scores import scored
from busta.scoring.resampling import score_intervals

ENDS = [f"{name}_{end}" for name in ("log_loss", "brier", "accuracy") for end in ("low", "high")]


def all_rows(board):
    return np.arange(len(board))


def test_every_forecast_is_scored_on_the_games_that_all_know(season):
    board = season([1, -1, 1, None], [0.9, 0.1, 0.9, 0.9], line=0, close=[0.5, 0.4, np.nan, 0.5])
    found = scored(board, all_rows(board))
    assert list(found) == ["model", "closing_line"]
    assert {row["games"] for row in found.values()} == {2}
    assert found["model"]["log_loss"] == pytest.approx(-np.log(0.9))
    assert found["model"]["brier"] == pytest.approx(0.01)
    assert found["model"]["accuracy"] == 1
    assert found["closing_line"]["accuracy"] == 0.75  # a half is half right
    assert scored(board, np.array([1]))["model"]["games"] == 1


def test_at_the_open_the_opening_line_stands_there_too(season):
    board = season([1, -1], 0.6, line=0, moment="open")
    assert list(scored(board, all_rows(board))) == ["model", "closing_line", "opening_line"]


def test_the_interval_of_the_accuracy_is_that_of_its_weeks(season):
    """40 weeks of a game, 28 picked right: .7 +- 2.023 * sqrt(.7 * .3 / 39), within what 500 resamples leave."""
    board = season([1] * 28 + [-1] * 12, 0.6, line=0)
    found = scored(board, all_rows(board))["model"]
    assert found["accuracy"] == pytest.approx(0.7)
    assert found["accuracy_high"] - 0.7 == pytest.approx(0.1484, rel=0.1)
    assert 0.7 - found["accuracy_low"] == pytest.approx(0.1484, rel=0.1)


def test_the_intervals_are_those_that_an_evaluation_shows(season):
    board = season([1, -1, 1, 1] * 10, np.linspace(0.3, 0.7, 40), line=0, week=np.arange(40) // 4)
    found = scored(board, all_rows(board))["model"]
    shown = score_intervals(board.probability, board.y, board.weeks, {}, draws=500)
    for name in ("log_loss", "brier", "accuracy"):
        assert (found[f"{name}_low"], found[f"{name}_high"]) == (shown[name]["low"], shown[name]["high"])
        assert found[f"{name}_low"] < found[name] < found[f"{name}_high"]


@pytest.mark.parametrize(
    ("right", "wrong", "known"), [(14, 6, True), (5, 15, True), (13, 6, False), (16, 4, False), (4, 16, False)]
)
def test_an_interval_needs_twenty_games_five_picked_right_and_five_wrong(season, right, wrong, known):
    board = season([1] * right + [-1] * wrong, 0.6, line=0)
    found = scored(board, all_rows(board))["model"]
    assert found["accuracy"] == pytest.approx(right / (right + wrong))
    assert np.isfinite([found[end] for end in ENDS]).tolist() == [known] * 6


def test_no_game_has_no_score(season):
    board = season([3, None], 0.6, line=3)
    found = scored(board, all_rows(board))["model"]
    assert found.pop("games") == 0
    assert np.isnan(list(found.values())).all()
