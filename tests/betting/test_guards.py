"""Every public function of betting and scoring refuses what cannot be right in a line or two, or says NaN."""

import importlib
import inspect
import pkgutil
from fractions import Fraction

import numpy as np
import pytest

import busta.betting
import busta.scoring
from busta.betting.distribution import Discretised
from busta.betting.guards import check_offer, check_shapes, integer, labels, numbers, scalar, within
from busta.betting.odds import parse_price
from busta.betting.scenarios import Leg, independent_scenarios, joint_scenarios
from busta.betting.settlement import settle
from busta.betting.staking import flat, shrinkage
from busta.betting.staking_rules import Offers, Staking
from busta.errors import UsageError
from busta.scoring.intervals import Ratio, ratio_of_sums

BELL = Discretised(sd=13.0, weights=np.ones(141), low=-70, high=70)
RATIO = ratio_of_sums([1.0, -1.0, 0.5], [2.0, 2.0, 1.0])
OFFER = {"win": [0.5, 0.6], "lose": [0.5, 0.4], "price": [1.9, 2.1]}
FORECAST = {"p": [0.4, 0.7, 0.6, 0.3], "y": [1, 1, 0, 0]}
WEEKS = [1, 1, 2, 2]
PMF = {"pmf": [[0.25, 0.5, 0.25]], "low": -1, "value": [0.0]}
VALID = {  # a call of every public function that works; each argument of it is spoilt in turn
    "distribution.Discretised": (Discretised, {"sd": 2.0, "weights": [1.0, 1.0, 1.0], "low": -1, "high": 1}),
    "distribution.Discretised.fit": (
        Discretised.fit,
        {
            "values": [-3, 4, 7],
            "means": [1.0, 2.0, 3.0],
            "symmetric": True,
            "low": -20,
            "high": 20,
            "pseudo": 10.0,
        },
    ),
    "distribution.Discretised.pmf": (BELL.pmf, {"mean": [1.0, 2.0]}),
    "distribution.Discretised.win_push_lose": (BELL.win_push_lose, {"mean": [1.0, 2.0], "line": [3.0, 3.5]}),
    "distribution.Discretised.mean_for": (BELL.mean_for, {"probability": [0.5, 0.6], "line": [3.0, 3.5]}),
    "distribution.Discretised.split": (BELL.split, {"probability": [0.5, 0.6], "line": [3.0, 3.5]}),
    "distribution.Discretised.from_dict": (Discretised.from_dict, {"plain": BELL.to_dict()}),
    "odds.american_to_decimal": (None, {"american": [150, -110]}),
    "odds.decimal_to_american": (None, {"decimal": [1.9, 2.1]}),
    "odds.edge": (None, OFFER),
    "odds.fair_price": (None, {"win": [0.5, 0.6], "lose": [0.5, 0.4]}),
    "odds.format_american": (None, {"decimal": 1.9}),
    "odds.fractional_to_decimal": (None, {"numerator": [5, 1], "denominator": [2, 4]}),
    "odds.implied": (None, {"decimal": [1.9, 2.1]}),
    "odds.overround": (None, {"prices": [[1.9, 1.9], [2.1, 1.7]]}),
    "odds.parse_price": (None, {"text": "+150"}),
    "odds.remove_vig": (None, {"prices": [[1.9, 1.9], [2.1, 1.7]], "method": "power"}),
    "scenarios.Leg": (Leg, {"quantity": "margin", "game": 0, "line": 3.0, "first_side": True, "price": 1.9}),
    "scenarios.independent_scenarios": (None, OFFER | {"scenarios": 8, "seed": 0}),
    "scenarios.joint_scenarios": (
        None,
        {
            "legs": [Leg(0, "margin", 3.0, True, 1.9)],
            "margin": BELL,
            "margin_means": [1.0],
            "total": BELL,
            "total_means": [2.0],
            "correlation": 0.1,
            "scenarios": 8,
            "seed": 0,
        },
    ),
    "scenarios.strata": (None, {"columns": 2, "scenarios": 8, "seed": 0}),
    "settlement.label": (None, {"value": [7.0, 3.0], "line": [3.0, 3.0]}),
    "settlement.outcome": (None, {"value": [7.0, 3.0], "line": [3.0, 3.0]}),
    "settlement.settle": (
        None,
        {"value": [7.0, 3.0], "line": [3.0, 2.5], "first_side": [True, False], "price": [1.9, 2.0], "stake": [1, 2]},
    ),
    "staking.check_offer": (check_offer, OFFER),
    "staking.flat": (None, OFFER | {"min_edge": 0.02, "unit": 1.0}),
    "staking.fractional_kelly": (None, OFFER | {"fraction": 0.25, "cap": 0.05}),
    "staking.kelly": (None, OFFER),
    "staking.shrinkage": (None, {"share": [0.1, 0.2], "price": [1.9, 2.0], "sd": [0.01, 0.02]}),
    "staking.shrunk_kelly": (None, OFFER | {"sd": [0.01, 0.02]}),
    "staking_rules.Offers": (Offers, OFFER | {"sd": [0.0, 0.1], "week": np.array([0, 1])}),
    "staking_rules.Staking": (Staking, {"rule": "kelly", "unit": 0.01, "fraction": 0.2, "cap": 0.1, "seed": 0}),
    "staking_simultaneous.simultaneous_kelly": (None, {"profits": [[1.0, 1.0], [-1.0, -1.0]], "chances": [0.6, 0.4]}),
    "calibration.bin_of": (None, {"p": [0.4, 0.7, 0.6], "bins": 2}),
    "calibration.calibration_line": (None, FORECAST),
    "calibration.ece": (None, FORECAST | {"bins": 2}),
    "calibration.ece_luck": (None, {"p": [0.4, 0.7], "bins": 2, "draws": 5, "seed": 0, "level": 0.9}),
    "calibration.log_odds": (None, {"p": [0.4, 0.7]}),
    "calibration.reliability": (None, FORECAST | {"bins": 2, "level": 0.9}),
    "decomposition.brier_decomposition": (None, FORECAST),
    "distributional.crps": (None, PMF),
    "distributional.exact_log_score": (None, PMF),
    "distributional.normal_crps": (None, {"mean": [0.0, 1.0], "sd": [1.0, 2.0], "value": [0.0, 3.0]}),
    "intervals.Ratio.interval": (RATIO.interval, {"level": 0.9, "side": "low"}),
    "intervals.ratio_of_sums": (None, {"above": [1.0, -1.0], "below": [2.0, 2.0]}),
    "intervals.weekly_ratio_interval": (
        None,
        {"numerator": [1.0, -1.0], "denominator": [2.0, 2.0], "weeks": [1, 2], "level": 0.9, "side": "both"},
    ),
    "proper.accuracy": (None, FORECAST),
    "proper.auc": (None, FORECAST),
    "proper.brier": (None, FORECAST),
    "proper.brier_losses": (None, FORECAST),
    "proper.decided": (None, FORECAST),
    "proper.log_loss": (None, FORECAST),
    "proper.log_losses": (None, FORECAST),
    "proper.picked": (None, {"p": [0.4, 0.7]}),
    "proper.precision": (None, FORECAST),
    "proper.recall": (None, FORECAST),
    "resampling.resampled_scores": (None, FORECAST | {"weeks": WEEKS, "multiplicities": [[1, 1], [0, 2]]}),
    "resampling.score_intervals": (
        None,
        FORECAST
        | {
            "weeks": WEEKS,
            "against": {"other": [0.5] * 4},
            "draws": 9,
            "mean_block": 1.0,
            "seed": 0,
            "level": 0.9,
        },
    ),
    "resampling.weekly_multiplicities": (None, {"weeks_count": 4, "draws": 3, "mean_block": 2.0, "seed": 0}),
    "summary.all_scores": (None, FORECAST),
    "summary.scores": (None, FORECAST),
}
RESULTS = {  # what functions return
    "calibration.Reliability",
    "decomposition.Decomposition",
    "intervals.Ratio",
}
OF_A_JOINT = {
    "joint",
    "joint_prices",
    "joint_scenarios",
    "joint_tilt",
}  # what they read are distributions; tests of their own
LABELS = {"weeks"}  # any type that sorts will do
UNREAD = {  # what is kept as it was given and refused by whoever reads it
    "scenarios.Leg": {"game", "line", "first_side", "price"},
    "distribution.Discretised.fit": {"symmetric"},
}
UNSCALED = {"calibration.bin_of", "staking_rules.Offers"}  # ranks anything; each rule reads what it needs
OPTIONAL = {"chances", "low", "high"}  # None is the default
NO_NUMBERS = ["x", ["x", "y"], None, [[1.0], [1.0, 2.0]], 1j, object(), {}]
NO_FIGURES = [np.nan, np.inf, -np.inf, -1.0, 1.5, 1e300, [], [0.5] * 3, [[0.5, 0.5]], [[[0.5]]], [np.nan, np.nan]]


