"""The back-test: which bets a model would have placed, and what they would have earned.

Arrays run over games, shape (n,), unless they belong to `Bets`, where they run over bets.
"""

from __future__ import annotations

from busta.performance.simulation.bankroll import Ledger, simulate
from busta.performance.simulation.bets import Bets, lay, place, slip
from busta.performance.simulation.choice import Choice, Chosen, choose
from busta.performance.simulation.closing import closing_edge, closing_points, closing_value, missing_closes
from busta.performance.simulation.figures import account
from busta.performance.simulation.result import Result, backtest

__all__ = [
    "Bets",
    "Choice",
    "Chosen",
    "Ledger",
    "Result",
    "account",
    "backtest",
    "choose",
    "closing_edge",
    "closing_points",
    "closing_value",
    "lay",
    "missing_closes",
    "place",
    "simulate",
    "slip",
]
