from __future__ import annotations

import json

import pytest

from busta.registry.versions import Version
from busta.settings import Bets
from busta.workflows.bets.rules import rule_notes

TRAINED = {"bets.min_edge": "0.02", "bets.max_edge": "None", "bets.strongest": "None", "bets.assumed_prices": "True"}


def version(**tags):
    return Version("busta-sim-ats", "1", (), "run", 0, "", tags)


@pytest.mark.parametrize(
    ("today", "says"),
    [
        ({}, {}),
        ({"stakes": "kelly", "kelly_cap": 0.01, "bankroll": 5.0}, {}),  # none of these chooses a bet
        (
            {"min_edge": 0.05},
            {"rules": "bets by today's min_edge = 0.05; the version was judged by min_edge = 0.02"},
        ),
        (
            {"max_edge": 0.2, "assumed_prices": False},
            {
                "rules": "bets by today's max_edge = 0.2, assumed_prices = false; "
                "the version was judged by max_edge = none, assumed_prices = true"
            },
        ),
    ],
)
def test_rules_that_differ_from_those_of_the_training_are_named(today, says):
    assert rule_notes(version(hyperparameters=json.dumps(TRAINED)), Bets(**today)) == says


def test_a_version_that_knows_nothing_of_its_rules_was_judged_by_those_of_today():
    assert rule_notes(version(), Bets(min_edge=0.1)) == {}
