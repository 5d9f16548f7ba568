"""BST010: inference within budget."""

from busta.performance.honesty.foretold import foretold
from busta.settings import Gate


def test_the_time_of_a_prediction_is_held_against_the_budget(case_of, ask):
    made = foretold(seasons=1)
    rules = Gate(milliseconds=2.0)
    answers = [ask("BST010", case_of(made, settings=rules, milliseconds=taken)) for taken in (None, 2.0, 2.01)]
    assert [found.answer for found in answers] == ["not applicable", "passed", "failed"]
    assert [found.figure for found in answers] == [None, 2.0, 2.01]
    assert {found.threshold for found in answers} == {2.0}
