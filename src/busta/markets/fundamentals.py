"""The features that earned their place in models of margins and totals, on seasons up to 2015 (docs/experiments.md)."""

__all__ = ["MARGIN", "TOTAL"]

MARGIN = (
    *("power_rating_diff", "market_rating_diff", "score_rating_diff", "elo_diff"),
    *("epa_*_diff", "starter_*_diff", "rest_days_diff", "back_to_back_diff", "division", "neutral", "home_edge"),
    *("price_spread", "price_gap"),
)
"""Patterns; every column more costs a little, and those that say the same as another cost the most."""
TOTAL = (
    *("power_total_sum", "starter_total_change_sum", "total_level", "indoors", "artificial"),
    *("price_total", "price_total_gap"),
)
