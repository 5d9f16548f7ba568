"""One distribution of margin and total: it says what the three models say, and nothing that contradicts itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.betting.distribution import Discretised
from busta.betting.joint import CHUNK, LIMIT, Joint
from busta.errors import UsageError


def spiked(low, high, sd, **keys):
    weights = np.ones(high - low + 1)
    for key, weight in keys.items():
        for value in {int(key[1:]), -int(key[1:])} if low < 0 else {int(key[1:])}:
            weights[value - low] = weight
    return Discretised(sd, weights, low, high)


MARGIN = spiked(-70, 70, 13.0, k0=0.1, k3=3.0, k7=2.0)
TOTAL = spiked(0, 120, 13.0, k41=1.5, k44=1.4, k38=0.7)
PLAIN = Discretised(12.0, np.ones(201), -100, 100), Discretised(18.0, np.ones(251), 100, 350)

shares = st.floats(0.02, 0.98)
spreads = st.integers(-30, 30).map(lambda half: half / 2)
totals = st.integers(60, 120).map(lambda half: half / 2)
quarters = st.integers(-120, 120).map(lambda quarter: quarter / 4)


def one(home, cover, over, spread, total, **options):
    return Joint.agreeing(MARGIN, TOTAL, [[home, cover, over]], [spread], [total], **options)


def given_no_push(triple):
    return triple[:, 0] / (triple[:, 0] + triple[:, 2])


def likely(mean, spread, total_mean, total, tilt=0.0):
    """What models say that all read one base, the spread's a little off."""
    home = given_no_push(MARGIN.win_push_lose(mean, 0.0))
    cover = given_no_push(MARGIN.win_push_lose(mean + tilt, spread))
    over = given_no_push(TOTAL.win_push_lose(total_mean, total))
    return np.column_stack((home, cover, over))


@given(st.floats(-12, 12), spreads, st.floats(35, 55), totals, st.floats(-0.3, 0.3))
def test_models_that_agree_are_all_met(mean, spread, total_mean, total, tilt):
    p = likely(mean, spread, total_mean, total, 0.0 if abs(spread) < 3 else tilt)

    joint = Joint.agreeing(MARGIN, TOTAL, p, [spread], [total])

    assert given_no_push(joint.spread(0)) == pytest.approx(p[:, 0], abs=1e-9)
    assert given_no_push(joint.spread(spread)) == pytest.approx(p[:, 1], abs=1e-9)
    assert given_no_push(joint.over(total)) == pytest.approx(p[:, 2], abs=1e-9)


@given(shares, shares, shares, spreads, totals)
def test_the_moneyline_and_the_total_stand_whatever_the_spread_says(home, cover, over, spread, total):
    joint = one(home, cover, over, spread, total)

    assert given_no_push(joint.spread(0))[0] == pytest.approx(home, abs=1e-9)
    assert given_no_push(joint.over(total))[0] == pytest.approx(over, abs=1e-9)
    assert joint.gap[0, [0, 2]] == pytest.approx([0, 0], abs=1e-9)
    assert joint.gap[0, 1] == pytest.approx(given_no_push(joint.spread(spread))[0] - cover, abs=1e-12)


@given(shares, shares, shares, spreads, totals, quarters, quarters)
def test_no_two_prices_contradict_each_other(home, cover, over, spread, total, line, other):
    joint = one(home, cover, over, spread, total)
    low, high = sorted((line, other))
    (low_triple,), (high_triple,) = joint.spread(low), joint.spread(high)

    assert low_triple.sum() == pytest.approx(1, abs=1e-12)
    assert low_triple[0] >= high_triple[0] - 1e-12  # a higher line is won less
    assert low_triple[2] <= high_triple[2] + 1e-12
    assert joint.over(low + 50)[0, 0] >= joint.over(high + 50)[0, 0] - 1e-12
    assert joint.spread(line + 0.5)[0, 0] + joint.spread(line + 0.5)[0, 1] <= joint.spread(line)[0, :2].sum() + 1e-12
    cells = joint.cells(0)
    assert cells.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(cells.sum(axis=1), joint.margin[0], atol=1e-13)
    np.testing.assert_allclose(cells.sum(axis=0), joint.total[0], atol=1e-13)


@given(shares, shares, shares, spreads, totals, quarters)
def test_sides_change_places_in_the_mirror(home, cover, over, spread, total, line):
    joint, mirrored = one(home, cover, over, spread, total), one(1 - home, 1 - cover, over, -spread, total)

    np.testing.assert_allclose(joint.spread(line), mirrored.spread(-line)[:, ::-1], atol=1e-7)
    np.testing.assert_allclose(joint.over(44.5), mirrored.over(44.5), atol=1e-7)


