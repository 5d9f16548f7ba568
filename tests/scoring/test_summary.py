"""All scores at once."""

import numpy as np
import pytest
from sklearn import metrics

from busta.scoring.summary import SCORES, TERMS, all_scores, scores

rng = np.random.default_rng(5)
P = rng.uniform(0.05, 0.95, 400)
Y = (rng.uniform(size=400) < P).astype(float)


def test_every_score_has_its_name():
    assert tuple(scores(P, Y)) == SCORES
    assert tuple(all_scores(P, Y)) == (*SCORES, *TERMS)


def test_the_scores_are_those_of_scikit_learn():
    found = all_scores(P, Y)
    expected = {
        "log_loss": metrics.log_loss(Y, P),
        "brier": metrics.brier_score_loss(Y, P),
        "accuracy": metrics.accuracy_score(Y, P > 0.5),
        "precision": metrics.precision_score(Y, P > 0.5),
        "recall": metrics.recall_score(Y, P > 0.5),
        "auc": metrics.roc_auc_score(Y, P),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)


def test_no_games_have_no_score_at_all():
    assert np.isnan(list(all_scores([], []).values())).all()
