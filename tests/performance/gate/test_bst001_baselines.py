"""BST001: beats every simple baseline."""

from dataclasses import replace

import numpy as np
import pytest

from busta.performance.honesty.foretold import foretold
from busta.scoring.proper import log_loss
from busta.settings import Gate


def test_a_model_better_than_every_baseline_passes_with_its_gap_to_the_strongest(case_of, ask):
    made = foretold(market="moneyline", moment="close", bias=2.0)
    found = ask("BST001", case_of(made))
    losses = {name: log_loss(made.baselines[name], made.y) for name in ("elo", "favourite", "home")}
    strongest = min(losses, key=losses.get)
    assert found.answer == "passed"
    assert found.threshold == 0
    assert found.figure == pytest.approx(log_loss(made.probability, made.y) - losses[strongest])
    assert strongest in found.words
    assert set(found.details) == set(losses)
    assert all(each["low"] < each["difference"] < each["high"] < 0 for each in found.details.values())


def test_the_words_say_which_baselines_are_meant_and_that_the_line_is_none(case_of, ask):
    made = foretold(market="moneyline", moment="close", bias=2.0)
    meant = (
        "rules that do not forecast by the market's price (Elo only, favourite, one side always), the line has BST002"
    )
    assert meant in ask("BST001", case_of(made)).words
    fewer = {name: each for name, each in made.baselines.items() if name != "favourite"}
    assert "price (Elo only, one side always)," in ask("BST001", case_of(replace(made, baselines=fewer))).words


def test_one_baseline_that_is_better_is_enough_to_fail(case_of, ask):
    made = foretold(market="moneyline", moment="close", seasons=8)
    baselines = made.baselines | {"elo": made.probability}
    wild = np.clip(made.probability + 0.3, 0, 0.99)
    found = ask("BST001", case_of(replace(made, probability=wild, baselines=baselines)))
    assert found.answer == "failed"
    assert "against elo" in found.words


def test_at_a_spread_a_model_that_is_within_the_margin_of_a_coin_is_not_worse_than_it(case_of, ask):
    """A coin is as good as the line there, and what is asked of the line is not to be worse by a margin."""
    made = foretold(noise=0.5, seasons=23, seed=12)
    case = case_of(made)
    found = ask("BST001", case)
    coin = found.details["home"]
    assert 0 < coin["low"] < coin["high"] < Gate().line_margin
    assert found.answer == "not proven"
    assert ask("BST001", replace(case, settings=Gate(line_margin=coin["high"] * 0.99))).answer == "failed"


def test_a_model_that_says_what_a_baseline_says_is_neither(case_of, ask):
    made = foretold(market="moneyline", moment="close")
    found = ask("BST001", case_of(replace(made, probability=made.baselines["favourite"])))
    assert (found.answer, found.figure) == ("not proven", 0.0)


def test_without_two_weeks_of_games_or_without_baselines_nothing_is_proven(case_of, ask):
    for made in (foretold(weeks=1, seasons=1), foretold()):
        lines = {name: made.baselines[name] for name in ("closing_line", "opening_line")}
        lines |= {"elo": made.baselines["elo"] * np.nan} if len(made) > 16 else {"elo": made.baselines["elo"]}
        found = ask("BST001", case_of(replace(made, baselines=lines)))
        assert (found.answer, found.figure) == ("not proven", None)
