"""Closing-line value."""

import numpy as np
import pytest

from busta.performance.simulation import closing_edge, closing_points, closing_value, lay, missing_closes
from busta.performance.simulation.closing import AT_CLOSE


def both_sides(board):
    return lay(np.arange(len(board)) % 2, board.prices)


def test_the_edge_of_the_bet_as_taken_by_the_closing_market(season):
    """.55 at 2.0 is +10 %; the second side of .6 has .4: -20 %. Ten of each, a pair a week: no week differs."""
    pair = {"close": [0.55, 0.6] * 10, "closing_line": [1.5, 2.5] * 10}
    board = season([1] * 20, 0.5, moment="open", prices=2.0, week=np.arange(20) // 2, **pair)
    bets = both_sides(board)
    assert closing_edge(bets, board).tolist() == pytest.approx([0.1, -0.2] * 10)
    assert closing_points(bets, board).tolist() == [1, -2] * 10  # home from -.5 to -1.5: the home bettor gained a point
    found = closing_value(bets, board)
    assert found["clv"] == pytest.approx(-0.05)
    assert found["clv_points"] == -0.5
    assert found["clv_coverage"] == 1
    assert (found["clv_low"], found["clv_high"]) == (pytest.approx(-0.05), pytest.approx(-0.05))


@pytest.mark.parametrize(("unclosed", "known"), [(0, True), (1, False)])
def test_an_interval_needs_twenty_bets_with_a_close(season, unclosed, known):
    """Ten weeks at +10 %, ten at -10 %: sd .1026 over 20 weeks, t of 19 is 2.093: 0 +- .048."""
    close = np.array([0.55, 0.45] * 10)
    close[:unclosed] = np.nan
    board = season([1] * 20, 0.5, moment="open", close=close, prices=2.0)
    found = closing_value(lay(np.zeros(20, dtype=int), board.prices), board)
    assert (found["clv_high"] == pytest.approx(0.048, abs=5e-4)) == known
    assert np.isnan([found["clv_low"], found["clv_high"]]).all() == (not known)


def test_a_push_at_the_close_counts_nothing(season):
    board = season([1], 0.5, moment="open", close=0.5, push=0.1, prices=2.2)
    assert closing_edge(both_sides(board), board).tolist() == pytest.approx([0.45 * 1.2 - 0.45])


def test_every_missing_close_has_its_reason(season):
    board = season(
        [1, 1, 1, None],
        0.5,
        moment="open",
        close=[0.55, np.nan, np.nan, 0.5],
        closing_line=[1.5, np.nan, 1.5, 1.5],
        prices=2.0,
    )
    bets = lay(np.zeros(4, dtype=int), board.prices)
    assert missing_closes(bets, board) == {
        "the market has no quote at the close": 1,
        "the quote at the close has no probability to read": 1,
        "the game has no result: void": 1,
    }
    found = closing_value(bets, board)
    assert found["clv"] == pytest.approx(0.1)
    assert found["clv_coverage"] == pytest.approx(1 / 3)


def test_a_bet_at_the_close_has_no_later_line(season):
    board = season([1, 1], 0.5)
    assert np.isnan(list(closing_value(both_sides(board), board).values())).all()
    assert missing_closes(both_sides(board), board) == {AT_CLOSE: 2}
    assert missing_closes(both_sides(board).take(np.array([], dtype=int)), board) == {}


def test_a_moneyline_has_no_points(season):
    board = season([1, 1], 0.5, market="moneyline", moment="open", line=0, prices=2.0)
    assert np.isnan(closing_value(both_sides(board), board)["clv_points"])
    assert closing_value(both_sides(board), board)["clv"] == 0


def test_no_bets_have_no_value(season):
    board = season([1], 0.5, moment="open")
    assert np.isnan(list(closing_value(both_sides(board).take(np.array([False])), board).values())).all()
