"""A champion that is as good as it was is left alone for years; one that is off is found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit, ndtr

from busta.performance.significance.eprocess import threshold
from busta.watch.decay import Record, decay, evidence, usual_gap

SD, GAMES, WEEKS = 13.3, 16, 18
RULES = {"alpha": 0.05, "margin": 0.002}


def played(seasons, rng, *, bias=0.0, error=0.1):
    """Games whose results come out ``bias`` points above what champion and line say, who differ by ``error``."""
    n = seasons * WEEKS * GAMES
    week = np.datetime64("2001-09-04") + np.repeat(np.arange(seasons * WEEKS), GAMES) * 7
    centre = rng.normal(0, 5, n)
    value = centre + bias + SD * rng.normal(size=n)
    said = ndtr(centre / SD)
    champion = expit(logit(said) + error * rng.normal(size=n))
    return Record(week, (value > 0).astype(float), champion, said, value - centre)


def test_a_champion_that_is_as_good_as_it_was_is_hardly_ever_said_to_have_decayed():
    rng = np.random.default_rng(0)
    past = played(10, rng)
    ever = sum(evidence(past, played(5, rng), 0.002)[1].max() >= threshold(0.05) for _ in range(100))

    assert ever <= 10


def test_results_above_what_is_said_are_found_within_a_season():
    rng = np.random.default_rng(1)

    found = decay(played(10, rng), played(1, rng, bias=4.4), **RULES)

    assert found.alarm
    assert found.e_value > found.threshold == pytest.approx(20)
    assert "2001-09-04" < found.since < "2002-01-01"


def test_results_below_it_are_found_too():
    rng = np.random.default_rng(2)

    assert decay(played(10, rng), played(1, rng, bias=-4.4), **RULES).alarm


def test_forecasts_that_have_become_worse_than_the_line_are_found():
    rng = np.random.default_rng(3)

    assert decay(played(10, rng), played(3, rng, error=0.9), **RULES).alarm


def test_what_was_always_worse_than_the_line_has_not_decayed():
    rng = np.random.default_rng(4)
    past = played(10, rng, error=0.5)

    assert usual_gap(past, 0.002) > 0.02
    assert not decay(past, played(3, rng, error=0.5), **RULES).alarm


def test_both_detectors_see_a_change_that_leaves_no_doubt_and_none_where_there_is_none():
    rng = np.random.default_rng(5)
    past = played(10, rng)

    broken, sound = decay(past, played(2, rng, bias=12.0), **RULES), decay(past, played(2, rng), **RULES)

    assert broken.adwin
    assert broken.page_hinkley
    assert not sound.adwin
    assert not sound.page_hinkley
    assert not sound.alarm
    assert sound.since is None


def test_before_the_first_game_there_is_no_evidence():
    past = played(3, np.random.default_rng(6))
    nothing = Record(*(getattr(past, name)[:0] for name in ("week", "y", "probability", "closing", "off")))

    found = decay(past, nothing, **RULES)

    assert found.e_value == 1
    assert not found.alarm


def test_without_a_closing_line_the_margin_is_all_that_may_be_lost():
    past = played(3, np.random.default_rng(7))
    blank = Record(past.week, past.y, past.probability, past.closing * np.nan, past.off)

    assert usual_gap(blank, 0.002) == 0.002
    assert len(evidence(past, blank, 0.002)[0]) == 3 * WEEKS
