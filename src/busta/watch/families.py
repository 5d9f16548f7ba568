"""Every figure of ``busta watch --every`` for Prometheus: its name, its labels and what it is.

Names end in their base unit; a share is a ``_ratio``. Labels are names of the catalogue, of leagues, markets, models
and of a few fixed words: none is a game's, a client's or a book's, so that the number of series stays bounded.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CLOSING_LINE", "EDGES", "FAMILIES", "OF", "PROBABILITIES", "Family"]

CLOSING_LINE = "closing_line"
"""The forecaster that a model is held against, as the label ``forecaster`` has it."""
OF = ("champion", "before", "season", "season_before")
"""Whose ranks of features: the champion's, those of the version before it, the champion's in its last season and in
the one before that."""
EDGES = (-0.1, -0.05, -0.02, 0.0, 0.02, 0.05, 0.1, 0.2)
PROBABILITIES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Family:
    """One name, with all its series.

    Attributes:
        name: As it is told.
        labels: Names of its labels.
        what: One line of help.
        buckets: Upper bounds of a histogram; of none for a counter (``_total``) or gauge.
    """

    name: str
    labels: tuple[str, ...]
    what: str
    buckets: tuple[float, ...] = ()


LEAGUE = ("league",)
FEATURE = ("league", "feature")
GROUP = ("league", "group")
MODEL = ("league", "market", "model")
SCORE = (*MODEL, "forecaster")
ROLE = (*MODEL, "role")
MONEY = ("money",)
BY_MARKET = ("money", "market")
OUTCOMES = " `forecaster` is the model or the closing line on the same games."

_WATCH = [
    Family("busta_watch_rounds_total", ("outcome",), "Rounds of the watch: done, partly (a part failed) or failed."),
    Family("busta_watch_last_success_timestamp_seconds", (), "When a round was last done, all parts of it."),
    Family("busta_watch_round_seconds", (), "What the last round took."),
    Family("busta_watch_every_seconds", (), "Pause between two rounds."),
    Family(
        "busta_watch_part_ok", ("part",), "Whether that part of the last round went well; else its figures are old."
    ),
]
_LEAGUES = [
    Family("busta_as_of_timestamp_seconds", LEAGUE, "What time it is in the league; a simulated one has its own."),
    Family("busta_last_result_timestamp_seconds", LEAGUE, "Start of the last game with a score."),
    Family("busta_next_game_timestamp_seconds", LEAGUE, "Start of the next game without one."),
    Family("busta_overdue_games", LEAGUE, "Games that began more than a day ago and have no score."),
    Family("busta_games", LEAGUE, "Games in the gold store."),
    Family("busta_gold_info", ("league", "version"), "Version of the gold store in use."),
    Family("busta_gold_created_timestamp_seconds", LEAGUE, "When it was built."),
    Family("busta_drift_alarms", LEAGUE, "Alarms of the watch, over features and models."),
]
_FEATURES = [
    Family("busta_feature_games", FEATURE, "Recent games that have the feature."),
    Family("busta_feature_psi", FEATURE, "Population stability index of recent games against those trained on."),
    Family("busta_feature_psi_critical", FEATURE, "What it has to reach to be more than luck."),
    Family("busta_feature_ks", FEATURE, "Kolmogorov and Smirnov's distance of the same."),
    Family("busta_feature_ks_p_value", FEATURE, "Chance of so much by luck, before features and weeks are counted."),
    Family("busta_feature_missing_ratio", FEATURE, "Share of recent games without the feature."),
    Family("busta_feature_missing_before_ratio", FEATURE, "The same of the games trained on."),
    Family("busta_feature_outside_ratio", FEATURE, "Share of recent values out of the range of those trained on."),
    Family("busta_feature_known_age_seconds", FEATURE, "From when the value was known to the decision, the median."),
    Family("busta_feature_drift_alarm", FEATURE, "Whether the watch calls it drift, all features and weeks counted."),
    Family("busta_feature_group_age_seconds", GROUP, "The same age of a group of features, which have one source."),
    Family("busta_feature_group_age_before_seconds", GROUP, "That age in the games trained on."),
    Family("busta_feature_group_stale_alarm", GROUP, "Whether the watch calls the group's values old."),
]
_MODELS = [
    Family(
        "busta_registered_model_info", (*ROLE, "version", "verdict"), "Champion and challenger, and their verdicts."
    ),
    Family("busta_registered_versions", (*MODEL, "verdict"), "Versions by what the gate said last."),
    Family("busta_model_trained_timestamp_seconds", ROLE, "When the version was trained."),
    Family("busta_model_trained_through_timestamp_seconds", ROLE, "Start of the last game it has learned from."),
    Family(
        "busta_model_games_since_training", MODEL, "Games with a score since the last one the champion learned from."
    ),
    Family("busta_rolling_games", MODEL, "Games of the rolling scores: the latest with a result."),
    Family("busta_rolling_log_loss", SCORE, f"Mean log loss, in nats.{OUTCOMES}"),
    Family("busta_rolling_brier_score", SCORE, f"Mean Brier score.{OUTCOMES}"),
    Family("busta_rolling_ece", SCORE, f"Expected calibration error.{OUTCOMES}"),
    Family("busta_decay_e_value", MODEL, "Evidence that the champion forecasts worse than when it was chosen."),
    Family("busta_decay_e_value_threshold", MODEL, "What the evidence has to reach."),
    Family("busta_decay_detector", (*MODEL, "detector"), "Whether ADWIN, or Page and Hinkley's test, sees a change."),
    Family("busta_decay_alarm", MODEL, "Whether the watch says that the champion has decayed."),
    Family("busta_prediction_psi", MODEL, "Population stability index of recent probabilities."),
    Family("busta_prediction_psi_critical", MODEL, "What it has to reach to be more than luck."),
    Family("busta_prediction_drift_alarm", MODEL, "Whether the watch calls it drift."),
    Family("busta_trigger", (*MODEL, "trigger"), "Whether the watch would have the model trained again for that."),
]
_TRAININGS = [
    Family("busta_training_seconds", ROLE, "What the version's training took."),
    Family("busta_training_peak_memory_bytes", ROLE, "The most memory it had."),
    Family("busta_training_runs", (*MODEL, "outcome"), "Trainings in MLflow by how they ended."),
    Family("busta_last_training_timestamp_seconds", MODEL, "When the last of them began."),
    Family("busta_last_training_success", MODEL, "Whether it ended well, or is still running."),
    Family(
        "busta_retrain_decisions_total", ("model", "decision"), "Decisions about retraining, as the ledger has them."
    ),
    Family("busta_retrain_last_decision_timestamp_seconds", ("model", "decision"), "When that was last decided."),
    Family("busta_feature_importance", (*MODEL, "feature", "of"), "Mean size of a feature's part in the log-odds."),
    Family(
        "busta_feature_rank", (*MODEL, "feature", "of"), "Its rank by that, 1 the first; of each, the leading ones."
    ),
]
_FORECASTS = [
    Family("busta_slate_edge_ratio", MODEL, "Edges of the better sides of the coming week, as served now.", EDGES),
    Family("busta_slate_probability", MODEL, "Their chances to win; both fall when a new week comes.", PROBABILITIES),
    Family("busta_recorded_edge_ratio", MODEL, "Edges of all predictions in the ledger.", EDGES),
    Family("busta_recorded_probability", MODEL, "Chances to win of all predictions in the ledger.", PROBABILITIES),
]
_MONEY = [
    Family("busta_bankroll", MONEY, "Bankroll, in its currency; paper and real never in one figure."),
    Family("busta_bankroll_at_stake", MONEY, "Of it, on bets that are open."),
    Family("busta_drawdown_ratio", MONEY, "Loss since the highest bankroll so far, money put in or taken out apart."),
    Family("busta_max_drawdown_ratio", MONEY, "The largest there ever was."),
    Family("busta_stop_loss_ratio", (), "Setting `ledger.stop_loss`: the draw-down that ends all recommendations."),
    Family("busta_bets", ("money", "state"), "Bets: open, won, lost, push or void."),
    Family("busta_turnover", MONEY, "Sum of the stakes of settled bets."),
    Family("busta_profit", MONEY, "Their profit."),
    Family("busta_roi_ratio", MONEY, "Profit by turnover."),
    Family("busta_roi_low_ratio", MONEY, "Lower end of its interval."),
    Family("busta_roi_high_ratio", MONEY, "Upper end."),
    Family("busta_clv_ratio", MONEY, "Closing-line value: edge of the bets as taken by the closing market's chances."),
    Family("busta_clv_low_ratio", MONEY, "Lower end of its interval."),
    Family("busta_clv_high_ratio", MONEY, "Upper end."),
    Family("busta_clv_coverage_ratio", MONEY, "Share of settled bets that have one."),
    Family("busta_hit_ratio", MONEY, "Share of bets won, pushes apart."),
    Family("busta_break_even_hit_ratio", MONEY, "What it takes at the prices taken."),
    Family("busta_claimed_edge_ratio", MONEY, "Mean edge that the models claimed for the bets taken."),
    Family("busta_market_bets", BY_MARKET, "Settled bets of a market."),
    Family("busta_market_roi_ratio", BY_MARKET, "Their profit by turnover."),
    Family("busta_market_clv_ratio", BY_MARKET, "Their closing-line value."),
    Family("busta_ledger_entries", (), "Entries of the ledger."),
    Family("busta_ledger_sound", (), "Whether its chain of hashes holds."),
]

FAMILIES = {
    each.name: each
    for group in (_WATCH, _LEAGUES, _FEATURES, _MODELS, _TRAININGS, _FORECASTS, _MONEY)
    for each in group
}
"""All of them by name."""
