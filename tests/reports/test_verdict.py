"""May I bet on it, why, how sure?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from busta.performance.gate.case import Trials
from busta.performance.gate.verdict import FIT_TO_BET, FIT_TO_SERVE, REJECTED, checks
from busta.reports.measures import told
from busta.reports.numbers import MINUS
from busta.reports.verdict import _PLAIN, share_of_alpha, verdict_of


def check(code, answer="not proven", purpose="bet", **more):
    found = {"code": code, "title": f"title of {code}", "purpose": purpose, "answer": answer, "blocks": True}
    return found | {"figure": 1.0, "threshold": 2.0, "words": "found -1", "details": {}} | more


@pytest.fixture
def judged(material_of):
    """The verdict on a version with those checks."""

    def run(verdict, *found, **money):
        material = material_of("moneyline")
        figures = material.money["figures"] | money
        return verdict_of(
            replace(
                material,
                verdict=material.verdict | {"verdict": verdict, "checks": list(found)},
                money=material.money | {"figures": figures},
            )
        )

    return run


def test_every_way_a_check_can_stand_in_the_way_is_said_in_plain_words():
    ways = {(each.code, answer.value) for each in checks() for answer in each.blocks}
    assert ways - set(_PLAIN) == set()
    assert {code for code, _ in _PLAIN} <= {each.code for each in checks()}


def test_fit_to_bet_is_a_yes_with_what_the_bets_are_expected_to_earn(judged):
    details = {"expected_roi": 0.051}
    found = judged(FIT_TO_BET, check("BST006", "passed", blocks=False, figure=0.012, details=details))
    assert found.answer == "Yes"
    assert found.sentence == (
        "Yes: its bets are expected to earn +5.1% a unit, and +1.2% even if its edge is as small as it may be."
    )
    assert found.obstacles == ()


def test_not_proven_is_a_no_that_says_so_and_luck_is_not_told_twice(judged):
    found = judged(FIT_TO_SERVE, check("BST003"), check("BST004"), check("BST006"), check("BST012"))
    assert found.sentence == (
        "No: nothing shows that it knows anything the market does not, and its bets are not shown to earn."
    )
    assert found.meaning.startswith("Not proven is not refuted")
    assert [each["code"] for each in found.obstacles] == ["BST003", "BST004", "BST006", "BST012"]
    assert found.obstacles[0]["words"] == f"found {MINUS}1"
    assert "may be luck" in judged(FIT_TO_SERVE, check("BST004")).because


def test_not_yet_is_for_what_is_proven_with_all_trials_counted(judged):
    proven = check("BST004", "passed", blocks=False)
    assert judged(FIT_TO_SERVE, proven, check("BST006")).sentence == "Not yet: its bets are not shown to earn."
    assert judged(FIT_TO_SERVE, proven, check("BST012", "failed")).answer == "No"


def test_refuted_is_a_no_although_it_may_be_served(judged):
    found = judged(FIT_TO_SERVE, check("BST003", "failed"), check("BST006"))
    assert found.sentence == "No: where it disagrees with the market, the market is right."


def test_rejected_is_a_no_for_what_makes_it_unsound(judged):
    found = judged(REJECTED, check("BST003"), check("BST009", "failed", "serve"))
    assert found.sentence == "No: it learned from what nobody could have known."
    assert len(found.obstacles) == 2


def test_a_check_of_somebody_else_speaks_by_its_title(judged):
    found = judged(FIT_TO_SERVE, check("XYZ001"))
    assert found.because == "“title of XYZ001” is not proven"


def test_how_sure_tells_evidence_need_and_luck(judged):
    alone = check("BST003", figure=1.0, details={"games_needed": 30.0})
    details = {"games_needed": 100.0, "level": 0.000625}
    found = judged(FIT_TO_SERVE, alone, check("BST004", threshold=3.2265, details=details))
    assert "z = +1.00; 3.23 is needed. Were it the only model ever tried, 2.00 would do" in found.sure[0]
    assert "one chance of 5% of taking luck for an edge" in found.sure[0]
    assert "16 of 100 show as much" in found.sure[0]
    assert "about 100 more games would prove it with a chance of 80%" in found.sure[1]
    assert "the 30 of BST003 would do only for a model that is the only one ever tried" in found.sure[1]
    assert "none to bet on" not in found.sure[1]


def test_the_share_of_this_trial_and_look_is_that_of_the_gate(material):
    case = Trials(**material.verdict["trials"])
    said = share_of_alpha(material)
    assert f"look {case.look} has {100 * case.level:.4f}%" in said
    assert f"z = {material.check('BST004')['threshold']:.2f}" in said


def test_an_effect_that_would_take_lifetimes_is_none_to_bet_on(judged):
    found = judged(FIT_TO_SERVE, check("BST003"), check("BST004", details={"games_needed": 4e6}))
    assert "An effect so small is none to bet on." in found.sure[1]


def test_a_leak_is_told_before_any_evidence(judged):
    found = judged(REJECTED, check("BST003"), check("BST009", "failed", "serve"))
    assert found.sure[0].startswith("A leak was found")
    assert "z = " in found.sure[1]


def test_without_evidence_there_is_nothing_to_weigh(judged):
    found = judged(FIT_TO_SERVE, check("BST003", figure=None))
    assert found.sure[0].startswith("There is no evidence to weigh")


@pytest.mark.parametrize(
    ("money", "says"),
    [
        ({"bets": 0}, "It found no bet worth placing"),
        ({"unit_roi": 9.0}, "above what 95 % of coin flips"),
        ({"unit_roi": -9.0}, "below what 95 % of coin flips"),
        ({"unit_roi": -0.02}, "within what 95 % of coin flips"),
        ({"unit_roi": None, "unit_roi_low": None, "unit_roi_high": None}, "too few for an interval"),
    ],
)
def test_the_money_is_held_against_coins(judged, money, says):
    assert says in judged(FIT_TO_SERVE, check("BST003"), **money).sure[-1]


def test_a_real_version_is_answered_by_its_own_gate(material):
    found = verdict_of(material)
    blocking = [each for each in material.verdict["checks"] if each["blocks"]]
    assert [each["code"] for each in found.obstacles] == [each["code"] for each in blocking]
    assert [each["words"] for each in found.obstacles] == [told(each) for each in blocking]
    assert (found.answer == "No") >= (material.verdict["verdict"] == REJECTED)
