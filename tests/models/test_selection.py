"""Features that a fold's own games speak for."""

from dataclasses import replace

import numpy as np
import pytest

from busta.models.ensemble import fit
from busta.models.linear import PointsRidge
from busta.models.selection import RIDGE, _Step, backward, masked, spoken_for, stable
from busta.settings import Members, Train
from support import planted

SEASONS = np.repeat(np.arange(10), 300)


def problem(noise, seed=0, signal=3.0):
    """Points that the first feature is worth something for and the others nothing."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(3000, 1 + noise))
    X[rng.uniform(size=3000) < 0.05, 0] = np.nan
    return X, 20 + signal * np.nan_to_num(X[:, 0]) + rng.normal(0, 13, 3000)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 5))])
def test_a_planted_signal_is_found_and_nearly_none_of_fifty_features_of_noise(seed):
    X, target = problem(50, seed)
    keep = stable(X, target, SEASONS, np.random.default_rng(seed))
    assert keep[0]
    assert keep[1:].sum() <= 2
    assert backward(X, target, SEASONS, np.random.default_rng(seed))[0]


@pytest.mark.slow
def test_features_of_noise_alone_are_nearly_all_left_out():
    kept = []
    for seed in range(8):
        X, target = problem(50, seed, signal=0.0)
        kept.append(stable(X, target, SEASONS, np.random.default_rng(seed)).sum())
    assert np.mean(kept) <= 2.5


def test_backward_elimination_helps_a_walk_forward_and_leaves_something():
    X, target = problem(30)
    keep = backward(X, target, SEASONS, np.random.default_rng(0))
    assert 1 <= keep.sum() < 25
    alone = backward(X[:, :1], target, SEASONS, np.random.default_rng(0))
    assert alone.tolist() == [True]
    assert backward(X, target, np.zeros(3000, dtype=np.int64), np.random.default_rng(0)).all(), "one season: no test"


def test_the_error_without_a_feature_is_that_of_a_regression_without_it():
    X, target = problem(6)
    train, test = SEASONS < 7, SEASONS == 7
    error, without = _Step(X, target, train, test).errors(np.arange(7))

    def by_hand(columns):
        model = PointsRidge(ridge=RIDGE)
        Z = np.nan_to_num((X - np.nanmean(X[train], axis=0)) / np.nanstd(X[train], axis=0))[:, columns]
        Zt, level = Z[train], target[train].mean()
        weights = np.linalg.solve(Zt.T @ Zt + model.ridge * np.eye(len(columns)), Zt.T @ (target[train] - level))
        return ((target[test] - level - Z[test] @ weights) ** 2).sum()

    assert error == pytest.approx(by_hand(list(range(7))))
    for i in range(7):
        assert without[i] == pytest.approx(by_hand([j for j in range(7) if j != i]))


@pytest.mark.parametrize("how", ["stable", "backward"])
@pytest.mark.parametrize("blind", [False, True])
def test_what_is_chosen_depends_on_the_training_games_alone(how, blind):
    data = replace(planted(market="ats", features=12), blind=blind)
    rows = np.arange(400)
    settings = Members(features=how)
    keep = spoken_for(data, rows, settings, 3)
    X, value = data.X.copy(), data.value.copy()
    X[400:], value[400:] = 1e6, 99.0
    assert spoken_for(replace(data, X=X, value=value), rows, settings, 3).tolist() == keep.tolist()
    assert keep[0], "the feature that carries the signal"
    assert not keep.all()


def test_features_that_are_not_chosen_move_no_member():
    data = planted(market="ats", features=12)
    settings = Train(anchored=Members(features="stable", members=("linear", "boosting", "points", "points_boosting")))
    rows = np.arange(400)
    left_out = ~spoken_for(data, rows, settings.anchored, settings.seed)
    assert left_out.any()
    fitted = fit(data, rows, settings)
    X = data.X.copy()
    X[:, left_out] = np.random.default_rng(0).normal(size=(len(X), left_out.sum()))
    moved = fitted.member_log_odds(replace(data, X=X), rows)
    np.testing.assert_array_equal(moved, fitted.member_log_odds(data, rows))


def test_all_features_are_left_as_they_are():
    data = planted()
    keep = spoken_for(data, np.arange(100), Members(), 0)
    assert masked(data, keep) is data
