"""BST009: no leak found."""

from busta.performance.honesty.foretold import foretold


def test_an_audit_decides_and_without_one_it_does_not_apply(case_of, ask):
    made = foretold(seasons=1)
    answers = [ask("BST009", case_of(made, leaks=leaks)) for leaks in (None, [], ["rest_days", "score"])]
    assert [found.answer for found in answers] == ["not applicable", "passed", "failed"]
    assert [found.figure for found in answers] == [None, 0, 2]
    assert "rest_days, score" in answers[2].words
