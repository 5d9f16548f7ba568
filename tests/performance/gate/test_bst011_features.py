"""BST011: features available."""

from busta.performance.honesty.foretold import foretold


def test_a_feature_that_is_gone_fails_and_without_data_it_does_not_apply(case_of, ask):
    made = foretold(seasons=1)
    answers = [ask("BST011", case_of(made, empty_features=gone)) for gone in (None, [], ["qb_epa", "wind"])]
    assert [found.answer for found in answers] == ["not applicable", "passed", "failed"]
    assert [found.figure for found in answers] == [None, 0, 2]
    assert "qb_epa, wind" in answers[2].words
