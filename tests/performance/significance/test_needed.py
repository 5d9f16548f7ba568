"""What is still needed."""

import numpy as np
import pytest

from busta.errors import UsageError
from busta.performance.significance.needed import bets_needed, games_needed


def test_published_numbers_of_bets():
    assert [bets_needed(rate, 1 + 100 / 110) for rate in (0.54, 0.55, 0.57)] == [5875, 2242, 719]


def test_no_number_of_bets_proves_an_edge_that_is_not_there():
    assert np.isnan(bets_needed(0.52, 1 + 100 / 110))


@pytest.mark.parametrize("bad", [{"hit_rate": 1.0}, {"price": 1.0}, {"level": 0.0}, {"power": 1.0}, {"price": np.inf}])
def test_bets_needed_refuses_what_cannot_be(bad):
    with pytest.raises(UsageError):
        bets_needed(**{"hit_rate": 0.55, "price": 1.9} | bad)


def test_a_test_with_the_games_needed_has_its_power():
    need = games_needed(z=2.0, games=400, critical=1.645)
    effect = 2.0 / np.sqrt(400)
    z = np.random.default_rng(0).normal(effect * np.sqrt(need.total), 1, 100_000)
    assert np.mean(z > 1.645) == pytest.approx(0.8, abs=0.005)
    assert need.seasons == need.more / 272


def test_enough_is_enough():
    assert games_needed(z=9.0, games=400, critical=1.645).more == 0


@pytest.mark.parametrize(("z", "games"), [(0.0, 100), (-1.0, 100), (np.nan, 100), (2.0, 0)])
def test_no_effect_seen_is_no_number(z, games):
    need = games_needed(z, games, 1.645)
    assert np.isnan([need.total, need.more, need.seasons]).all()


@pytest.mark.parametrize("bad", [{"power": 0.0}, {"season": 0}])
def test_games_needed_refuses_what_cannot_be(bad):
    with pytest.raises(UsageError):
        games_needed(1.0, 100, 1.645, **bad)
