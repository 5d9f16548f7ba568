"""Images of games, what they weigh, and what is known of how features act."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busta.features.catalog import Feature
from busta.models.augment import COPIES, Lessons, lessons, mirror, noised, season_weights, signs
from busta.models.boosting import OffsetBoosting, PointsBoosting
from busta.models.linear import OffsetLogistic, PointsRidge
from busta.models.members import FITS, MARKET, fit_member
from busta.models.portable import score
from busta.settings import Boosting, Members
from support import planted, won

LOOSE: dict[str, Any] = {"rounds": 30, "eta": 0.2, "min_child_weight": 2.0, "reg_lambda": 1.0, "subsample": 1.0}
SWAPPED = np.array([0.0, 0.0, 1.0, np.nan])


def feature(name, **more):
    return Feature(name, "form", "points", "Something.", "final", **more)


def described(**more):
    """The planted games, their first two features differences of the teams, the third a price, the last the game's."""
    data = planted(**more)
    kinds = [{"swapped": 0.0, "margin_sign": 1}, {"swapped": 0.0, "line_sign": -1}, {"swapped": 1.0}, {}]
    return replace(data, declared={name: feature(name, **kind) for name, kind in zip(data.names, kinds, strict=True)})


def games(seed=0, count=300):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 4)) + 0.3
    X[rng.uniform(size=X.shape) < 0.1] = np.nan
    y = won(1 / (1 + np.exp(-0.4 - np.nan_to_num(X[:, 0]))), seed)
    return Lessons(X, y, rng.normal(size=count), np.ones(count))


def both(one, other):
    names = ("X", "target", "offset", "side")
    joined = {name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in names}
    return Lessons(**joined, weight=np.full(len(joined["target"]), 0.5))


@given(st.integers(0, 10_000), st.sampled_from([0.0, 1.0]))
def test_a_game_mirrored_twice_is_itself(seed, target):
    one = games(seed, 20)
    twice = mirror(mirror(one, SWAPPED, target), SWAPPED, target)
    for name in ("X", "target", "offset", "side"):
        np.testing.assert_allclose(getattr(twice, name), getattr(one, name), atol=1e-12)


def test_in_the_mirror_differences_change_sign_probabilities_their_side_and_the_rest_stays():
    one = games()
    image = mirror(one, SWAPPED, 1.0)
    np.testing.assert_array_equal(image.X[:, :2], -one.X[:, :2])
    np.testing.assert_array_equal(image.X[:, 2], 1 - one.X[:, 2])
    np.testing.assert_array_equal(image.X[:, 3], one.X[:, 3])
    np.testing.assert_array_equal(image.target, 1 - one.target)
    np.testing.assert_array_equal(image.offset, -one.offset)
    assert (image.side == -1).all()


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.floats(1, 500))
def test_mirrored_rows_make_a_linear_member_the_antisymmetric_one_by_construction(seed, ridge):
    """The same as without what stays in the mirror, standardised around 0, and a level of the home side."""
    one = games(seed)
    rows = both(one, mirror(one, SWAPPED, 1.0))
    found = OffsetLogistic(ridge=ridge).fit(rows.X, rows.target, rows.offset, side=rows.side, weight=rows.weight)
    middle = np.nan_to_num(SWAPPED / 2)
    scale = np.sqrt(np.nanmean((one.X - middle) ** 2, axis=0))
    Z = np.nan_to_num((one.X - middle) / scale)[:, :3]
    built = _logistic(np.column_stack([Z, np.ones(len(Z))]), one.target, one.offset, np.array([ridge] * 3 + [0.0]))
    np.testing.assert_allclose([*found.coef_[:3], found.intercept_], built, atol=1e-7)
    assert found.coef_[3] == pytest.approx(0, abs=1e-9)


def _logistic(design, y, offset, penalty):
    weights = np.zeros(design.shape[1])
    for _ in range(60):
        p = 1 / (1 + np.exp(-offset - design @ weights))
        hessian = (design * (p * (1 - p))[:, None]).T @ design + np.diag(penalty)
        weights = weights - np.linalg.solve(hessian, design.T @ (p - y) + penalty * weights)
    return weights


