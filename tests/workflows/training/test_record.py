from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

import busta
from busta.performance.gate.case import Trials
from busta.performance.gate.verdict import FIT_TO_BET, FIT_TO_SERVE, REJECTED, Judgement
from busta.plugins import pick
from busta.registry.versions import Version
from busta.settings import Bets, Members, Settings, Train
from busta.workflows.training.record import (
    BET_RULES,
    _data,
    bet_rules,
    judged,
    recipe_of,
    rules_of,
    verdict_tags,
    vig_method,
)
from support import planted

OTHER = {  # another value of every setting that shapes a model
    "first_test_season": 2004,
    "min_train_games": 60,
    "window": 2,
    "refit_weeks": 3,
    "seed": 21,
}
MEMBERS: dict[str, Any] = {
    "linear": {"ridge": 7.0},
    "boosting": {
        "rounds": 81,
        "max_depth": 3,
        "eta": 0.03,
        "subsample": 0.8,
        "colsample_bytree": 0.6,
        "min_child_weight": 41.0,
        "reg_lambda": 31.0,
        "max_bin": 65,
        "monotone": True,
    },
    "points": {"ridge": 7.0},
    "line_share": 0.25,
    "members": ("linear",),
    "features": "stable",
    "rung": "stack",
    "calibration": "platt",
    "mirrored": "trees",
    "half_life": 4.0,
    "era": 2002,
    "era_weight": 0.25,
    "noise": 0.1,
}
MEMBERS["points_boosting"] = MEMBERS["boosting"]

CHOOSING = {  # another value of every setting that chooses bets, and of every other one of that section
    "min_edge": 0.1,
    "max_edge": 0.3,
    "strongest": 0.5,
    "assumed_prices": False,
    "slippage": 0.05,
}
STAKING = {
    "stakes": "kelly",
    "unit": 0.02,
    "kelly_fraction": 0.5,
    "kelly_cap": 0.1,
    "bankroll": 50.0,
    "ruin": 0.2,
    "allow_unproven": True,
}


def changes():
    """Every such setting with its other value, nested as the schema."""
    for name, value in OTHER.items():
        yield {name: value}
    for kind in ("anchored", "blind"):
        for part, values in MEMBERS.items():
            for name, value in values.items() if isinstance(values, dict) else [(part, values)]:
                yield {kind: {part: {name: value} if isinstance(values, dict) else value}}


def recipe(data, **flags):
    return recipe_of(busta.load(**flags), data)


@pytest.fixture(scope="module")
def data():
    return {blind: planted(blind=blind, weeks=1, per_week=2) for blind in (False, True)}


def test_every_setting_of_a_model_is_tried():
    assert set(OTHER) == set(Train.model_fields) - {"jobs", "cluster", "anchored", "blind", "markets"}
    assert set(MEMBERS) == set(Members.model_fields)
    for part in ("linear", "boosting", "points", "points_boosting"):
        assert set(MEMBERS[part]) == set(type(getattr(Members(), part)).model_fields)


@pytest.mark.parametrize("change", [*changes()], ids=str)
def test_another_setting_is_another_recipe_for_the_models_that_it_shapes(data, change):
    for blind in (False, True):
        shapes = ("blind" if blind else "anchored") in change or not {"blind", "anchored"} & set(change)
        assert (recipe(data[blind], train=change) != recipe(data[blind])) is shapes


def test_every_setting_of_bets_either_chooses_or_stakes_them():
    assert set(CHOOSING) == set(BET_RULES)
    assert CHOOSING.keys() | STAKING.keys() | {"vig_method"} == Bets.model_fields.keys()
    assert all(getattr(Bets(), name) != value for name, value in (CHOOSING | STAKING).items())


@pytest.mark.parametrize("change", [*({name: value} for name, value in CHOOSING.items())], ids=str)
def test_another_choice_of_bets_is_another_recipe(data, change):
    assert recipe(data[False], bets=change) != recipe(data[False])


def test_the_way_of_vig_removal_belongs_to_the_recipe(data):
    assert recipe(data[False], bets={"vig_method": "shin"}) != recipe(data[False])


@pytest.mark.parametrize(
    "flags",
    [{"train": {"jobs": 8}}, {"train": {"cluster": "tcp://127.0.0.1:8786"}}, {"gate": {"alpha": 0.2}}, {"sim": {}}]
    + [{"bets": {name: value}} for name, value in STAKING.items()],
    ids=str,
)
def test_what_shapes_no_model_and_chooses_no_bet_is_not_in_the_recipe(data, flags):
    assert recipe(data[False], **flags) == recipe(data[False])