def call(name):
    function, arguments = VALID[name]
    if function is None:
        module, attribute = name.split(".")
        package = "betting" if hasattr_module("busta.betting", module) else "scoring"
        function = getattr(importlib.import_module(f"busta.{package}.{module}"), attribute)
    return function, dict(arguments)


def hasattr_module(package, module):
    return module in {found.name for found in pkgutil.iter_modules(importlib.import_module(package).__path__)}


def public():
    """Names in `__all__`, and the public methods of classes in it."""
    for package in (busta.betting, busta.scoring):
        for found in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{found.name}")
            if found.name not in {"guards", *OF_A_JOINT}:
                for name in module.__all__:
                    yield f"{found.name}.{name}", getattr(module, name)


def arguments():
    return [(name, argument) for name, (_, given) in VALID.items() for argument in given]


def refused_or_returned(name, argument, wrong):
    """What comes back, or None if that was refused; any other error, and any warning, is the test's failure."""
    function, given = call(name)
    try:
        return function(**(given | {argument: wrong}))
    except UsageError as refusal:
        message = str(refusal)
    assert 10 < len(message) < 300
    assert message.count("\n") <= 1
    return None


def test_no_public_function_is_left_out():
    functions = {name for name, found in public() if callable(found)}
    assert functions - RESULTS == {name for name in VALID if name.count(".") == 1}