def test_mirrored_trees_and_points_have_a_home_level_of_their_own():
    one = games()
    image = both(one, mirror(one, SWAPPED, 1.0))
    trees = OffsetBoosting(**LOOSE).fit(image.X, image.target, side=image.side, weight=image.weight)
    assert trees.intercept_ == pytest.approx(np.log(one.target.mean() / (1 - one.target.mean())))
    margin = replace(one, target=3 + 2 * np.nan_to_num(one.X[:, 0]))
    image = both(margin, mirror(margin, SWAPPED, 0.0))
    ridge = PointsRidge(ridge=1e-6).fit(image.X, image.target, side=image.side, weight=image.weight)
    assert ridge.intercept_ == pytest.approx(3, abs=1e-3)
    level = PointsBoosting(**LOOSE).fit(image.X, image.target, side=image.side, weight=image.weight).intercept_
    assert level == pytest.approx(margin.target.mean())


@pytest.mark.parametrize("model", [OffsetLogistic(), PointsRidge(), OffsetBoosting(**LOOSE), PointsBoosting(**LOOSE)])
def test_a_game_that_counts_twice_is_a_game_that_stands_there_twice(model):
    one = games()
    weight = 1.0 + (np.arange(len(one.target)) % 3 == 0)
    copied = np.repeat(np.arange(len(weight)), weight.astype(int))
    said = model.fit(one.X, one.target, weight=weight).to_dict()
    twice = model.fit(one.X[copied], one.target[copied]).to_dict()
    assert said["intercept"] == pytest.approx(twice["intercept"], abs=0.05)
    if "boost" in said["kind"]:
        return
    raw = [np.array(each["coef"]) / each["scale"] for each in (said, twice)]
    np.testing.assert_allclose(*raw, atol=0.02)


@pytest.mark.parametrize("seasons", [1.0, 3.5])
def test_a_season_that_half_life_ago_counts_half_and_before_the_era_less(seasons):
    data = planted()
    season = data.games["season"].to_numpy()
    rows = np.flatnonzero(season <= season.min() + 3)
    ago = season[rows].max() - season[rows]
    weight = season_weights(data, rows, Members(half_life=seasons))
    np.testing.assert_allclose(weight, 2.0 ** (-ago / seasons))
    era = Members(half_life=seasons, era=int(season.min()) + 2, era_weight=0.25)
    old = season[rows] < season.min() + 2
    np.testing.assert_allclose(season_weights(data, rows, era), weight * np.where(old, 0.25, 1))
    assert season_weights(data, rows, Members()) is None
    np.testing.assert_allclose(
        season_weights(data, rows, era.model_copy(update={"half_life": None})), np.where(old, 0.25, 1)
    )


@pytest.mark.parametrize("members", [Members(), Members(noise=0.2), Members(noise=0.2, half_life=2.0)], ids=str)
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_game_weighs_the_same_however_many_images_it_has(members, mirrored):
    data, rows = described(), np.arange(200)
    found = lessons(data, rows, data.y[rows], 1.0, members, 3, mirrored=mirrored)
    images = (1 + mirrored) * (1 + COPIES * (members.noise > 0))
    assert len(found.target) == images * len(rows)
    plain = season_weights(data, rows, members)
    weight = np.ones(len(found.target)) if found.weight is None else found.weight
    np.testing.assert_allclose(weight.reshape(images, -1).sum(axis=0), np.ones(len(rows)) if plain is None else plain)
    assert (found.side == -1).sum() == mirrored * len(found.side) / 2


def test_noise_is_a_share_of_what_a_feature_varies_by_and_leaves_unknown_what_is():
    one = games(count=20_000)
    one.X[:, 1] = 7.0
    one.X[:, 3] = np.nan
    off = noised(one, 0.3, np.random.default_rng(1)).X - one.X
    assert np.nanstd(off[:, 0]) == pytest.approx(0.3 * np.nanstd(one.X[:, 0]), rel=0.05)
    assert not off[:, 1].any()
    np.testing.assert_array_equal(np.isnan(off), np.isnan(one.X))


def test_a_total_has_no_sides_to_swap():
    data, rows = described(market="totals"), np.arange(50)
    assert len(lessons(data, rows, data.y[rows], 1.0, Members(), 0, mirrored=True).target) == 50


