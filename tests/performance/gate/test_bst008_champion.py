"""BST008: not worse than the champion."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from busta.performance.honesty.foretold import foretold
from busta.scoring.proper import log_loss
from busta.settings import Gate

MADE = foretold(bias=2.0, seasons=6)


def test_without_another_champion_it_does_not_apply(case_of, ask):
    found = ask("BST008", case_of(MADE))
    assert (found.answer, found.figure, found.threshold) == ("not applicable", None, Gate().champion_margin)


def test_the_same_forecasts_are_not_worse(case_of, ask):
    found = ask("BST008", case_of(MADE, champion=foretold(bias=2.0, seasons=6)))
    assert (found.answer, found.figure, found.details["games"]) == ("passed", 0.0, len(MADE))


def test_a_champion_that_knows_more_is_not_replaced_and_one_that_knows_less_is(case_of, ask):
    guess = replace(MADE, probability=foretold(noise=3.0, seasons=6, seed=4).probability)
    worse = ask("BST008", case_of(guess, champion=MADE))
    assert worse.answer == "failed"
    assert worse.figure == pytest.approx(log_loss(guess.probability, MADE.y) - log_loss(MADE.probability, MADE.y))
    assert ask("BST008", case_of(MADE, champion=guess)).answer == "passed"


def test_games_are_paired_by_name_whatever_their_order_and_those_of_one_alone_are_left_out(case_of, ask):
    guess = replace(MADE, probability=np.clip(MADE.probability + 0.1, 0, 1))
    whole = ask("BST008", case_of(guess, champion=MADE))
    order = np.random.default_rng(0).permutation(len(MADE))
    shuffled = ask("BST008", case_of(guess, champion=MADE.take(order)))
    assert shuffled.figure == pytest.approx(whole.figure)
    assert shuffled.details["low"] == pytest.approx(whole.details["low"])
    some = ask("BST008", case_of(guess, champion=MADE.take(order[:500])))
    assert some.details["games"] == 500


def test_games_at_another_line_are_not_compared(case_of, ask):
    moved = replace(MADE, line=MADE.line + (np.arange(len(MADE)) < 1000))
    found = ask("BST008", case_of(MADE, champion=moved))
    assert found.details["games"] == len(MADE) - 1000


def test_no_game_in_common_and_too_few_prove_nothing(case_of, ask):
    renamed = replace(MADE, games=MADE.games.with_columns(pl.col("game_id") + "x"))
    for champion, words in ((renamed, "champion: 0"), (MADE.take(np.arange(16)), "champion: 16")):
        found = ask("BST008", case_of(MADE, champion=champion))
        assert (found.answer, found.figure) == ("not proven", None)
        assert words in found.words
    close = replace(MADE, probability=foretold(bias=2.0, noise=1.0, seasons=6).probability).take(np.arange(300))
    unsure = ask("BST008", case_of(MADE, champion=close))
    assert (unsure.answer, unsure.figure is None) == ("not proven", False)


def test_the_margin_is_a_setting(case_of, ask):
    guess = replace(MADE, probability=np.clip(MADE.probability + 0.1, 0, 1))
    found = ask("BST008", case_of(guess, champion=MADE, settings=Gate(champion_margin=0.09)))
    assert (found.answer, found.threshold) == ("passed", 0.09)