@pytest.mark.parametrize("name", VALID)
def test_the_arguments_to_be_spoilt_are_right_and_all_there_are(name):
    function, given = call(name)
    function(**given)
    assert set(given) == set(inspect.signature(function).parameters)


@pytest.mark.parametrize(("name", "argument"), arguments())
def test_what_is_no_number_is_refused(name, argument):
    for wrong in NO_NUMBERS:
        if argument in UNREAD.get(name, ()) or (wrong is None and argument in OPTIONAL):
            continue
        if argument in LABELS and wrong == ["x", "y"]:
            continue
        valid = argument in {"legs", "against"} and wrong == {}
        assert valid or refused_or_returned(name, argument, wrong) is None, wrong


@pytest.mark.parametrize(("name", "argument"), arguments())
def test_what_is_no_figure_is_refused_or_answered_without_a_warning(name, argument):
    for wrong in NO_FIGURES:
        refused_or_returned(name, argument, wrong)


@pytest.mark.parametrize(
    ("name", "argument"),
    [pair for pair in arguments() if pair[1] in {"win", "lose", "p", "probability"} and pair[0] not in UNSCALED],
)
@pytest.mark.parametrize("wrong", [-0.1, 1.1, np.inf, -np.inf])
def test_no_probability_is_outside_0_to_1(name, argument, wrong):
    function, given = call(name)
    with pytest.raises(UsageError, match=r"0 to 1|between 0 and 1"):
        function(**(given | {argument: [wrong, *given[argument][1:]]}))


def test_two_chances_that_sum_to_more_than_1_are_refused_wherever_they_stand():
    for name in ("odds.edge", "odds.fair_price", "staking.kelly", "staking.flat", "staking.shrunk_kelly"):
        function, given = call(name)
        with pytest.raises(UsageError, match=r"probability to win or lose 1\.2"):
            function(**(given | {"win": 0.6, "lose": 0.6}))


@pytest.mark.parametrize("price", [np.inf, 1.0, 0.5, -110.0])
def test_no_price_is_infinite_or_at_most_1(price):
    for name in ("odds.edge", "odds.implied", "settlement.settle", "staking.kelly", "staking.shrinkage"):
        function, given = call(name)
        with pytest.raises(UsageError, match="a decimal price is finite and above 1"):
            function(**(given | {"decimal" if name == "odds.implied" else "price": price}))


@pytest.mark.parametrize("stake", [np.inf, -1.0])
def test_no_stake_is_infinite_or_negative(stake):
    with pytest.raises(UsageError, match=f"stake {stake} cannot be right; it is finite and 0 or more"):
        settle(7, 3, True, 1.9, [stake, 1.0])


