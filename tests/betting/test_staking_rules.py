"""All ways to stake, by name."""

from typing import get_args

import numpy as np
import pytest

from busta.betting.staking import kelly
from busta.betting.staking_rules import RULES, Offers, Staking
from busta.errors import UsageError
from busta.settings import Stakes


def offers(**changes):
    plain = {
        "win": np.array([0.6, 0.6, 0.4, 0.6]),
        "lose": np.array([0.4, 0.4, 0.6, 0.4]),
        "price": np.full(4, 2.0),
        "sd": np.array([0.0, 0.1, 0.1, 0.1]),
        "week": np.array([1, 0, 1, 1]),
    }
    return Offers(**plain | changes)


@pytest.mark.parametrize(
    ("rule", "shares"),
    [
        ("flat", [0.01] * 4),
        ("proportional", [0.01] * 4),
        ("kelly", [0.2, 0.2, 0, 0.2]),
        ("fractional-kelly", [0.04, 0.04, 0, 0.04]),
        ("shrunk-kelly", [0.2, 0.1, 0, 0.1]),
        ("simultaneous-kelly", [0.1923, 0.2, 0, 0.1923]),
    ],
)
def test_each_rule_stakes_as_its_name_says(rule, shares):
    assert Staking(rule, cap=0.04).shares(offers()).tolist() == pytest.approx(shares, abs=0.004)


def test_the_settings_know_every_rule():
    assert set(get_args(Stakes)) == set(RULES)


def test_only_flat_stakes_are_shares_of_the_first_bankroll():
    assert {rule for rule in RULES if Staking(rule).of == "first"} == {"flat"}


def test_a_bet_without_an_edge_gets_nothing_beside_others():
    assert Staking("simultaneous-kelly").shares(offers(win=np.zeros(4))).tolist() == [0] * 4


def test_no_bets_get_no_stakes():
    empty = offers(**dict.fromkeys(("win", "lose", "price", "sd"), np.empty(0)), week=np.empty(0, dtype=int))
    assert all(Staking(rule).shares(empty).shape == (0,) for rule in RULES)


@pytest.mark.parametrize("rule", ["kelly", "fractional-kelly", "shrunk-kelly", "simultaneous-kelly"])
def test_a_rule_that_needs_probabilities_refuses_bets_without(rule):
    with pytest.raises(UsageError, match=f"1 bets lack a probability or a price; {rule} needs both"):
        Staking(rule).shares(offers(win=np.array([0.6, np.nan, 0.4, 0.6])))


def test_flat_and_proportional_stakes_need_no_probabilities():
    unknown = np.full(4, np.nan)
    assert Staking("proportional").shares(offers(win=unknown, lose=unknown)).tolist() == [0.01] * 4


def test_a_rule_nobody_knows_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match=r"unknown stakes 'kely'; did you mean 'kelly'\? Allowed: flat, proportional"):
        Staking("kely")


@pytest.mark.parametrize("wrong", [{"unit": 0}, {"unit": np.nan}, {"fraction": 1.5}, {"cap": -1}])
def test_shares_outside_0_to_1_are_refused(wrong):
    with pytest.raises(UsageError, match="above 0 and at most 1"):
        Staking("flat", **wrong)


def test_simultaneous_stakes_are_below_those_of_bets_alone():
    many = Offers(np.full(12, 0.57), np.full(12, 0.43), np.full(12, 1.95), np.zeros(12), np.zeros(12, dtype=int))
    together = Staking("simultaneous-kelly").shares(many)
    assert (together < kelly(0.57, 0.43, 1.95)).all()
    assert together.sum() <= 1
