"""The features that earned their place in models of margins and totals, on seasons up to 2015 (docs/experiments.md).

Patterns, for each market. Every column more costs a little, one that says what another says costs most: a model of
the spread, which has the gap between the power ratings and the line, wants next to nothing else.
"""

__all__ = ["ATS", "MONEYLINE", "TOTALS"]

_MARGIN = (
    *("power_rating_diff", "starter_power_change_diff", "rest_days_diff", "back_to_back_diff"),
    *("price_spread", "price_gap"),
)
ATS = (*_MARGIN, "price_home_cover")
MONEYLINE = (
    *_MARGIN,
    *(
        "market_rating_diff",
        "score_rating_diff",
        "elo_diff",
        "epa_*_diff",
        "starter_rating_diff",
        "starter_change_diff",
    ),
    *("division", "neutral", "price_home_win"),
)
TOTALS = (
    *("power_total_sum", "starter_total_change_sum", "total_level", "indoors", "artificial"),
    *("price_total", "price_total_gap", "price_over"),
)
