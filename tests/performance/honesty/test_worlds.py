"""Worlds with known truth."""

import numpy as np
import pytest

from busta.performance.honesty.worlds import World, draw


def sample(world, worlds=20, candidates=3, skilled=1, games=1400, seed=1):
    return draw(
        world, worlds=worlds, candidates=candidates, skilled=skilled, games=games, rng=np.random.default_rng(seed)
    )


def week_correlation(values):
    """Share of the variance that the games of a week have in common."""
    return 1 - (values.var(axis=-1, ddof=1).mean() / values.var())


def test_shapes_and_units():
    drawn = sample(World(bias=2.0, learns=0.5))
    assert drawn.opinion.shape == (20, 3, 88, 16)
    assert drawn.residual.std() == pytest.approx(np.hypot(13.3, 2.0), rel=0.02)
    assert drawn.surplus.std() == pytest.approx(2.0, rel=0.02)
    assert drawn.opinion[:, 0].std() == pytest.approx(2.5, rel=0.02)
    assert drawn.opinion[:, 1:].std() == pytest.approx(1.5, rel=0.02)


def test_only_the_skilled_know_anything():
    drawn = sample(World(bias=2.0, skill=0.5), candidates=2)
    known = [np.mean(drawn.opinion[:, at] * drawn.surplus) for at in (0, 1)]
    assert known[0] == pytest.approx(0.5 * 4, rel=0.05)
    assert abs(known[1]) < 0.1


@pytest.mark.parametrize(("learns", "share"), [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_the_close_corrects_its_share_of_the_bias(learns, share):
    drawn = sample(World(bias=2.0, learns=learns))
    slope = np.mean(drawn.move * drawn.surplus) / np.mean(drawn.surplus**2)
    assert slope == pytest.approx(share, abs=0.05)


def test_boasting_says_the_same_louder():
    quiet, loud = sample(World(bias=1.0)), sample(World(bias=1.0, boast=3.0))
    np.testing.assert_allclose(loud.opinion, 3 * quiet.opinion, rtol=1e-5)


def test_fat_tails_have_the_same_sd_and_more_extremes():
    drawn = sample(World(tails=True), worlds=100)
    assert drawn.residual.std() == pytest.approx(13.3, rel=0.03)
    assert np.mean(np.abs(drawn.residual) > 4 * 13.3) > 10 * 6.3e-5


def test_whole_margins_push_and_fall_on_key_numbers():
    drawn = sample(World(whole=True), worlds=40)
    assert (2 * drawn.residual == np.rint(2 * drawn.residual)).all()
    assert 0.01 < np.mean(drawn.residual == 0) < 0.05
    assert abs(drawn.residual.mean()) < 0.3
    assert drawn.residual.std() == pytest.approx(13.3, rel=0.05)


def test_games_of_a_week_are_alike_where_they_should_be():
    drawn = sample(World(bias=2.0, shared_error=0.3, shared_opinion=0.5, shared_bias=0.4))
    assert week_correlation(drawn.residual) == pytest.approx(0.3, abs=0.04)
    assert week_correlation(drawn.opinion[:, 1]) == pytest.approx(0.5, abs=0.04)
    assert week_correlation(drawn.surplus) == pytest.approx(0.4, abs=0.04)


def test_leanings_last():
    means = sample(World(shared_opinion=0.9, memory=0.8), worlds=60).opinion.mean(axis=-1)
    assert means.std() == pytest.approx(1.5 * np.sqrt(0.9), rel=0.05)
    assert np.mean(means[..., 1:] * means[..., :-1]) / np.mean(means**2) == pytest.approx(0.8, abs=0.04)


def test_chasers_say_what_the_line_will_do():
    drawn = sample(World(chases=0.7), skilled=0)
    assert np.mean(drawn.opinion * drawn.move[:, None]) == pytest.approx(0.7, abs=0.05)
    assert abs(np.mean(drawn.opinion * drawn.residual[:, None])) < 0.3


def test_an_edge_can_end():
    drawn = sample(World(bias=2.0, lasts=0.5))
    assert drawn.surplus[:, :44].std() > 1.9
    assert (drawn.surplus[:, 44:] == 0).all()
