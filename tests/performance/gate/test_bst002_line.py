"""BST002: not worse than the line it is bet against."""

from dataclasses import replace

import numpy as np
import pytest

from busta.performance.honesty.foretold import foretold
from busta.scoring.proper import log_loss
from busta.settings import Gate


@pytest.mark.parametrize(("moment", "bar"), [("open", "opening line"), ("close", "closing line")])
def test_a_model_as_good_as_the_line_it_is_bet_at_passes(case_of, ask, moment, bar):
    made = foretold(noise=0.1, moment=moment)
    found = ask("BST002", case_of(made))
    line = made.baselines[bar.replace(" ", "_")]
    assert found.answer == "passed"
    assert found.figure == pytest.approx(log_loss(made.probability, made.y) - log_loss(line, made.y))
    assert found.details["high"] < found.threshold == Gate().line_margin
    assert f"against the {bar}" in found.words


def test_at_the_close_the_recalibrated_line_is_the_bar_where_it_is_better(case_of, ask):
    made = foretold(moment="close", market="moneyline", seasons=8)
    worse = np.clip(made.probability - 0.15, 0.01, 1)
    lines = made.baselines | {"closing_line": worse, "closing_line_recalibrated": made.baselines["closing_line"]}
    found = ask("BST002", case_of(replace(made, probability=worse, baselines=lines)))
    assert found.answer == "failed", "as good as the line as it is, worse than what the line knows"
    assert "closing line recalibrated" in found.words


def test_a_model_that_is_worse_beyond_doubt_fails(case_of, ask):
    found = ask("BST002", case_of(foretold(noise=4.0, seasons=12)))
    assert found.answer == "failed"
    assert found.details["low"] > 0


def test_too_few_games_to_tell_prove_nothing_and_a_wider_margin_is_passed_sooner(case_of, ask):
    made = foretold(noise=1.0, seasons=1)
    found = ask("BST002", case_of(made))
    assert found.answer == "not proven"
    assert found.details["low"] < 0 < found.threshold < found.details["high"]
    wide = ask("BST002", case_of(made, settings=Gate(line_margin=0.09)))
    assert (wide.answer, wide.threshold) == ("passed", 0.09)


def test_without_a_line_or_with_a_single_week_there_is_nothing_to_compare_with(case_of, ask):
    made = foretold()
    gone = replace(made, baselines=made.baselines | {"opening_line": np.full(len(made), np.nan)})
    for each in (gone, foretold(seasons=1, weeks=1)):
        found = ask("BST002", case_of(each))
        assert found.answer == "not proven"
        assert "no opening line" in found.words
