"""Evidence without a horizon."""

import numpy as np
import pytest

from busta.errors import UsageError
from busta.performance.significance.eprocess import log_evidence, threshold
from busta.performance.significance.margin import Scores, weekly_scores


def drawn(beta, candidates=400, weeks=80, heavy=False):
    rng = np.random.default_rng(7)
    opinion = rng.normal(0, 2, (candidates, weeks * 16))
    error = rng.standard_t(2.5, opinion.shape) * 6 if heavy else rng.normal(0, 13.3, opinion.shape)
    return weekly_scores(opinion, beta * opinion + error, np.repeat(np.arange(weeks), 16))


@pytest.mark.parametrize("heavy", [False, True])
def test_luck_seldom_looks_like_evidence_at_any_time(heavy):
    ever = log_evidence(drawn(0.0, heavy=heavy)).max(axis=1)
    assert np.mean(ever >= threshold(0.2)) <= 0.2
    assert np.mean(np.exp(log_evidence(drawn(0.0, heavy=heavy))[:, 9])) <= 1.05


def test_an_edge_gathers_evidence():
    assert np.mean(log_evidence(drawn(0.8))[:, -1] >= threshold(0.05)) > 0.8


def test_a_mixture_of_one_by_hand():
    scores = Scores(np.arange(2), np.ones(2), np.array([3.0, -1.0]), np.array([2.0, 2.0]), np.array([8.0, 8.0]))
    pull = 0.5 / 4 * np.array([3.0, -1.0])
    np.testing.assert_allclose(log_evidence(scores, [0.5]), np.cumsum(pull - pull**2 / 2))


def test_silence_is_no_evidence():
    np.testing.assert_allclose(log_evidence(weekly_scores([0.0, 0.0], [1.0, 2.0], [1, 2])), 0, atol=1e-12)


@pytest.mark.parametrize("betas", [[], [0.0], [np.inf], 1.0])
def test_edges_to_look_for_are_above_0(betas):
    with pytest.raises(UsageError, match="edges"):
        log_evidence(drawn(0.0, candidates=1, weeks=2), betas)


@pytest.mark.parametrize(("alpha", "candidates"), [(0.0, 1), (0.05, 0)])
def test_a_threshold_needs_a_level_and_candidates(alpha, candidates):
    with pytest.raises(UsageError):
        threshold(alpha, candidates)
