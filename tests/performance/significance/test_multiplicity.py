"""Everything that was tried."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.errors import UsageError
from busta.performance.significance.multiplicity import spent, superior

GAMES = 640
WEEKS = np.repeat(np.arange(40), 16)


def losses(gains, seed=1):
    rng = np.random.default_rng(seed)
    bar = rng.normal(0.69, 0.1, GAMES)
    return np.array([bar - gain + rng.normal(0, 0.02, GAMES) for gain in gains]), bar


@given(st.integers(1, 30), st.floats(0.001, 0.5), st.integers(1, 2000))
def test_a_lifetime_never_spends_more_than_alpha(planned, alpha, trials):
    total = [spent(alpha, number, planned) for number in range(1, trials + 1)]
    assert sum(total) <= alpha
    assert all(later <= earlier for earlier, later in pairwise(total))


def test_blocks_of_a_lifetime():
    planned = 10
    shares = [sum(spent(0.05, n, planned) for n in block) for block in (range(1, 11), range(11, 31), range(31, 71))]
    assert shares == pytest.approx([0.025, 0.0125, 0.00625])


@pytest.mark.parametrize("bad", [(0.0, 1, 1), (0.05, 0, 1), (0.05, 1, 0)])
def test_spending_refuses_what_cannot_be(bad):
    with pytest.raises(UsageError):
        spent(*bad)


def test_the_one_that_is_better_is_named_and_luck_is_not():
    table, bar = losses([0.0, 0.004, 0.0, -0.01])
    table = np.vstack([table, bar])  # the bar itself is no better than the bar
    answer = superior(table, bar, WEEKS, draws=300)
    assert answer.better == (1,)
    assert answer.p_value < 0.05
    assert answer.p_lower <= answer.p_value <= answer.p_upper
    assert superior(table, bar, WEEKS, draws=300) == answer
    luck = superior(*losses([0.0, 0.0, -0.002], seed=4), WEEKS, draws=300)
    assert luck.better == ()
    assert luck.p_value > 0.05


def test_a_loud_candidate_does_not_hide_a_quiet_one():
    table, bar = losses([0.001, 0.0])
    table[1] += np.random.default_rng(8).normal(0, 5, GAMES)
    assert superior(table, bar, WEEKS, draws=300).p_value < 0.1


def test_games_that_not_all_forecast_are_left_out():
    table, bar = losses([0.004, 0.0])
    table[1, 16:] = np.nan
    few = superior(table, bar, WEEKS)
    assert (few.weeks, few.better, np.isnan(few.p_value)) == (1, (), True)
    assert "four weeks" in few.reason
    assert superior(np.full((1, 3), np.nan), np.zeros(3), [1, 2, 3]).weeks == 0


def test_a_copy_of_the_bar_has_no_answer():
    _, bar = losses([])
    assert "as the bar does" in superior(bar[None], bar, WEEKS).reason


@pytest.mark.parametrize(
    ("table", "alpha"),
    [(np.ones(GAMES), 0.05), (np.ones((0, GAMES)), 0.05), (np.ones((2, 3)), 0.05), (np.ones((1, GAMES)), 0)],
)
def test_losses_that_do_not_fit_are_refused(table, alpha):
    with pytest.raises(UsageError):
        superior(table, np.ones(GAMES), WEEKS, alpha=alpha)
