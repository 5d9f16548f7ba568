"""Figures as text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.reports.numbers import MINUS, NONE, count, counted, figure, odds_of_luck, percent, short, span, tidy, words

NUMBERS = st.floats(-1e9, 1e9)


@given(NUMBERS)
def test_a_figure_reads_back_as_what_it_was(value):
    assert float(figure(value, ".3f").replace(MINUS, "-")) == pytest.approx(value, abs=5.1e-4)


@given(st.floats(-0.0004, 0.0004))
def test_nothing_has_no_sign(value):
    assert figure(value, "+.3f") == "0.000"


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("form", [figure, percent, count, short])
def test_what_does_not_apply_is_a_dash(form, value):
    assert form(value) == NONE


@given(NUMBERS, NUMBERS)
def test_an_interval_needs_both_ends(low, high):
    assert " to " in span(low, high)
    assert span(low, None) == span(None, high) == span(low, math.nan) == NONE


@given(st.floats(0, 1))
def test_luck_is_told_in_words(p):
    assert " of " in odds_of_luck(p)


def test_the_smaller_the_probability_the_longer_the_odds():
    assert [odds_of_luck(p) for p in (0.5, 0.01, 1e-5, 1e-12)] == [
        *("50 of 100", "1 of 100", "1 of 100,000", "fewer than 1 of 1,000,000,000"),
    ]


def test_hyphens_in_words_and_ranges_are_no_minus():
    text = "2012-2014, week 2022-18, BST-1, busta-nfl-ats, (-0.5 to -.25), z -1"
    assert tidy(text) == text.replace("(-0.5 to -.25), z -1", f"({MINUS}0.5 to {MINUS}.25), z {MINUS}1")


def test_nothing_has_no_sign_in_words_either():
    assert tidy("-0.0000 (-0.0008 to +0.0%), +0.") == f"0.0000 ({MINUS}0.0008 to 0.0%), 0."


def test_one_thing_has_no_s():
    assert [counted(number, "leak") for number in (0, 1, 2)] == ["0 leaks", "1 leak", "2 leaks"]


def test_names_are_said_as_a_person_does():
    assert [words(name) for name in ("unit_roi_low", "elo", "some_thing")] == [
        *("interval of the ROI", "Elo only", "some thing"),
    ]
