"""How far what decides a market lies from its line."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.markets.scale import LEAST, sd_around_line
from busta.plugins import pick
from halves import FIRST_HALF
from support import tiny_league

LEAGUE = tiny_league(margin_sd=12.0, total_sd=14.0)
VALUE, LINE = np.array([3.0, 7.0, np.nan, 9.0]), np.array([0.0, 11.0, 1.0, np.nan])


def test_of_the_final_score_the_league_says_it():
    assert sd_around_line(LEAGUE, pick("market", "ats"), VALUE, LINE) == 12
    assert sd_around_line(LEAGUE, pick("market", "totals"), VALUE, LINE) == 14


@pytest.mark.parametrize("market", [FIRST_HALF, replace(pick("market", "totals"), quantity="home")])
def test_of_anything_else_the_games_with_a_result_and_a_line_do(market):
    assert sd_around_line(LEAGUE, market, VALUE, LINE) == pytest.approx(np.sqrt((9 + 16) / 2))


@given(st.lists(st.integers(-20, 20), max_size=4))
def test_it_is_never_nothing(missed):
    value = np.array(missed, dtype=float)
    sd = sd_around_line(LEAGUE, FIRST_HALF, value, 0 * value)
    assert np.isfinite(sd)
    assert sd >= LEAST
