"""The catalogue describes every column of the store."""

from collections import Counter

import numpy as np
import polars as pl
import pytest

from busta.data.schema import FACT_NAMES
from busta.features.build import CATALOG
from busta.features.catalog import PRICES, Feature, of_both_teams, select
from busta.plugins import markets

MARKETS = markets().values()


def test_every_column_of_every_group_is_described_once(gold):
    columns = Counter(
        (group, column)
        for group, frame in gold.events.items()
        for column in frame.columns
        if column not in {"game_id", "known_at"}
    )
    assert columns == Counter((feature.group, feature.name) for feature in CATALOG)
    assert max(Counter(feature.name for feature in CATALOG).values()) == 1


@pytest.mark.parametrize("feature", CATALOG, ids=lambda feature: feature.name)
def test_a_feature_says_what_it_is_and_when_it_is_known(feature):
    assert feature.unit
    assert feature.known_at
    assert feature.meaning.endswith(".")


def test_what_a_feature_needs_is_a_column_of_a_table_or_a_fact(world):
    columns = {*world.games.columns, *world.quotes.columns, *FACT_NAMES}
    assert {need for feature in CATALOG for need in feature.needs} <= columns


@pytest.mark.parametrize("market", MARKETS, ids=lambda market: market.name)
def test_every_pattern_of_a_market_selects_a_feature(market):
    for pattern in market.features:
        assert select(CATALOG, [pattern], blind=False), pattern
    assert market.price_feature in select(CATALOG, market.features, blind=False)
    assert market.elo_feature in {feature.name for feature in CATALOG}


@pytest.mark.parametrize("market", MARKETS, ids=lambda market: market.name)
def test_a_blind_model_never_selects_a_price(market):
    prices = {feature.name for feature in CATALOG if feature.group == PRICES}
    sees, blind = (set(select(CATALOG, market.features, blind=flag)) for flag in (False, True))
    assert sees - blind == sees & prices != set()
    assert not select(CATALOG, ["price_*"], blind=True)


def test_a_selection_stands_in_catalogue_order_and_names_a_feature_once():
    names = [feature.name for feature in CATALOG]
    assert select(CATALOG, ["week", "*_diff", "elo_*"], blind=False) == [
        name for name in names if name.endswith("_diff") or name in {"week", "elo_sum"}
    ]


def test_a_teams_feature_becomes_a_difference_and_a_sum():
    elo = Feature("elo", "form", "Elo", "Strength.", "final", ("line",), margin_sign=1, total_sign=-1)
    diff, total = of_both_teams([elo])
    assert (diff.name, total.name) == ("elo_diff", "elo_sum")
    assert diff.to_dict() == {
        "name": "elo_diff",
        "group": "form",
        "unit": "Elo",
        "meaning": "Strength. Home minus away.",
        "known_at": "final",
        "needs": ("line",),
        "margin_sign": 1,
        "total_sign": 0,
        "line_sign": 0,
        "swapped": 0.0,
    }
    assert (total.margin_sign, total.total_sign, total.swapped) == (0, -1, None)


def test_what_tells_the_teams_apart_changes_when_home_and_away_are_swapped():
    swapped = {feature.name: feature.swapped for feature in CATALOG}
    assert all(swapped[name] == 0 for name in swapped if name.endswith("_diff"))
    assert all(swapped[name] is None for name in swapped if name.endswith("_sum"))
    assert (swapped["price_home_win"], swapped["price_spread"], swapped["home_edge"]) == (1, 0, 0)
    assert swapped["price_total"] is swapped["neutral"] is swapped["price_over"] is None


@pytest.mark.parametrize("quantity", ["margin", "total"])
def test_the_sign_of_a_feature_is_the_one_its_values_have(gold, quantity):
    """In the simulated league, over all its games: of what is declared, nothing points clearly the other way."""
    games = gold.games.filter(pl.col("home_score").is_not_null())
    home, away = (games[f"{side}_score"].to_numpy().astype(float) for side in ("home", "away"))
    result = home - away if quantity == "margin" else home + away
    seen = gold.as_of(games.select("game_id", decision_time=pl.col("kickoff")))
    told = 0
    for feature in CATALOG:
        x = seen[feature.name].cast(pl.Float64).to_numpy()
        known = ~np.isnan(x)
        sign = getattr(feature, f"{quantity}_sign")
        if sign and known.sum() > 100 and x[known].std() > 0:
            r = np.corrcoef(x[known], result[known])[0, 1]
            assert sign * r > -3 / np.sqrt(known.sum()), feature.name
            told += 1
    assert told > 5
