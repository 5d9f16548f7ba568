"""The dashboard of the models: do they forecast as when they were chosen, beside the closing line?"""

from __future__ import annotations

from panels import DAY, MODEL, RED, YELLOW, Row, bars, heat, lines, states, table

CHAMPION = f'{MODEL}, role="champion"'
WHO = "{{model}}"
WORTH = f'busta_feature_importance{{{MODEL}, of="champion"}}'
FIRST = f'busta_feature_rank{{{MODEL}, of="champion"}} <= 5'
JUMP = "model_feature:busta_feature_rank_"
TABLES = ("champion", "before", "season", "season_before")


def beside(name: str) -> dict[str, str]:
    """A score of the models and of the closing line on the same games."""
    score = f"busta_rolling_{name}{{{MODEL}, forecaster="
    return {WHO: f'{score}"model"}}', "closing line of {{model}}": f'{score}"closing_line"}}'}


MODELS = (
    Row(
        "In charge",
        (
            table(
                "Versions",
                "Champion and challenger, with the gate's verdict.",
                f"busta_registered_model_info{{{MODEL}}}",
                ("Value",),
                width=12,
            ),
            bars(
                "Age of the champions",
                "From the last game each has learned from, by the league's clock.",
                {WHO: f"model:busta_model_age:seconds{{{CHAMPION}}}"},
                "s",
                width=6,
                steps=((45 * DAY, YELLOW), (90 * DAY, RED)),
            ),
            bars(
                "Games since",
                "Games with a score since the last one each champion has learned from.",
                {WHO: f"busta_model_games_since_training{{{MODEL}}}"},
                width=6,
                steps=((64, YELLOW), (272, RED)),
            ),
        ),
    ),
    Row(
        "Beside the closing line, on the same games",
        (
            lines("Log loss", "In nats a game; lower is better.", beside("log_loss")),
            lines(
                "Worse than the closing line by",
                "Log loss above the closing line's: above 0 the model is worse, and its edges are errors.",
                {WHO: f"model:busta_rolling_log_loss:excess{{{MODEL}}}"},
                steps=((0.01, RED),),
            ),
            lines("Brier score", "Mean squared error of the chance; lower is better.", beside("brier_score"), width=8),
            lines("Calibration error", "Chances against what happened; lower is better.", beside("ece"), width=8),
            lines(
                "Games of these scores",
                "Of few games they say little.",
                {WHO: f"busta_rolling_games{{{MODEL}}}"},
                width=8,
            ),
        ),
    ),
    Row(
        "Drift and decay",
        (
            lines(
                "Evidence of decay",
                "An e-value: what it has to reach is the alarm, once, however often one looks.",
                {
                    WHO: f"busta_decay_e_value{{{MODEL}}}",
                    "needed for {{model}}": f"busta_decay_e_value_threshold{{{MODEL}}}",
                },
            ),
            states(
                "Detectors of change",
                "ADWIN, and Page and Hinkley's test, on the loss beside the closing line's.",
                {"{{model}}, {{detector}}": f"busta_decay_detector{{{MODEL}}}"},
                ("no change", "change"),
            ),
            lines(
                "Drift of what is said",
                "Population stability index of recent chances by what luck reaches; 1 is the alarm.",
                {WHO: f"busta_prediction_psi{{{MODEL}}} / busta_prediction_psi_critical{{{MODEL}}}"},
                "percentunit",
                steps=((1, RED),),
            ),
            states(
                "Calls for retraining",
                "What the watch would have each model trained again for.",
                {"{{model}}, {{trigger}}": f"busta_trigger{{{MODEL}}}"},
                ("quiet", "called"),
            ),
        ),
    ),
    Row(
        "Trials and training",
        (
            lines(
                "Evidence of the trial",
                "Of the challenger against the champion; the dashed line is what it takes.",
                {WHO: "busta_trial_e_value", "needed for {{model}}": "busta_trial_e_value_needed"},
                width=8,
            ),
            lines(
                "Gain in the trial",
                "Log loss a game that the challenger gains on the champion, and its interval.",
                {
                    WHO: "busta_trial_mean_gain",
                    "low of {{model}}": "busta_trial_low",
                    "high of {{model}}": "busta_trial_high",
                },
                width=8,
            ),
            table(
                "Decisions about retraining",
                "How often each was taken, as the ledger has them.",
                "sum by (model, decision) (busta_retrain_decisions_total)",
                width=8,
            ),
            bars(
                "Training takes",
                "Of the champions.",
                {WHO: f"busta_training_seconds{{{CHAMPION}}}"},
                "s",
                width=6,
            ),
            bars(
                "Memory of training",
                "The most there was.",
                {WHO: f"busta_training_peak_memory_bytes{{{CHAMPION}}}"},
                "bytes",
                width=6,
            ),
            lines(
                "Trainings",
                "Runs in MLflow by how they ended.",
                {"{{model}} {{outcome}}": f"busta_training_runs{{{MODEL}}}"},
                width=6,
            ),
            lines(
                "Versions by verdict",
                "What the gate said of them last.",
                {"{{model}} {{verdict}}": f"busta_registered_versions{{{MODEL}}}"},
                width=6,
            ),
        ),
    ),
    Row(
        "What they say of the coming week",
        (
            heat(
                "Edges",
                "Of the better side, by the price offered.",
                f"sum by (le) (busta_slate_edge_ratio_bucket{{{MODEL}}})",
                "percentunit",
            ),
            heat(
                "Chances",
                "To win, of the better side.",
                f"sum by (le) (busta_slate_probability_bucket{{{MODEL}}})",
                "percentunit",
            ),
            lines(
                "Median edge recorded",
                "Of all predictions in the ledger; where the closing line is right there is none.",
                {WHO: f"histogram_quantile(0.5, sum by (model, le) (busta_recorded_edge_ratio_bucket{{{MODEL}}}))"},
                "percentunit",
            ),
            lines(
                "Median chance recorded",
                "Of all predictions in the ledger.",
                {WHO: f"histogram_quantile(0.5, sum by (model, le) (busta_recorded_probability_bucket{{{MODEL}}}))"},
                "percentunit",
            ),
        ),
    ),
    Row(
        "What features are worth",
        (
            bars(
                "Leading features",
                "Mean size of a feature's part in the champion's log-odds.",
                {"{{feature}}, {{model}}": f"topk(15, {WORTH})"},
            ),
            table(
                "Ranks, and those before",
                "Of the champion, of the version before it, and in the champion's last two seasons.",
                {of.replace("_", " "): f'busta_feature_rank{{{MODEL}, of="{of}"}}' for of in TABLES},
                ("of", "league", "market"),
            ),
            lines(
                "Leading features over time",
                "With every new champion there are new ones; a jump is an alert.",
                {"{{feature}}, {{model}}": f"{WORTH} and {FIRST}"},
            ),
            bars(
                "Ranks moved",
                "Of the first five features, now or before; ten is an alert.",
                {
                    "{{feature}}, {{model}}, version": f"topk(10, {JUMP}version:jump{{{MODEL}}})",
                    "{{feature}}, {{model}}, season": f"topk(10, {JUMP}season:jump{{{MODEL}}})",
                },
                steps=((5, YELLOW), (10, RED)),
            ),
        ),
    ),
)