@pytest.mark.parametrize("side", [np.nan, 2, 0.5, [True, None], [1.0, np.nan]])
def test_a_side_is_one_of_two(side):
    with pytest.raises(UsageError, match="a side is missing or neither"):
        settle(7, 3, side, 1.9)


def test_a_side_may_be_1_or_0():
    assert settle(7, 3, [1, 0], 2.5).tolist() == [1.5, -1.0]
    assert settle(7, 3, np.array([True, False]), 2.5).tolist() == [1.5, -1.0]


def test_a_least_edge_that_is_no_number_is_refused():
    with pytest.raises(UsageError, match="min_edge nan"):
        flat(0.6, 0.4, 2.0, min_edge=np.nan)
    assert flat(0.1, 0.9, 2.0, min_edge=-np.inf) == 1


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_to_shrink_is_one(share):
    with pytest.raises(UsageError, match="it is between 0 and 1"):
        shrinkage(share, 2.0, 0.1)


def test_one_number_for_all_bets_is_one_for_each():
    alone = independent_scenarios(0.6, 0.4, [2.0, 2.0])
    assert (alone == independent_scenarios([0.6, 0.6], [0.4, 0.4], 2.0)).all()
    assert (alone[:, 0] != alone[:, 1]).any()


def test_no_legs_have_no_profits():
    assert joint_scenarios([], BELL, [1.0], BELL, [2.0]).shape == (4096, 0)
    assert independent_scenarios([], [], []).shape == (4096, 0)


def test_a_mean_without_any_mass_near_it_is_refused():
    with pytest.raises(UsageError, match=r"mean 500\.0 is too far from integers -70 to 70"):
        BELL.pmf([0.0, 500.0])


def test_a_plain_dict_of_something_else_is_no_distribution():
    with pytest.raises(UsageError, match="no distribution is written there"):
        Discretised.from_dict({"sd": 13.0})


def test_a_text_only_is_a_price_as_typed():
    with pytest.raises(UsageError, match=r"price 2\.5 cannot be right"):
        parse_price(2.5)


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(UsageError, match=r"value \(3,\), line \(2,\); each has one number a game, or one for all"):
        settle([1, 2, 3], [1, 2], True, 1.9)
    assert check_shapes(win=np.ones((3, 1)), lose=np.ones(2)) == (3, 2)


@pytest.mark.parametrize(
    "given", [np.array(["2020-01-01"], "M8[D]"), [10**400], b"1", ["1", 2.0], [1, "2"], [b"1", None]]
)
def test_dates_texts_and_huge_integers_are_no_numbers(given):
    with pytest.raises(UsageError, match=r"line .* cannot be right; a number or an array of numbers is needed"):
        numbers("line", given)


def test_whatever_has_a_value_is_a_number():
    assert numbers("line", [True, Fraction(1, 2), 3]).tolist() == [1.0, 0.5, 3.0]
    assert np.isnan(numbers("line", [None, np.nan])).all()


def test_numbers_are_not_copied():
    given = np.array([1.0, np.nan])
    assert within("line", given, 0, 1, "it is small") is given


@pytest.mark.parametrize("given", [np.nan, True + 1, "0.5", None, [0.5]])
def test_a_scalar_is_one_number_within_its_ends(given):
    with pytest.raises(UsageError, match=r"level .* cannot be right; it is between 0 and 1"):
        scalar("level", given, 0, 1, "between 0 and 1")


def test_a_whole_number_is_no_float():
    with pytest.raises(UsageError, match=r"2\.0 draws; a whole number, at least 1, is needed"):
        integer("draws", 2.0, 1)
    with pytest.raises(UsageError, match=r"2\.0 as low; a whole number is needed"):
        integer("as low", 2.0, -np.inf)


@pytest.mark.parametrize("given", [5, [[1, 2]], [[1], [1, 2]], [1, None], np.array([1, "a"], dtype=object)])
def test_labels_are_one_a_row_and_of_one_type(given):
    with pytest.raises(UsageError, match="weeks"):
        labels("weeks", given)


def test_a_ratio_is_a_plain_tuple():
    assert isinstance(RATIO, Ratio)
    assert len(RATIO) == 3
