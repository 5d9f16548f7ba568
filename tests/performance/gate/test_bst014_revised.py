"""BST014: judged on games that still stand."""

import pytest

from busta.performance.gate.checks.bst014_revised import TOLERATED
from busta.performance.gate.verdict import judge
from busta.performance.honesty.foretold import foretold

MADE = foretold(seasons=2)
IDS = MADE.games["game_id"].to_list()
SOUND = foretold(noise=0.3, seasons=8, market="moneyline", moment="close")


def test_games_that_all_stand_pass_and_without_data_it_does_not_apply(case_of, ask):
    answers = [ask("BST014", case_of(MADE, revised=revised)) for revised in (None, {})]
    assert [(found.answer, found.figure) for found in answers] == [("not applicable", None), ("passed", 0)]
    assert answers[1].words == f"all {len(MADE):,} judged games are as they were"


def test_a_handful_of_corrections_passes_and_is_named(case_of, ask):
    found = ask("BST014", case_of(MADE, revised={"result": IDS[:1], "price": IDS[:4]}))
    assert found.answer == "passed"
    assert found.figure == pytest.approx(4 / len(MADE))
    assert found.words == (
        f"4 of {len(MADE):,} judged games are gone or changed since (result 1, price 4): {', '.join(IDS[:3])} ..."
    )
    assert found.details == {"result": 1, "price": 4}
    assert ask("BST014", case_of(MADE, revised={"gone": IDS[-1:]})).words.endswith(f"(gone 1): {IDS[-1]}")


@pytest.mark.parametrize("what", ["gone", "result", "line", "price", "close"])
def test_more_than_a_hundredth_of_the_games_is_other_data_whatever_changed(case_of, ask, what):
    most = int(TOLERATED * len(MADE))
    few, many = (ask("BST014", case_of(MADE, revised={what: IDS[:count]})) for count in (most, most + 1))
    assert (few.answer, many.answer) == ("passed", "not proven")
    assert few.threshold == many.threshold == TOLERATED == 0.01


def test_a_version_judged_on_other_data_is_rejected_whatever_else_it_is(case_of):
    ids = SOUND.games["game_id"].to_list()
    stands, other = (judge(case_of(SOUND, revised={"price": ids[:count]})) for count in (3, 300))
    assert stands.verdict == "fit to serve"
    assert other.verdict == "rejected"
    assert other.reason.startswith(f"BST014 not proven: 300 of {len(SOUND):,} judged games are gone or changed since")