def test_signs_are_of_what_decides_or_of_what_lies_beyond_the_line():
    data = described()
    assert signs(data, beyond=False) == (1, 0, 0, 0)
    assert signs(data, beyond=True) == (0, -1, 0, 0)
    assert signs(described(market="totals"), beyond=False) == (0, 0, 0, 0)
    assert signs(planted(), beyond=False) == (0, 0, 0, 0), "nobody declared anything"


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.sampled_from([OffsetBoosting, PointsBoosting]), st.sampled_from([1, -1]))
def test_what_trees_say_only_rises_or_only_falls_with_a_feature_of_known_sign(seed, kind, sign):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(300, 3))
    wave = np.sin(3 * X[:, 0]) - 0.5 * X[:, 1]
    y = won(1 / (1 + np.exp(-wave)), seed) if kind is OffsetBoosting else wave
    model = kind(**LOOSE, max_depth=3, seed=seed, signs=(sign, 0, 0)).fit(X, y)
    grid = np.repeat(X[:20], 60, axis=0)
    grid[:, 0] = np.tile(np.linspace(-3, 3, 60), 20)
    said = score(grid, model.to_dict(), model.booster_).reshape(20, 60)
    assert (sign * np.diff(said, axis=1) >= -1e-6).all()


def test_trees_of_no_known_sign_follow_a_wave():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(600, 2))
    model = PointsBoosting(**LOOSE, max_depth=3).fit(X, np.sin(3 * X[:, 0]))
    grid = np.column_stack([np.linspace(-3, 3, 60), np.zeros(60)])
    assert (np.diff(model.predict(grid)) < -0.1).any()


CHANGES = {
    "mirrored": "all",
    "half_life": 2.0,
    "era": 2003,
    "noise": 0.5,
    "boosting": Boosting(monotone=True, rounds=30, eta=0.3, min_child_weight=1.0, reg_lambda=1.0),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", [name for name in FITS if name != MARKET])
def test_every_switch_reaches_every_member_it_speaks_of(name, change):
    data, rows = replace(described(), blind=True), np.arange(400)
    loose = CHANGES["boosting"].model_copy(update={"monotone": False})
    plain = Members(boosting=loose, points_boosting=loose)
    values = {change: CHANGES[change]} | ({"points_boosting": CHANGES[change]} if change == "boosting" else {})
    one, other = (fit_member(name, data, rows, each, 1) for each in (plain, plain.model_copy(update=values)))
    said = [score(data.X[:50], each.spec, each.booster) for each in (one, other)]
    assert np.array_equal(*said) == (change == "boosting" and "boosting" not in name)


@pytest.mark.parametrize(
    ("mirrored", "moved"), [("none", ()), ("trees", ("boosting",)), ("all", ("linear", "boosting"))]
)
def test_trees_alone_can_be_mirrored(mirrored, moved):
    data, rows = replace(described(), blind=True), np.arange(400)
    for name in ("linear", "boosting"):
        one, other = (
            fit_member(name, data, rows, Members(boosting=CHANGES["boosting"], mirrored=each), 1)
            for each in ("none", mirrored)
        )
        said = [score(data.X[:50], each.spec, each.booster) for each in (one, other)]
        assert np.array_equal(*said) == (name not in moved)


@pytest.mark.parametrize("name", [name for name in FITS if name != MARKET])
def test_games_outside_the_training_rows_have_no_say_in_images_or_weights(name):
    data, rows = replace(described(), blind=True), np.arange(300)
    members = Members(mirrored="all", half_life=2.0, era=2003, noise=0.2, boosting=CHANGES["boosting"])
    outside = np.arange(len(data)) >= 300
    other = replace(
        data,
        X=np.where(outside[:, None], 9.0, data.X),
        y=np.where(outside, 1 - data.y, data.y),
        value=np.where(outside, data.value + 50, data.value),
        games=data.games.with_columns(pl.when(outside).then(pl.col("season") + 9).otherwise("season").alias("season")),
    )
    one, same = (fit_member(name, each, rows, members, 1) for each in (data, other))
    assert one.spec == same.spec
    np.testing.assert_array_equal(score(data.X, one.spec, one.booster), score(data.X, same.spec, same.booster))
