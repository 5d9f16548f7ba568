"""Figures as Prometheus reads them; `busta.watch.families` says what each is."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from busta.watch.families import CLOSING_LINE, FAMILIES
from busta.watch.verdict import TRIGGERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prometheus_client import Metric

    from busta.watch.families import Family

    Sample = tuple[str, tuple[str, ...], Any]
    """Name, values of the labels, and value: a number, those of a histogram, or ``None`` where none applies."""

__all__ = ["families", "samples", "text"]

_FEATURES = ("games", "psi", "psi_critical", "ks", "p", "missing", "missing_before", "outside")
_FEATURE_NAMES = {
    "p": "ks_p_value",
    "missing": "missing_ratio",
    "missing_before": "missing_before_ratio",
    "outside": "outside_ratio",
}
_SCORES = {"log_loss": "log_loss", "brier": "brier_score", "ece": "ece"}
_MONEY = {
    "bankroll": "bankroll",
    "at_stake": "bankroll_at_stake",
    "drawdown_now": "drawdown_ratio",
    "max_drawdown": "max_drawdown_ratio",
    "turnover": "turnover",
    "profit": "profit",
    "roi": "roi_ratio",
    "roi_low": "roi_low_ratio",
    "roi_high": "roi_high_ratio",
    "clv": "clv_ratio",
    "clv_low": "clv_low_ratio",
    "clv_high": "clv_high_ratio",
    "clv_coverage": "clv_coverage_ratio",
    "hit_rate": "hit_ratio",
    "break_even_hit_rate": "break_even_hit_ratio",
    "claimed_edge": "claimed_edge_ratio",
}
_BETS = {"open": "open", "won": "won", "lost": "lost", "pushes": "push", "voids": "void"}
_HOUR = 3600.0


def text(figures: Mapping[str, Any]) -> bytes:
    """All figures as Prometheus reads them.

    Args:
        figures: What `busta.workflows.watching.figures.Figures` gathers; a part that is not there is not told.
    """
    from prometheus_client.exposition import generate_latest

    return generate_latest(_Collected(figures))  # it only asks for `collect`


class _Collected:
    def __init__(self, figures: Mapping[str, Any]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """The families that have a value."""
        return families(samples(self._figures))


def families(told: Iterable[Sample]) -> Iterator[Metric]:
    """Samples by family, in the order of the catalogue; a figure that does not apply is left out."""
    by_name: dict[str, list[tuple[tuple[str, ...], Any]]] = defaultdict(list)
    for name, labels, value in told:
        if value is not None:
            by_name[name].append((labels, value))
    for name, family in FAMILIES.items():
        if name in by_name:
            yield _metric(family, by_name[name])


def _metric(family: Family, rows: Sequence[tuple[tuple[str, ...], Any]]) -> Metric:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    if family.buckets:
        histogram = HistogramMetricFamily(family.name, family.what, labels=family.labels)
        for labels, values in rows:
            histogram.add_metric(labels, _cumulated(values, family.buckets), sum(values))
        return histogram
    counts = family.name.endswith("_total")
    kind = CounterMetricFamily if counts else GaugeMetricFamily
    found = kind(family.name.removesuffix("_total"), family.what, labels=family.labels)
    for labels, value in rows:
        found.add_metric(labels, float(value))
    return found


def _cumulated(values: Sequence[float], buckets: Sequence[float]) -> list[tuple[str, float]]:
    """How many values are at or below each bound."""
    counts = [0] * (len(buckets) + 1)
    for value in values:
        counts[bisect_left(buckets, value)] += 1
    bounds = [*map(str, buckets), "+Inf"]
    return [(bound, float(sum(counts[: i + 1]))) for i, bound in enumerate(bounds)]


def samples(figures: Mapping[str, Any]) -> Iterator[Sample]:
    """Every value there is to tell."""
    yield from _rounds(figures.get("rounds", {}))
    for watched in figures.get("watched", ()):
        yield from _watched(watched)
    for league in figures.get("leagues", ()):
        yield from _league(league)
    for model in figures.get("models", ()):
        yield from _registered(model)
    for row in figures.get("importances", ()):
        which = (*_model(row), row["feature"], row["of"])
        yield "busta_feature_importance", which, row["importance"]
        yield "busta_feature_rank", which, row["rank"]
    for row in figures.get("decisions", ()):
        labels = (row["model"], row["decision"])
        yield "busta_retrain_decisions_total", labels, row["count"]
        yield "busta_retrain_last_decision_timestamp_seconds", labels, _seconds(row["last"])
    for row in figures.get("forecasts", ()):
        yield f"busta_{row['of']}_edge_ratio", _model(row), row["edges"]
        yield f"busta_{row['of']}_probability", _model(row), row["probabilities"]
    yield from _ledger(figures.get("ledger", {}))


def _rounds(rounds: Mapping[str, Any]) -> Iterator[Sample]:
    for outcome, count in rounds.get("outcomes", {}).items():
        yield "busta_watch_rounds_total", (outcome,), count
    yield "busta_watch_last_success_timestamp_seconds", (), rounds.get("last_success")
    yield "busta_watch_round_seconds", (), rounds.get("seconds")
    yield "busta_watch_every_seconds", (), rounds.get("every")
    for part, fine in rounds.get("parts", {}).items():
        yield "busta_watch_part_ok", (part,), fine


def _watched(watched: Mapping[str, Any]) -> Iterator[Sample]:
    league = watched["league"]
    yield "busta_drift_alarms", (league,), watched["alarms"]
    for feature in watched["features"]:
        yield from _feature((league, feature["feature"]), feature)
    for group in watched["groups"]:
        labels = (league, group["group"])
        yield "busta_feature_group_age_seconds", labels, _of_hours(group["age_hours"])
        yield "busta_feature_group_age_before_seconds", labels, _of_hours(group["age_hours_before"])
        yield "busta_feature_group_stale_alarm", labels, group["alarm"]
    for model in watched["models"]:
        yield from _champion((league, model["market"], model["model"]), model)


def _feature(labels: tuple[str, ...], row: Mapping[str, Any]) -> Iterator[Sample]:
    for key in _FEATURES:
        yield f"busta_feature_{_FEATURE_NAMES.get(key, key)}", labels, row[key]
    yield "busta_feature_known_age_seconds", labels, _of_hours(row["known_age_hours"])
    yield "busta_feature_drift_alarm", labels, row["alarm"]


def _champion(labels: tuple[str, ...], row: Mapping[str, Any]) -> Iterator[Sample]:
    """What the watch found of a champion."""
    rolling, decay, said = row["rolling"], row["decay"], row["predictions"]
    yield "busta_model_games_since_training", labels, row["games"]
    yield "busta_rolling_games", labels, rolling["games"]
    for key, name in _SCORES.items():
        yield f"busta_rolling_{name}", (*labels, "model"), rolling[key]
        yield f"busta_rolling_{name}", (*labels, CLOSING_LINE), rolling[f"closing_{key}"]
    yield "busta_decay_e_value", labels, decay["e_value"]
    yield "busta_decay_e_value_threshold", labels, decay["threshold"]
    for detector in ("adwin", "page_hinkley"):
        yield "busta_decay_detector", (*labels, detector), decay[detector]
    yield "busta_decay_alarm", labels, decay["alarm"]
    yield "busta_prediction_psi", labels, said["psi"]
    yield "busta_prediction_psi_critical", labels, said["psi_critical"]
    yield "busta_prediction_drift_alarm", labels, said["alarm"]
    for trigger in TRIGGERS:
        yield "busta_trigger", (*labels, trigger), trigger in row["triggers"]


def _league(row: Mapping[str, Any]) -> Iterator[Sample]:
    labels = (row["league"],)
    yield "busta_as_of_timestamp_seconds", labels, _seconds(row["as_of"])
    yield "busta_last_result_timestamp_seconds", labels, _seconds(row["last_result"])
    yield "busta_next_game_timestamp_seconds", labels, _seconds(row["next_game"])
    yield "busta_overdue_games", labels, row["overdue"]
    yield "busta_games", labels, row["games"]
    yield "busta_gold_info", (*labels, row["gold_version"]), 1
    yield "busta_gold_created_timestamp_seconds", labels, _seconds(row["gold_created_at"])


def _registered(row: Mapping[str, Any]) -> Iterator[Sample]:
    """What the registry knows of a model: its versions with a role, and its trainings."""
    labels = _model(row)
    for version in row["versions"]:
        role = (*labels, version["role"])
        yield "busta_registered_model_info", (*role, version["version"], version["verdict"]), 1
        yield "busta_model_trained_timestamp_seconds", role, _seconds(version["trained_at"])
        yield "busta_model_trained_through_timestamp_seconds", role, _seconds(version["trained_through"])
        yield "busta_training_seconds", role, version["seconds"]
        yield "busta_training_peak_memory_bytes", role, version["peak_memory_bytes"]
    for verdict, count in row["verdicts"].items():
        yield "busta_registered_versions", (*labels, verdict), count
    for outcome, count in row["runs"].items():
        yield "busta_training_runs", (*labels, outcome), count
    yield "busta_last_training_timestamp_seconds", labels, _seconds(row["last_training"])
    yield "busta_last_training_success", labels, row["last_training_success"]


def _ledger(ledger: Mapping[str, Any]) -> Iterator[Sample]:
    yield "busta_ledger_entries", (), ledger.get("entries")
    yield "busta_ledger_sound", (), ledger.get("sound")
    yield "busta_stop_loss_ratio", (), ledger.get("stop_loss")
    for money in ("paper", "real"):
        account = ledger.get(money)
        if account is None:
            continue
        for key, name in _MONEY.items():
            yield f"busta_{name}", (money,), account[key]
        for key, state in _BETS.items():
            yield "busta_bets", (money, state), account[key]
        for row in account["by_market"]:
            which = (money, row["market"])
            yield "busta_market_bets", which, row["bets"]
            yield "busta_market_roi_ratio", which, row["roi"]
            yield "busta_market_clv_ratio", which, row["clv"]


def _model(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["league"], row["market"], row["model"]


def _seconds(moment: str | float | None) -> float | None:
    """Seconds since 1970 of a moment, ISO 8601 with its zone."""
    return moment if moment is None or isinstance(moment, float) else datetime.fromisoformat(moment).timestamp()


def _of_hours(hours: float | None) -> float | None:
    return None if hours is None else _HOUR * hours
