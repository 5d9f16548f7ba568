"""The dashboard of the money: what bets have come to, on paper or for money, beside the closing line."""

from __future__ import annotations

from panels import BAD_IF_OFF, RED, YELLOW, Row, lines, stat, table, text

MONEY = 'money="$money"'


def within(name: str) -> dict[str, str]:
    """A figure of the bets with its interval."""
    return {
        "estimate": f"busta_{name}_ratio{{{MONEY}}}",
        "low": f"busta_{name}_low_ratio{{{MONEY}}}",
        "high": f"busta_{name}_high_ratio{{{MONEY}}}",
    }


BANKROLL = (
    Row(
        "The bankroll",
        (
            text(
                "Paper money and real money are never in one figure: choose one of them above. "
                "The closing line stands beside the return: bets that do not beat it have no edge, whatever they won.",
                height=2,
            ),
            stat("Bankroll", "In its currency.", f"busta_bankroll{{{MONEY}}}", "none"),
            stat("At stake", "On bets that are open.", f"busta_bankroll_at_stake{{{MONEY}}}", "none"),
            stat(
                "Below its highest by",
                "Draw-down now; the stop-loss ends all recommendations.",
                {"now": f"busta_drawdown_ratio{{{MONEY}}}", "stop-loss": "busta_stop_loss_ratio"},
                "percentunit",
                steps=((0.25, YELLOW), (0.5, RED)),
            ),
            stat("Largest draw-down", "That there ever was.", f"busta_max_drawdown_ratio{{{MONEY}}}", "percentunit"),
            stat("Ledger", "Whether its chain of hashes holds.", "busta_ledger_sound", steps=BAD_IF_OFF),
            stat("Entries", "Of the ledger.", "busta_ledger_entries"),
            lines(
                "Bankroll",
                "In its currency.",
                {"bankroll": f"busta_bankroll{{{MONEY}}}", "at stake": f"busta_bankroll_at_stake{{{MONEY}}}"},
                "none",
            ),
            lines(
                "Draw-down",
                "Money put in or taken out moves it not.",
                {"now": f"busta_drawdown_ratio{{{MONEY}}}", "stop-loss": "busta_stop_loss_ratio"},
                "percentunit",
                min=0,
            ),
        ),
    ),
    Row(
        "Return, beside the closing line",
        (
            lines("ROI", "Profit by turnover, with its interval by weeks.", within("roi"), "percentunit"),
            lines(
                "Closing-line value",
                "Edge of the bets as taken, by the closing market's chances.",
                within("clv"),
                "percentunit",
            ),
            lines(
                "Won, and what it takes",
                "Share of bets won, pushes apart, beside what breaks even at the prices taken.",
                {"won": f"busta_hit_ratio{{{MONEY}}}", "breaks even": f"busta_break_even_hit_ratio{{{MONEY}}}"},
                "percentunit",
            ),
            lines(
                "Claimed and shown",
                "The edge that models claimed, what the closing line says of it, and what was earned.",
                {
                    "claimed": f"busta_claimed_edge_ratio{{{MONEY}}}",
                    "by the closing line": f"busta_clv_ratio{{{MONEY}}}",
                    "earned": f"busta_roi_ratio{{{MONEY}}}",
                },
                "percentunit",
            ),
        ),
    ),
    Row(
        "Bets",
        (
            table(
                "By market",
                "Settled bets, their ROI and their closing-line value.",
                {
                    "bets": f"busta_market_bets{{{MONEY}}}",
                    "ROI": f"busta_market_roi_ratio{{{MONEY}}}",
                    "closing-line value": f"busta_market_clv_ratio{{{MONEY}}}",
                },
            ),
            lines(
                "Bets by what became of them", "Open, won, lost, push, void.", {"{{state}}": f"busta_bets{{{MONEY}}}"}
            ),
            lines(
                "Profit and turnover",
                "Of settled bets.",
                {"profit": f"busta_profit{{{MONEY}}}", "turnover": f"busta_turnover{{{MONEY}}}"},
                "none",
            ),
            lines(
                "Share of bets with a closing-line value",
                "Without a close in the tables there is none.",
                {"coverage": f"busta_clv_coverage_ratio{{{MONEY}}}"},
                "percentunit",
                min=0,
                max=1,
            ),
        ),
    ),
)
