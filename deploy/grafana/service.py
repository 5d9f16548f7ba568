"""The dashboard of the service: does busta answer, quickly and with something new, and is it watched?"""

from __future__ import annotations

from panels import BAD_IF_OFF, MODEL, RED, YELLOW, Row, heat, lines, stat, states, table

SERVE = 'job="busta-serve"'

SERVICE = (
    Row(
        "Now",
        (
            stat("Up", "Servers that answer Prometheus.", {"{{job}}": 'up{job=~"busta-.*"}'}, steps=BAD_IF_OFF),
            stat("Ready", "Whether there is something to serve.", f"min(busta_ready{{{SERVE}}})", steps=BAD_IF_OFF),
            stat("Requests", "A second.", f"sum(job_route:busta_http_requests:rate5m{{{SERVE}}})", "reqps"),
            stat(
                "Errors",
                "Share of requests that ended in an error of the server.",
                f"job:busta_http_errors:ratio_rate5m{{{SERVE}}}",
                "percentunit",
                steps=((0.001, YELLOW), (0.01, RED)),
            ),
            stat(
                "Slowest in a hundred",
                "99 % of the requests are answered within.",
                f"job:busta_http_request_seconds:p99_rate5m{{{SERVE}}}",
                "s",
                steps=((0.1, YELLOW), (0.25, RED)),
            ),
            stat(
                "Memory",
                "Resident, of the server.",
                f"process_resident_memory_bytes{{{SERVE}}}",
                "bytes",
                steps=((300 * 2**20, YELLOW), (350 * 2**20, RED)),
            ),
        ),
    ),
    Row(
        "Requests",
        (
            lines(
                "Requests by route",
                "A second; the pattern of a route, not the address.",
                {"{{route}}": f"job_route:busta_http_requests:rate5m{{{SERVE}}}"},
                "reqps",
            ),
            lines(
                "Answers by status",
                "4xx is what clients did wrong, 5xx what the server did.",
                {"{{status}}": f"sum by (status) (rate(busta_http_requests_total{{{SERVE}}}[$__rate_interval]))"},
                "reqps",
            ),
            lines(
                "Time to answer",
                "Half of the requests, and 99 of a hundred, are answered within.",
                {
                    "half": f"job:busta_http_request_seconds:p50_rate5m{{{SERVE}}}",
                    "99 %": f"job:busta_http_request_seconds:p99_rate5m{{{SERVE}}}",
                },
                "s",
                steps=((0.25, RED),),
            ),
            heat(
                "Time to answer, all of it",
                "How many requests took how long.",
                f"sum by (le) (increase(busta_http_request_seconds_bucket{{{SERVE}}}[$__rate_interval]))",
                "s",
            ),
        ),
    ),
    Row(
        "Predictions and the ledger",
        (
            lines(
                "Predictions by market",
                "A second; of games of the store, or of features that were given.",
                {"{{league}} {{market}}, {{source}}": f"league_market:busta_predictions:rate5m{{{MODEL}}}"},
                "cps",
            ),
            table("What is served", "Versions, and whether they are in charge.", "busta_model_info", ("Value",)),
            lines(
                "Rows for the ledger",
                "Predictions and bets that were to be recorded: those that wait, and those refused within an hour.",
                {
                    "waiting": f"busta_ledger_waiting{{{SERVE}}}",
                    "refused": f'sum(increase(busta_ledger_rows_total{{{SERVE}, outcome="refused"}}[1h])) or vector(0)',
                },
            ),
            lines(
                "Since models and data were looked at",
                "How old what is served may be.",
                {"{{instance}}": f"busta_checked_seconds{{{SERVE}}}"},
                "s",
                steps=((120, RED),),
            ),
        ),
    ),
    Row(
        "The watch, and alerts",
        (
            states(
                "Parts of the watch",
                "Whether each could be gathered; else its figures are old.",
                {"{{part}}": "busta_watch_part_ok"},
                ("failed", "fine"),
                bad=0,
            ),
            lines("A round takes", "Of `busta watch --every`.", {"seconds": "busta_watch_round_seconds"}, "s"),
            lines(
                "Rounds",
                "Within an hour, by how they went.",
                {"{{outcome}}": "increase(busta_watch_rounds_total[1h])"},
            ),
            table("Alerts", "What fires now.", 'ALERTS{alertstate="firing"}', ("Value", "alertstate")),
        ),
    ),
)