def test_only_scores_that_are_possible_have_a_probability():
    joint = one(0.7, 0.5, 0.4, 4.5, 41.0)
    margins, totals = joint.margins[:, None], joint.totals[None]
    possible = ((margins + totals) % 2 == 0) & (abs(margins) <= totals)

    assert (joint.cells(0)[~possible] == 0).all()
    assert (joint.cells(0)[possible] > 0).all()


def test_without_a_contradiction_the_margin_is_the_base_itself():
    mean = MARGIN.mean_for(0.63, 3.0)
    home = given_no_push(MARGIN.win_push_lose(mean, 0.0))[0]

    joint = one(home, 0.63, np.nan, 3.0, np.nan)

    np.testing.assert_allclose(joint.margin[0], MARGIN.pmf(mean)[0], atol=1e-9)


def test_the_change_is_the_smallest_there_is():
    """Any other distribution that agrees with the models is further from the base."""
    p, spread = [0.62, 0.47, np.nan], 3.5
    joint, support = one(*p, spread, np.nan, limit=np.inf), np.arange(-70, 71)
    base = MARGIN.pmf((MARGIN.mean_for(p[0], 0.0) + MARGIN.mean_for(p[1], spread)) / 2)[0]
    found = joint.margin[0]
    constraints = [np.ones(141)]
    for share, line in ((p[0], 0), (p[1], spread)):
        constraints.append(np.where(support > line, 1 - share, np.where(support < line, -share, 0)))
    free = np.linalg.svd(np.array(constraints))[2][3:]  # directions that change no constraint
    rng = np.random.default_rng(1)
    for _ in range(50):
        other = found + found.min() * 0.9 * np.tanh(rng.normal(size=len(free)) @ free)
        other += np.linalg.pinv(np.array(constraints)) @ (np.array(constraints) @ (found - other))
        if (other > 0).all():
            assert (other * np.log(other / base)).sum() > (found * np.log(found / base)).sum()


def test_a_spread_that_cannot_be_met_is_met_as_nearly_as_the_limit_lets_it():
    """Home cannot cover 3.5 more often than it wins."""
    wide, narrow = (one(0.5, 0.6, 0.5, 3.5, 44.5, limit=limit) for limit in (3.0, 0.5))

    assert wide.gap[0, 1] < -0.1
    assert narrow.gap[0, 1] < wide.gap[0, 1]
    assert given_no_push(narrow.spread(0))[0] == pytest.approx(0.5, abs=1e-9)


def test_a_spread_of_0_is_the_moneyline():
    joint = one(0.6, 0.5, 0.5, 0.0, 44.5)

    assert joint.gap[0, 1] == pytest.approx(0.1, abs=1e-9)
    np.testing.assert_array_equal(joint.spread(0.0), joint.spread(-0.0))
    assert one(np.nan, 0.55, 0.5, 0.0, 44.5).gap[0, 1] == pytest.approx(0, abs=1e-9)


@given(shares, shares, spreads)
def test_nothing_known_of_the_total_leaves_it_open_and_the_margin_alone(home, cover, spread):
    without, with_line = (one(home, cover, np.nan, spread, total) for total in (np.nan, 30.0))

    np.testing.assert_allclose(without.margin, with_line.margin, atol=1e-14)
    for joint in (without, with_line):
        assert np.isnan(joint.over(40)).all()
        assert np.isnan(joint.fair_total()).all()
        assert np.isnan(joint.columns).all()
        assert given_no_push(joint.spread(0))[0] == pytest.approx(home, abs=1e-9)


@pytest.mark.parametrize(("p", "known"), [((0.6, np.nan), 0), ((np.nan, 0.45), 3.5)])
def test_one_model_of_the_margin_is_enough(p, known):
    joint = one(*p, 0.5, 3.5, 44.5)

    assert given_no_push(joint.spread(known))[0] == pytest.approx(np.nanmax(p), abs=1e-9)
    assert np.isnan(joint.gap[0, :2]).sum() == 1


def test_nothing_known_of_the_margin_gives_nothing():
    joint = one(np.nan, np.nan, 0.5, 3.5, 44.5)

    for found in (joint.spread(3), joint.over(44), joint.fair_spread(), joint.fair_total(), joint.gap):
        assert np.isnan(found).all()


@pytest.mark.parametrize("sure", [0.0, 1e-15, 1.0])
def test_models_that_are_sure_are_taken_at_their_word(sure):
    joint = one(sure, 0.5, 1 - sure, 3.5, 44.5)

    assert given_no_push(joint.spread(0))[0] == pytest.approx(sure, abs=1e-9)
    assert given_no_push(joint.over(44.5))[0] == pytest.approx(1 - sure, abs=1e-9)
    assert joint.cells(0).sum() == pytest.approx(1, abs=1e-12)


