"""Cases put to a check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from busta.performance.evaluation import evaluate
from busta.performance.gate.case import Case, Trials
from busta.performance.gate.verdict import checks
from busta.settings import Bets, Gate

if TYPE_CHECKING:
    from busta.performance.forecasts import Forecasts


@pytest.fixture(scope="session")
def case_of():
    """Makes a case of forecasts; the rest is as it is by default."""

    def make(forecasts: Forecasts, **changes: Any) -> Case:
        bets = changes.pop("bets", None) or Bets()
        others: dict[str, Any] = {"trials": Trials(), "settings": Gate()} | changes
        return Case(forecasts=forecasts, evaluation=evaluate(forecasts, bets), bets=bets, **others)

    return make


@pytest.fixture(scope="session")
def ask():
    """Puts a case to the check of that code."""
    by_code = {check.code: check for check in checks()}
    return lambda code, case: by_code[code].run(case)
