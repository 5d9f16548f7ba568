"""What is shown of the best of many."""

import numpy as np
import pytest

from busta.errors import UsageError
from busta.performance.significance.margin import fitted_edge, weekly_scores, z_score
from busta.performance.significance.selection import selected_edge


def best_of(candidates, beta=0.0, families=300, weeks=40, seed=1):
    """Scores of the best of each family of candidates, the first of which has an edge."""
    rng = np.random.default_rng(seed)
    opinion = rng.normal(0, 2, (families, candidates, weeks * 16))
    residual = rng.normal(0, 13.3, (families, 1, weeks * 16)) + beta * opinion[:, :1]
    weeks = np.repeat(np.arange(weeks), 16)
    chosen = z_score(weekly_scores(opinion, np.broadcast_to(residual, opinion.shape), weeks)).argmax(axis=1)
    at = np.arange(families)
    return weekly_scores(opinion[at, chosen], residual[:, 0], weeks), beta * (chosen == 0)


def test_one_candidate_at_one_look_is_shown_as_fitted():
    scores, _ = best_of(1)
    shown, edge = selected_edge(scores, 1.0), fitted_edge(scores)
    np.testing.assert_array_equal(shown.beta, edge.beta)
    np.testing.assert_array_equal(shown.low, edge.low)
    assert (shown.knows == 1).all()


def test_most_of_the_luck_of_the_best_of_twenty_is_taken_off():
    scores, true = best_of(20)
    shown = selected_edge(scores, 1 / 20)
    raw = fitted_edge(scores).beta
    assert raw.mean() > 0.4
    assert shown.beta.mean() < 0.15 * raw.mean()
    assert np.mean((shown.low <= true) & (true <= shown.high)) >= 0.93
    assert np.median(shown.knows) < 0.1


def test_an_edge_beyond_doubt_is_hardly_touched():
    scores, true = best_of(20, beta=0.9, weeks=120, families=60)
    shown, raw = selected_edge(scores, 1 / 20), fitted_edge(scores).beta
    assert np.mean(shown.beta - true) == pytest.approx(np.mean(raw - true), abs=0.08)
    assert shown.knows.min() > 0.9


def test_it_is_never_above_the_fitted_edge_nor_outside_its_interval():
    scores, _ = best_of(3)
    shown = selected_edge(scores, 0.2)
    assert (shown.beta <= fitted_edge(scores).beta).all()
    assert ((shown.low <= shown.beta) & (shown.beta <= shown.high)).all()


def test_weekly_looks_widen_the_interval_downwards_the_more_the_earlier():
    scores, _ = best_of(5, families=5)
    once = selected_edge(scores, 0.2)
    early, late = (selected_edge(scores, 0.2, horizon=games) for games in (6400, 640))
    assert (early.low < late.low).all()
    assert (late.low < once.low).all()
    np.testing.assert_array_equal(early.high, once.high)


def test_the_units_do_not_matter():
    rng = np.random.default_rng(3)
    opinion, error, weeks = rng.normal(0, 2, 640), rng.normal(0, 1, 640), np.repeat(np.arange(40), 16)
    points, others = (
        selected_edge(weekly_scores(opinion * scale, (opinion * 0.05 + error) * scale, weeks, sd=scale), 0.1)
        for scale in (1.0, 13.3)
    )
    assert points.beta == pytest.approx(others.beta)


def test_a_model_that_was_told_the_results_is_believed():
    result = np.random.default_rng(4).integers(-9, 9, 640).astype(float)
    shown = selected_edge(weekly_scores(result, result, np.repeat(np.arange(40), 16)), 0.05)
    assert (shown.beta, shown.knows) == pytest.approx((1.0, 1.0))


def test_silence_is_nan():
    silent = weekly_scores([0.0, 0.0], [1.0, 2.0], [1, 2])
    for shown in (selected_edge(silent, 1.0), selected_edge(silent, 0.5)):
        assert np.isnan([shown.beta, shown.low, shown.high, shown.knows]).all()


@pytest.mark.parametrize("bad", [{"share": 0.0}, {"share": 1.1}, {"horizon": 0.0}, {"level": 1.0}])
def test_what_cannot_be_is_refused(bad):
    with pytest.raises(UsageError):
        selected_edge(best_of(1, families=2)[0], **{"share": 0.5} | bad)
