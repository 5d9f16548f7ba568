"""Parlays, teasers, team totals and winning margins: sums of the cells in which they happen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.betting.distribution import Discretised
from busta.betting.joint import Joint
from busta.betting.joint_prices import BANDS, Leg, even, parlay, team_total, winning_margins
from busta.errors import UsageError

MARGIN = Discretised(13.0, np.where(np.abs(np.arange(-60, 61)) == 3, 3.0, 1.0), -60, 60)
TOTAL = Discretised(13.0, np.ones(111), 0, 110)
JOINT = Joint.agreeing(
    MARGIN, TOTAL, [[0.6, 0.5, 0.5], [0.45, 0.55, 0.48], [np.nan] * 3], [3.0, -1.5, 0.0], [44.0, 41.5, 40.0]
)
HOME, OVER = Leg("margin", 3, first=True), Leg("total", 44, first=True)
lines = st.integers(-40, 100).map(lambda half: half / 2)


@given(lines, st.booleans())
def test_a_parlay_of_one_leg_is_that_bet(line, first):
    for quantity, priced in (("margin", JOINT.spread), ("total", JOINT.over)):
        triple = priced(line)[0] if first else priced(line)[0, ::-1]
        assert parlay([(JOINT, 0, [Leg(quantity, line, first)])]) == pytest.approx(triple, abs=1e-12)


@given(lines, lines)
def test_side_and_total_of_a_game_share_out_the_side(spread, total):
    won = sum(
        parlay([(JOINT, 0, [Leg("margin", spread, first=True), Leg("total", total, first)])])[0]
        for first in (True, False)
    )
    pushed = (JOINT.cells(0)[JOINT.margins > spread] * (JOINT.totals == total)).sum()
    assert won + pushed == pytest.approx(JOINT.spread(spread)[0, 0], abs=1e-12)


def test_legs_of_a_game_depend_on_each_other_and_games_do_not():
    side, total = JOINT.spread(20)[0, 0], JOINT.over(44)[0, 0]
    same = parlay([(JOINT, 0, [Leg("margin", 20, first=True), OVER])])[0]
    assert same > side * total + 0.001  # a rout needs points

    two = parlay([(JOINT, 0, [HOME]), (JOINT, 1, [HOME])])[0]
    assert two == pytest.approx(JOINT.spread(3)[0, 0] * JOINT.spread(3)[1, 0], abs=1e-12)


def test_what_a_push_does_is_the_books_rule():
    legs = [(JOINT, 0, [HOME, OVER])]
    win, push, lose = parlay(legs)

    assert push > 0.01
    assert parlay(legs, "lost") == pytest.approx((win, 0, push + lose))
    cells = JOINT.cells(0)
    unbeaten = cells[np.ix_(JOINT.margins >= 3, JOINT.totals >= 44)].sum()
    assert win + push == pytest.approx(unbeaten, abs=1e-12)


def test_a_leg_moves_in_the_bettors_favour():
    for leg in (HOME, OVER, Leg("margin", -7.5, first=False), Leg("total", 38, first=False)):
        chances = [parlay([(JOINT, 0, [leg.moved(points)])])[0] for points in (-3, 0, 6)]
        assert chances == sorted(chances)
        assert leg.moved(6).moved(-6) == leg


def test_team_totals_are_shares_of_the_total():
    parts = {home: team_total(JOINT, 0, home=home) for home in (True, False)}

    means = {home: (points * pmf).sum() for home, (points, pmf) in parts.items()}
    assert means[True] + means[False] == pytest.approx(JOINT.expected_total()[0])
    assert means[True] - means[False] == pytest.approx(JOINT.expected_margin()[0])
    assert parts[True][1].sum() == pytest.approx(1)
    assert parts[True][1][20] == pytest.approx(
        sum(JOINT.cells(0)[JOINT.margins == 20 - away, JOINT.totals == 20 + away].sum() for away in range(81))
    )


def test_winning_margins_share_out_the_moneyline():
    found = winning_margins(JOINT, 0)

    home = sum(chance for (side, *_), chance in found.items() if side == "home")
    assert [home, found["tie", 0, 0], sum(found.values())] == pytest.approx([*JOINT.spread(0)[0, :2], 1], abs=1e-12)
    assert found["home", 1, 6] == pytest.approx(JOINT.spread(0)[0, 0] - JOINT.spread(6.5)[0, 0], abs=1e-12)
    assert len(found) == 2 * len(BANDS) + 1


def test_an_even_total_goes_with_an_even_margin():
    assert even(JOINT, 0) == pytest.approx(JOINT.margin[0, JOINT.margins % 2 == 0].sum(), abs=1e-12)


def test_nothing_known_of_a_game_gives_nothing():
    assert np.isnan(parlay([(JOINT, 0, [HOME]), (JOINT, 2, [HOME])])).all()
    assert np.isnan(team_total(JOINT, 2, home=True)[1]).any()
    assert np.isnan(even(JOINT, 2))
    assert np.isnan(winning_margins(JOINT, 2)["tie", 0, 0])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: Leg("margin", 3.25, first=True), "neither whole nor half"),
        (lambda: Leg("margin", np.nan, first=True), "line nan cannot be right"),
        (lambda: Leg("points", 3, first=True), "margin, total"),  # type: ignore[arg-type]
        (lambda: parlay([]), "without legs"),
        (lambda: parlay([(JOINT, 0, [])]), "without legs"),
        (lambda: parlay([(JOINT, 0, [HOME])], "won"), "returned, lost"),  # type: ignore[arg-type]
        (lambda: winning_margins(JOINT, 0, [2, 5]), "rising from 1"),
        (lambda: winning_margins(JOINT, 0, [1, 5, 5]), "rising from 1"),
    ],
)
def test_what_cannot_be_is_refused(wrong, says):
    with pytest.raises(UsageError, match=says):
        wrong()
