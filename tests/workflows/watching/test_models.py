from __future__ import annotations

import pytest

from busta.watch.verdict import Decay, PredictionDrift
from busta.workflows.watching.models import Watched

NO_DECAY = Decay(1.0, 20.0, adwin=False, page_hinkley=False, alarm=False, since=None)
NO_DRIFT = PredictionDrift(None, None, alarm=False)


def reasons(decay=NO_DECAY, predictions=NO_DRIFT):
    return Watched(None, "ats", (), "2026-01-01", 40, {}, decay, predictions).reasons()


def test_a_model_that_is_as_it_was_has_no_reason():
    assert reasons() == {}


@pytest.mark.parametrize(
    ("e_value", "detectors", "words"),
    [
        (49.12, False, "evidence 49.1 of 20, since"),
        (3.0, False, "evidence 3 of 20 now, which was reached before, since"),
        (3.0, True, "evidence 3 of 20, but ADWIN and Page-Hinkley agree, since"),
    ],
)
def test_decay_says_what_speaks_for_it(e_value, detectors, words):
    decay = Decay(e_value, 20.0, adwin=detectors, page_hinkley=detectors, alarm=True, since="2026-10-06")
    assert f"{words} the week of 2026-10-06" in reasons(decay=decay)["decay"]


@pytest.mark.parametrize(
    ("psi", "critical", "words"),
    [(0.123456, 0.5, "in training: PSI 0.123, which by itself alarms at 0.500"), (0.0, None, "in training")],
)
def test_a_change_of_what_it_says_is_given_in_round_figures(psi, critical, words):
    assert reasons(predictions=PredictionDrift(psi, critical, alarm=True))["prediction"].endswith(words)
