"""Choices that know nothing of the fold they are made for."""

import numpy as np
import pytest

from busta.models.prequential import EVIDENCE, losses_of, pasts, prefer
from busta.models.splits import walk_forward
from busta.scoring.proper import log_losses
from busta.settings import Train
from support import planted


def test_losses_are_those_of_the_scores_and_missing_for_a_push():
    log_odds = np.array([-3.0, 0.0, 2.0])
    found = losses_of(log_odds, np.array([1.0, 0.0, np.nan]))
    np.testing.assert_allclose(found[:2], log_losses(1 / (1 + np.exp(-log_odds[:2])), np.array([1.0, 0.0])))
    assert np.isnan(found[2])


def test_an_option_has_to_win_by_more_than_the_evidence_asked_for():
    losses = np.array([[5.0, 5.0 - EVIDENCE + 1e-9], [1.0, 1.0]])
    assert prefer(losses, 0) == 0
    assert prefer(losses - [[0, 2e-9], [0, 0]], 0) == 1
    assert prefer(losses, 1) == 1
    assert prefer(np.empty((0, 3)), 2) == 2, "nothing is known"


@pytest.mark.parametrize("refit_weeks", [None, 3])
def test_the_past_of_a_fold_was_final_before_its_first_decision(refit_weeks):
    data = planted(moment="open")
    data.y[-3:] = np.nan
    folds = walk_forward(data, Train(refit_weeks=refit_weeks))
    rows = np.concatenate([fold.test for fold in folds])
    found = list(pasts(data, folds, learned=77))
    assert len(found) == len(folds) + 1
    for fold, past in zip(folds, found, strict=False):
        assert rows[past.rows].tolist() == fold.test.tolist()
        assert past.learned == fold.train.size
        if past.earlier.any():
            final = data.games["final_time"].gather(rows[past.earlier]).max()
            assert final < data.games["decision_time"].gather(fold.test).min()
        assert not (past.earlier & past.rows).any()
        assert not (past.last & ~past.earlier).any()
    last = found[-1]
    assert last.learned == 77
    assert not last.rows.any()
    assert last.earlier.tolist() == (~np.isnan(data.y[rows])).tolist()
    seasons = data.games["season"].to_numpy()[rows]
    assert set(seasons[last.last]) == {seasons.max()}
