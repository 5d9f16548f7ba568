"""All detectors at one table."""

import json
from dataclasses import replace

import numpy as np
import pytest

from busta.performance.audit.run import SLOW, audit, detectors

FIELDS = {"name", "title", "answer", "figure", "threshold", "words", "columns", "seconds"}


def test_every_detector_has_a_name_of_its_own_and_answers_plainly(made):
    found = audit(made().table)
    names = [each["name"] for each in found]
    assert names == sorted({detector.name for detector in detectors()})
    assert all(set(each) == FIELDS for each in found)
    json.dumps(found, allow_nan=False)
    assert all(each["words"] and each["title"] and each["seconds"] >= 0 for each in found)


def test_a_quick_audit_fits_no_models(made):
    quick = {each["name"] for each in audit(made().table, quick=True)}
    assert quick == {detector.name for detector in detectors()} - SLOW


@pytest.mark.parametrize("target", ["won", "margin"])
@pytest.mark.parametrize("noise", [0.0, 2.0])
@pytest.mark.parametrize("known", ["line", "teams", "nothing"])
def test_a_clean_table_raises_no_alarm(made, target, noise, known):
    table = made(seed=20, target=target, noise=noise).table
    kept = {"line": {}, "teams": {"line": None}, "nothing": {"line": None, "teams": None}}[known]
    alarms = [each for each in audit(replace(table, **kept)) if each["answer"] == "leak"]
    assert not alarms


def test_names_say_nothing_and_the_order_of_columns_neither(made):
    world = made()
    leaky = world.with_column(world.margin)
    order = np.random.default_rng(0).permutation(len(leaky.names))
    shuffled = replace(
        leaky,
        names=tuple(f"c{k}" for k in range(len(order))),
        X=leaky.X[:, order],
        categorical=leaky.categorical[order],
    )
    answers = [{each["name"]: each["answer"] for each in audit(table, quick=True)} for table in (leaky, shuffled)]
    assert answers[0] == answers[1]
    assert answers[0]["own_skill"] == "leak"
