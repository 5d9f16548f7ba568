"""What each member learns, and from what."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, ndtr

from busta.betting.settlement import label
from busta.models.members import FITS, MARKET, fit_member
from busta.models.portable import LOG_ODDS, MEAN, SHIFT, head, score
from busta.scoring.proper import log_loss
from busta.settings import Linear, Members, Train
from support import planted

ROWS = np.arange(400)
ALL = tuple(FITS)


def said(member, data, rows):
    return head(score(data.X[rows], member.spec, member.booster), data.offset[rows], data.line[rows], member.spec)


def of_points(market="ats", *, blind, seed=0):
    """Games whose margin is 3 points a unit of the first feature away from a line that knows the rest."""
    data = planted(market=market, seasons=10, per_week=20, seed=seed)
    rng = np.random.default_rng(seed)
    value = np.round(data.line + 3 * data.X[:, 0] + rng.normal(0, 10, len(data)))
    even = np.zeros(len(data))
    return replace(
        data, blind=blind, value=value, y=label(value, data.line), market_log_odds=even, closing_log_odds=even
    )


@pytest.mark.parametrize("blind", [False, True])
@pytest.mark.parametrize("name", ALL)
def test_every_member_is_data_with_a_name_a_kind_and_a_head(name, blind):
    data = replace(planted(market="ats"), blind=blind)
    member = fit_member(name, data, ROWS, Members(), seed=1)
    assert member.name == name
    assert member.spec["kind"] in {"constant", "linear", "boosting"}
    assert member.spec["head"] == (LOG_ODDS if "points" not in name else MEAN if blind else SHIFT)
    assert (member.booster is not None) == ("file" in member.spec) == (member.spec["kind"] == "boosting")
    assert np.isfinite(said(member, data, ROWS)).all()


def test_the_market_says_what_the_market_says_and_blind_the_rate_of_the_first_side():
    data = planted()
    np.testing.assert_array_equal(said(fit_member(MARKET, data, ROWS, Members(), 0), data, ROWS), data.offset[ROWS])
    blind = replace(data, blind=True)
    rate = expit(said(fit_member(MARKET, blind, ROWS, Members(), 0), blind, ROWS))
    np.testing.assert_allclose(rate, data.y[ROWS].mean())


@pytest.mark.parametrize("blind", [False, True])
def test_points_find_what_moves_the_margin_and_know_how_far_results_lie_from_it(blind):
    data = of_points(blind=blind)
    member = fit_member("points", data, np.arange(len(data)), Members(points=Linear(ridge=1.0)), 0)
    assert member.spec["sd"] == pytest.approx(10.4 if not blind else 11.2, abs=0.5)
    if not blind:
        assert member.spec["coef"][0] == pytest.approx(3, abs=0.5)
        odds = said(member, data, np.arange(len(data)))
        np.testing.assert_allclose(expit(odds), ndtr(3 * data.X[:, 0] / member.spec["sd"]), atol=0.05)


def test_blind_points_are_held_against_the_line():
    """The same game with a line 7 points higher is one that home covers less often."""
    data = replace(planted(market="ats"), blind=True)
    member = fit_member("points", data, ROWS, Members(), 0)
    higher = replace(data, line=data.line + 7)
    assert (said(member, higher, ROWS) < said(member, data, ROWS)).all()


def test_points_without_a_signal_leave_the_market_nearly_as_it_is():
    data = replace(of_points(blind=False), X=np.random.default_rng(9).normal(size=(2000, 4)))
    rows = np.arange(1500)
    member = fit_member("points", data, rows, Train().anchored, 0)
    assert np.abs(said(member, data, rows) - data.offset[rows]).max() < 0.2


@pytest.mark.parametrize("name", ["points", "points_boosting"])
def test_anchored_points_beat_a_market_that_does_not_know(name):
    data = of_points(blind=False)
    members = Members(points_boosting=Train().blind.boosting)
    member = fit_member(name, data, np.arange(1200), members, 0)
    rows = np.setdiff1d(np.arange(1200, len(data)), np.flatnonzero(np.isnan(data.y)))
    assert log_loss(expit(said(member, data, rows)), data.y[rows]) < np.log(2) - 0.01


def test_a_blind_member_learns_from_outcomes_and_past_prices_in_the_share_set():
    """With the price alone as its target it does not see how the games ended."""
    data = replace(planted(), blind=True)
    data.market_log_odds[400:] = np.nan
    other = replace(data, y=1 - data.y)

    def learned(table, rows, share):
        member = fit_member("linear", table, rows, Train().blind.model_copy(update={"line_share": share}), 0)
        return [member.spec["intercept"], *member.spec["coef"]]

    priced, unpriced = ROWS, np.arange(400, len(data))
    assert learned(data, priced, 1.0) == learned(other, priced, 1.0)
    assert learned(data, priced, 0.5) != learned(other, priced, 0.5)
    assert learned(data, unpriced, 0.0) == learned(data, unpriced, 1.0), "a game without a price keeps its outcome"
    assert Train().anchored.line_share == 0


def test_blind_points_learn_from_the_close_even_where_the_open_is_bet():
    data = replace(planted(market="totals", moment="open"), blind=True)
    settings = Train().blind.model_copy(update={"line_share": 1.0})
    plain = fit_member("points", data, ROWS, settings, 0)
    moved = fit_member("points", replace(data, closing_line=data.closing_line + 2), ROWS, settings, 0)
    assert moved.spec["intercept"] == pytest.approx(plain.spec["intercept"] + 2, abs=0.2)
    same = fit_member("points", replace(data, value=data.value + 9), ROWS, settings, 0)
    assert same.spec["coef"] == plain.spec["coef"]


def test_anchored_points_without_a_line_teach_nothing():
    data = planted(market="ats")
    data.line[:100] = np.nan
    some, all_of_it = (fit_member("points", data, rows, Members(), 0) for rows in (np.arange(100, 400), ROWS))
    assert some.spec == all_of_it.spec
