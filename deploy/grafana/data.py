"""The dashboard of the data: is it there, new, and as it was when the models learned?"""

from __future__ import annotations

from panels import BAD_IF_ON, LEAGUE, RED, YELLOW, Row, bars, lines, stat, table

AGED = f"busta_feature_group_age_before_seconds{{{LEAGUE}}}"
CLOCK = f"busta_as_of_timestamp_seconds{{{LEAGUE}}}"
WEIGHED = f"busta_feature_psi{{{LEAGUE}}} / busta_feature_psi_critical{{{LEAGUE}}}"
NAMED = {"psi": "PSI", "psi_critical": "alarm from", "ks": "KS", "missing_ratio": "missing"}
NAMED |= {"outside_ratio": "out of range", "known_age_seconds": "age, seconds", "drift_alarm": "alarm"}
DATA = (
    Row(
        "How new it is",
        (
            stat(
                "Since the last result",
                "By the league's own clock.",
                {"{{league}}": f"league:busta_data_age:seconds{{{LEAGUE}}}"},
                "s",
            ),
            stat(
                "Games overdue",
                "Began more than a day ago and have no score.",
                {"{{league}}": f"busta_overdue_games{{{LEAGUE}}}"},
                steps=BAD_IF_ON,
            ),
            stat(
                "Until the next game",
                "By the league's own clock.",
                {"{{league}}": f"busta_next_game_timestamp_seconds{{{LEAGUE}}} - on (league) {CLOCK}"},
                "s",
            ),
            stat("Games", "In the gold store.", {"{{league}}": f"busta_games{{{LEAGUE}}}"}),
            stat(
                "Alarms",
                "Of the watch, over features and models.",
                {"{{league}}": f"busta_drift_alarms{{{LEAGUE}}}"},
                steps=BAD_IF_ON,
            ),
            stat(
                "Gold store built",
                "When.",
                {"{{league}}": f"busta_gold_created_timestamp_seconds{{{LEAGUE}}} * 1000"},
                "dateTimeFromNow",
            ),
            lines(
                "Since the last result",
                "By the league's own clock; a summer is no fault.",
                {"{{league}}": f"league:busta_data_age:seconds{{{LEAGUE}}}"},
                "s",
            ),
            table("Gold stores", "Versions in use.", f"busta_gold_info{{{LEAGUE}}}", ("Value",)),
        ),
    ),
    Row(
        "Drift",
        (
            bars(
                "Nearest to an alarm",
                "Population stability index by what luck reaches with as many games and features; 1 is the alarm.",
                {"{{feature}}, {{league}}": f"topk(15, {WEIGHED})"},
                "percentunit",
                steps=((0.7, YELLOW), (1, RED)),
            ),
            lines(
                "Features that drift",
                "The same over time, of those above half of the alarm.",
                {"{{feature}}, {{league}}": f"{WEIGHED} > 0.5"},
                "percentunit",
                steps=((1, RED),),
            ),
            bars(
                "Distance of the distributions",
                "Kolmogorov and Smirnov's, recent games against those trained on.",
                {"{{feature}}, {{league}}": f"topk(15, busta_feature_ks{{{LEAGUE}}})"},
                "percentunit",
            ),
            bars(
                "Least likely by luck",
                "The chance of so much by luck, before features and weeks are counted.",
                {"{{feature}}, {{league}}": f"bottomk(15, busta_feature_ks_p_value{{{LEAGUE}}})"},
                "percentunit",
            ),
        ),
    ),
    Row(
        "Missing, out of range, old",
        (
            bars(
                "Missing more than before",
                "Share of recent games without the feature, less that of the games trained on.",
                {"{{feature}}, {{league}}": f"topk(15, feature:busta_feature_missing:excess_ratio{{{LEAGUE}}})"},
                "percentunit",
                width=8,
                steps=((0.1, YELLOW), (0.2, RED)),
            ),
            bars(
                "Out of the range trained on",
                "Share of recent values.",
                {"{{feature}}, {{league}}": f"topk(15, busta_feature_outside_ratio{{{LEAGUE}}})"},
                "percentunit",
                width=8,
                steps=((0.05, YELLOW), (0.2, RED)),
            ),
            bars(
                "Older than in training",
                "Age of a group's values when they are used, by that in the games trained on.",
                {"{{group}}, {{league}}": f"busta_feature_group_age_seconds{{{LEAGUE}}} / {AGED}"},
                "percentunit",
                width=8,
                steps=((1.5, YELLOW), (2, RED)),
            ),
            table(
                "All features",
                "As the last round of the watch found them.",
                {word: f"busta_feature_{name}{{{LEAGUE}}}" for name, word in NAMED.items()},
                width=24,
            ),
        ),
    ),
)
