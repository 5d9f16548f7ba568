from __future__ import annotations

import re

from prometheus_client.parser import text_string_to_metric_families

from busta.performance.gate.verdict import FIT_TO_BET
from busta.watch.families import FAMILIES
from busta.watch.metrics import samples, text
from figures import SECONDS, figures, registered

BIG = {"leagues": ("nfl", "nba", "sim"), "features": 120, "models": 12}


def told(found):
    """Value by name and labels, as Prometheus reads them."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text(found).decode())
        for sample in family.samples
    }


def value(found, name, **labels):
    return told(found).get((name, tuple(sorted(labels.items()))))


MODEL = {"league": "nfl", "market": "moneyline", "model": "busta-nfl-moneyline"}


def test_the_closing_line_stands_beside_every_rolling_score_of_a_model():
    found = figures()
    assert value(found, "busta_rolling_log_loss", **MODEL, forecaster="model") == 0.61
    assert value(found, "busta_rolling_log_loss", **MODEL, forecaster="closing_line") == 0.6
    assert value(found, "busta_rolling_brier_score", **MODEL, forecaster="closing_line") == 0.2


def test_a_figure_that_does_not_apply_is_not_told_and_never_zero():
    found = figures()
    assert value(found, "busta_rolling_ece", **MODEL, forecaster="model") == 0.03
    assert value(found, "busta_rolling_ece", **MODEL, forecaster="closing_line") is None
    assert value(found, "busta_roi_ratio", money="real") is None
    assert value(found, "busta_market_clv_ratio", money="paper", market="ats") is None


def test_paper_and_real_money_are_never_in_one_series():
    names = {name for name, family in FAMILIES.items() if "money" in family.labels}
    found = told(figures())
    assert {dict(labels)["money"] for name, labels in found if name in names} == {"paper", "real"}
    assert found["busta_bankroll", (("money", "paper"),)] == 0.5
    assert found["busta_bankroll", (("money", "real"),)] == 100


def test_times_are_seconds_since_1970_and_ages_are_seconds():
    found = figures()
    assert value(found, "busta_as_of_timestamp_seconds", league="nfl") == SECONDS
    assert value(found, "busta_model_trained_timestamp_seconds", **MODEL, role="champion") == SECONDS
    assert value(found, "busta_feature_known_age_seconds", league="nfl", feature="f0") == 7200


def test_a_trigger_that_was_not_pulled_is_told_as_zero():
    found = figures()
    assert value(found, "busta_trigger", **MODEL, trigger="drift") == 1
    assert value(found, "busta_trigger", **MODEL, trigger="decay") == 0


def test_a_histogram_counts_a_value_on_a_bound_below_it():
    found = figures()
    bounds = ("-0.1", "-0.02", "0.0", "0.05", "0.2", "+Inf")
    counted = [value(found, "busta_slate_edge_ratio_bucket", **MODEL, le=bound) for bound in bounds]
    assert counted == [1, 1, 2, 3, 3, 4]
    assert value(found, "busta_slate_probability_sum", **MODEL) == 1.45


def test_every_family_is_told_and_nothing_else():
    assert {name for name, _, _ in samples(figures())} == set(FAMILIES)


def test_values_of_labels_are_as_many_as_their_names():
    wrong = [name for name, labels, _ in samples(figures()) if len(labels) != len(FAMILIES[name].labels)]
    assert not wrong


def test_nothing_is_told_of_parts_that_are_not_there_yet():
    assert text({}) == b""


def test_the_number_of_series_is_bounded_by_the_catalogue_and_the_models():
    big = figures(**BIG)
    assert len(told(big)) < 8000
    bigger = figures(**BIG)
    for row in bigger["models"]:  # a thousand versions, a million games
        row |= {key: registered("nfl", 0, 2)[key] for key in ("versions",)}
        row["verdicts"] = {FIT_TO_BET: 1000}
    bigger["forecasts"] = [row | {"edges": row["edges"] * 9, "probabilities": []} for row in bigger["forecasts"]]
    assert len(told(bigger)) == len(told(big))


def test_no_label_names_a_game_a_client_or_a_book():
    allowed = {"league", "market", "model", "feature", "version", "role", "verdict", "money", "state", "forecaster"}
    allowed |= {"of", "group", "trigger", "detector", "outcome", "decision", "part"}
    assert {label for family in FAMILIES.values() for label in family.labels} == allowed


def test_names_follow_the_conventions_of_prometheus():
    for name, family in FAMILIES.items():
        assert re.fullmatch(r"busta_[a-z0-9_]+[a-z0-9]", name)
        assert not name.endswith(("_count", "_sum", "_bucket", "_ms", "_hours", "_percent", "_info_info"))
        assert family.what.endswith("."), name