def test_a_gold_store_made_elsewhere_is_another_recipe_and_another_one_yet_another(data):
    stores = (None, "1a2b", "3c4d")
    assert len({recipe_of(Settings(), data[False], foreign_gold=store) for store in stores}) == len(stores)


def trained_with(**tags):
    return Version("busta-sim-ats", "1", (), "run", 0, "models:/m-1", tags)


def trained_by(bets):
    return trained_with(hyperparameters=json.dumps({f"bets.{name}": str(value) for name, value in bets.items()}))


@pytest.mark.parametrize("bets", [Bets(), Bets.model_validate(CHOOSING)], ids=["unset", "set"])
def test_a_version_is_judged_by_the_rules_it_was_trained_with_and_todays_stakes(bets):
    today = Bets.model_validate(STAKING | {"min_edge": 0.07, "max_edge": 0.2, "strongest": 0.9, "slippage": 0.01})

    found = bet_rules(trained_by(bets.model_dump()), today)

    assert {name: getattr(found, name) for name in BET_RULES} == {name: getattr(bets, name) for name in BET_RULES}
    assert {name: getattr(found, name) for name in STAKING} == STAKING


@pytest.mark.parametrize("version", [trained_with(), trained_with(hyperparameters='{"train.seed": "20"}')], ids=str)
def test_a_version_that_does_not_say_its_rules_is_judged_by_todays(version):
    today = Bets(**CHOOSING, **STAKING)

    assert bet_rules(version, today) == today


def test_rules_that_are_newer_than_a_version_are_todays():
    found = bet_rules(trained_by({"min_edge": 0.04}), Bets.model_validate(CHOOSING))

    assert found == Bets(**CHOOSING | {"min_edge": 0.04})


def test_newer_games_are_no_new_recipe(data):
    more = planted(weeks=2, per_week=3, seed=4)
    assert recipe(more) == recipe(data[False])


def test_choosing_where_the_games_end_is_another_trial_for_each_choice(data):
    ends = (None, 2011, 2012)
    assert len({recipe_of(Settings(), data[False], through) for through in ends}) == len(ends)


def test_league_market_information_moment_and_features_belong_to_the_recipe(data):
    plain = data[False]
    others = [
        replace(plain, league=pick("league", "sim")),
        replace(plain, market=pick("market", "ats")),
        replace(plain, blind=True),
        replace(plain, moment="open"),
        replace(plain, names=plain.names[::-1]),
        replace(plain, names=plain.names[:-1]),
    ]

    assert len({recipe_of(Settings(), each) for each in [plain, *others]}) == 1 + len(others)


def test_of_many_files_one_checksum_is_kept_and_it_tells_any_of_them_apart():
    files = [{"name": f"{i}.csv", "sha256": f"{i:064d}"} for i in range(11)]
    other = [*files[:-1], {"name": "10.csv", "sha256": "f" * 64}]

    assert _data(files).startswith("11 files, sha256 of their checksums ")
    assert _data(other) != _data(files)
    assert _data(files[:2]) == f'["0.csv {0:064d}", "1.csv {1:064d}"]'


@pytest.mark.parametrize(("verdict", "fit"), [(REJECTED, "no"), (FIT_TO_SERVE, "no"), (FIT_TO_BET, "yes")])
def test_only_a_version_that_is_fit_to_bet_is_marked_so(verdict, fit):
    tags = verdict_tags(Judgement(verdict, "because", []), rules_of(Settings()), Trials())

    assert (tags["verdict"], tags["verdict_reason"], tags["fit_to_bet"]) == (verdict, "because", fit)
    assert tags["judged_at"].endswith("Z")


@pytest.mark.parametrize("champion", [None, "3"])
def test_a_verdict_carries_what_it_knew_of(champion):
    tags = verdict_tags(Judgement(REJECTED, "because", []), "rules", Trials(number=2, count=7, champion=champion))

    assert (tags["gate_rules"], tags["gate_trials"], tags["gate_champion"]) == ("rules", "7", champion or "none")


def test_prices_are_freed_of_their_vig_as_a_version_was_trained_or_as_today_if_it_does_not_say():
    today = Bets(vig_method="power")

    assert vig_method(trained_by(Bets(vig_method="shin").model_dump()), today) == "shin"
    assert vig_method(trained_with(), today) == "power"


def test_what_is_printed_of_a_judgement_has_the_place_among_the_trials_and_the_plan():
    place = {"number": 2, "count": 3, "planned": 5, "horizon": 300, "alpha": 0.1, "look": 4}

    found = judged(Judgement(REJECTED, "because", []), Trials(**place))

    assert found["trials"] == place
    assert (found["verdict"], found["reason"], found["checks"]) == (REJECTED, "because", [])
