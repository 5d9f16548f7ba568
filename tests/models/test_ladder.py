"""The ladder from the market to a stack."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.models.ladder import ENOUGH, climb, fit_weights
from busta.models.prequential import Past
from support import won

EQUAL = np.array([0.5, 0.5])
NAMES = ("market", "linear", "boosting", "points")
FOLD = 400


def world(skills, folds=4, learned=5000, seed=0):
    """Log-odds of members that see the truth with those amounts of noise, outcomes, and the past of each fold."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 1, FOLD * folds)
    members = np.stack([truth + rng.normal(0, noise, truth.size) for noise in skills], axis=1)
    number = np.repeat(np.arange(folds), FOLD)
    past = [
        Past(number == i, number < i, number == i - 1, learned if isinstance(learned, int) else learned[i])
        for i in range(folds)
    ]
    past.append(Past(number < 0, number >= 0, number == folds - 1, learned if isinstance(learned, int) else 9999))
    return members, won(1 / (1 + np.exp(-truth)), seed), past


@given(st.integers(0, 2**32 - 1), st.integers(1, 200), st.integers(1, 4), st.floats(0.01, 30))
def test_weights_are_never_negative_and_sum_to_one(seed, games, members, spread):
    rng = np.random.default_rng(seed)
    prior = np.full(members, 1 / members)
    weights = fit_weights(rng.normal(0, spread, (games, members)), rng.integers(0, 2, games).astype(float), prior)
    assert weights.shape == (members,)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-12)


def test_with_no_games_weights_are_what_they_are_shrunk_to():
    assert fit_weights(np.empty((0, 2)), np.empty(0), np.array([0.2, 0.8])).tolist() == [0.2, 0.8]


def test_members_that_agree_weigh_the_same():
    log_odds = np.random.default_rng(0).normal(size=500)
    twins = np.stack([log_odds] * 2, axis=1)
    np.testing.assert_allclose(fit_weights(twins, won(np.full(500, 0.5)), EQUAL), EQUAL, atol=1e-6)


def test_a_member_that_knows_outweighs_one_that_guesses():
    rng = np.random.default_rng(0)
    knows = rng.normal(0, 1.5, 3000)
    both, y = np.stack([knows, rng.normal(0, 1.5, 3000)], axis=1), won(1 / (1 + np.exp(-knows)))
    assert fit_weights(both, y, EQUAL)[0] > 0.85
    assert 0.4 < fit_weights(both[:10], y[:10], EQUAL)[0] < 0.7, "ten games say little: shrunk"


def test_it_begins_with_the_average_and_stays_there_while_nothing_is_better():
    rungs = climb(NAMES, *world((0.6, 0.5, 0.5, 0.5)), None)
    assert [rung.name for rung in rungs] == ["average"] * 5
    np.testing.assert_allclose(rungs[0].weights, [0, 1 / 3, 1 / 3, 1 / 3])
    assert rungs[0].losses == {}
    assert "no earlier fold" in str(rungs[0])
    assert rungs[-1].games == 4 * FOLD


def test_a_member_far_better_than_the_others_is_taken_alone_or_stacked_once_it_has_shown_it():
    rungs = climb(NAMES, *world((3.0, 0.0, 3.0, 3.0)), None)
    assert rungs[0].name == "average"
    assert rungs[-1].name in {"linear", "stack", "blend"}
    assert rungs[-1].weights[1] > 0.8
    assert rungs[-1].losses[rungs[-1].name] < rungs[-1].losses["average"]


def test_where_the_members_are_worse_than_the_market_the_market_stands():
    rungs = climb(NAMES, *world((0.0, 3.0, 3.0, 3.0)), None)
    assert rungs[-1].weights[0] > 0.8


def test_few_games_get_linear_members_only():
    rungs = climb(NAMES, *world((3.0, 1.0, 0.0, 1.0), learned=ENOUGH - 1), None)
    assert {rung.name for rung in rungs} <= {"market", "linear", "points", "linear members"}
    assert rungs[0].name == "linear members"
    np.testing.assert_allclose(rungs[0].weights, [0, 0.5, 0, 0.5])
    assert f"{ENOUGH} are needed" in str(rungs[-1])
    later = climb(NAMES, *world((3.0, 3.0, 0.0, 3.0), learned=[300, 700, 1100, 1500]), None)
    assert [rung.name for rung in later[:2]] == ["linear members"] * 2
    assert later[2].weights[2] > 1 / 4


def test_a_league_without_linear_members_begins_with_the_market():
    members, y, past = world((0.5, 0.5), learned=300)
    rungs = climb(("market", "boosting"), members, y, past, None)
    assert rungs[0].weights.tolist() == [1.0, 0.0]


def test_the_rung_of_a_fold_does_not_change_with_its_own_or_later_games():
    members, y, past = world((1.0, 0.2, 1.0, 1.0))
    one = climb(NAMES, members, y, past, None)
    other = climb(NAMES, members, np.where(past[2].rows | past[3].rows, 1 - y, y), past, None)
    for number in range(3):
        assert one[number].weights.tolist() == other[number].weights.tolist()
    assert one[3].weights.tolist() != other[3].weights.tolist() or one[3].losses != other[3].losses


@pytest.mark.parametrize("rung", [*NAMES, "linear members", "average", "blend", "stack"])
def test_a_rung_that_is_asked_for_is_taken(rung):
    assert {each.name for each in climb(NAMES, *world((1.0, 0.2, 1.0, 1.0)), rung)} == {rung}


def test_a_blend_learns_from_the_latest_season_and_a_stack_from_all():
    members, y, past = world((1.0, 0.2, 1.0, 1.0))
    swapped = members.copy()
    swapped[: 3 * FOLD] = members[: 3 * FOLD][:, [0, 2, 1, 3]]
    blend = climb(NAMES, swapped, y, past, "blend")[-1].weights
    stack = climb(NAMES, swapped, y, past, "stack")[-1].weights
    assert blend[1] > 0.5
    assert stack[2] > 0.5