def test_a_narrow_total_leaves_no_margin_without_a_total():
    joint = Joint.agreeing(MARGIN, Discretised(0.5, np.ones(101), 0, 100), [[0.6, 0.5, 0.5]], [3.5], [44.5])

    np.testing.assert_allclose(joint.margin.sum(axis=1), 1)
    assert given_no_push(joint.over(44.5))[0] == pytest.approx(0.5, abs=1e-9)


def test_games_are_each_treated_as_alone_bit_for_bit():
    rng = np.random.default_rng(5)
    count = CHUNK + 9
    p, spread, total = (
        rng.uniform(0.2, 0.8, (count, 3)),
        rng.integers(-20, 20, count) / 2,
        rng.integers(70, 110, count) / 2,
    )
    together = Joint.agreeing(MARGIN, TOTAL, p, spread, total)

    for game in (0, CHUNK - 1, CHUNK, count - 1):
        alone = Joint.agreeing(MARGIN, TOTAL, p[[game]], spread[[game]], total[[game]])
        for name in ("margin", "total", "rows", "columns", "gap"):
            np.testing.assert_array_equal(getattr(alone, name)[0], getattr(together, name)[game])
    some = together.take(np.array([3, 1]))
    np.testing.assert_array_equal(some.spread(2.5), together.spread(2.5)[[3, 1]])
    assert len(some) == 2


def test_no_games_are_no_error():
    assert len(Joint.agreeing(MARGIN, TOTAL, np.empty((0, 3)), [], [])) == 0


def test_a_quarter_line_is_two_bets_of_half_the_stake():
    joint = one(0.6, 0.5, 0.5, 3.0, 44.0)

    np.testing.assert_allclose(joint.spread(3.25), (joint.spread(3.0) + joint.spread(3.5)) / 2, atol=1e-15)
    np.testing.assert_allclose(joint.over(44.75), (joint.over(44.5) + joint.over(45.0)) / 2, atol=1e-15)


def test_fair_lines_halve_the_games():
    joint = Joint.agreeing(*PLAIN, [[0.7, np.nan, 0.5]], [np.nan], [220.5])

    assert joint.fair_total() == 220.5
    (win, push, lose), fair = joint.spread(joint.fair_spread())[0], joint.fair_spread()[0]
    assert push == 0
    assert abs(win - lose) <= min(abs(np.subtract(*joint.spread(fair + step)[0, [0, 2]])) for step in (-1, 1))
    assert joint.expected_margin()[0] == pytest.approx(fair, abs=1)
    assert joint.expected_total()[0] == pytest.approx(220.5, abs=1)


def test_a_favourites_margin_and_the_total_rise_together_where_scores_are_low():
    joint = one(0.8, np.nan, 0.5, np.nan, 41.5)
    cells, margins, totals = joint.cells(0), joint.margins[:, None], joint.totals[None]

    covariance = (cells * margins * totals).sum() - joint.expected_margin()[0] * joint.expected_total()[0]

    assert covariance > 0.02 * MARGIN.sd * TOTAL.sd


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: one(1.2, 0.5, 0.5, 3, 44), "between 0 and 1"),
        (lambda: one(0.5, 0.5, 0.5, 3.25, 44), "neither whole nor half"),
        (lambda: one(0.5, 0.5, 0.5, 3, 44, limit=0.0), "limit 0.0 cannot be right"),
        (lambda: one(0.5, 0.5, 0.5, 3, 44).spread(3.1), "quarters of a point"),
        (lambda: one(0.5, 0.5, 0.5, 3, 44).over([44, 45]), "2 games|lines"),
        (lambda: Joint.agreeing(MARGIN, MARGIN, [[0.5] * 3], [3], [44]), "lowest total"),
        (lambda: Joint.agreeing(MARGIN, TOTAL, [0.5] * 3, [3], [44]), "three and two a game"),
    ],
)
def test_what_cannot_be_is_refused(wrong, says):
    with pytest.raises(UsageError, match=says):
        wrong()


def test_the_limit_is_the_factor_between_the_densities_beside_the_spread():
    joint = one(0.5, 0.6, np.nan, 3.5, np.nan)
    base = MARGIN.pmf((MARGIN.mean_for(0.5, 0.0) + MARGIN.mean_for(0.6, 3.5)) / 2)[0]
    ratio = np.log(joint.margin[0] / base)

    assert ratio[74] - ratio[73] == pytest.approx(LIMIT, abs=1e-6)  # margins 4 and 3


def test_an_infinite_line_is_refused():
    bell = Discretised(sd=13.0, weights=np.ones(141), low=-70, high=70)
    total = Discretised(sd=13.0, weights=np.ones(141), low=0, high=140)
    with pytest.raises(UsageError, match="a line is infinite"):
        Joint.agreeing(bell, total, [[0.6, 0.5, 0.5]], [np.inf], [44.5])
