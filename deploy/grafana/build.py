"""Writes the dashboards: `python deploy/grafana/build.py` makes dashboards/*.json of what stands beside it."""

from __future__ import annotations

import json
from pathlib import Path

import money
import service
from panels import Dashboard, Variable

import data
import models

FOLDER = Path(__file__).parent / "dashboards"
LEAGUES = Variable("league", "busta_as_of_timestamp_seconds")
MARKETS = Variable("market", 'busta_registered_model_info{league=~"$league"}')
ABOUT = {
    "service": "Does busta answer, quickly and with something new, and is it watched?",
    "models": "Do models forecast as when they were chosen, beside the closing line on the same games?",
    "money": "What bets have come to, on paper or for money, beside the closing line.",
    "data": "Is what models read there, new, and as it was when they learned?",
}
ROWS = {"service": service.SERVICE, "models": models.MODELS, "money": money.BANKROLL, "data": data.DATA}
CHOSEN = {
    "service": (LEAGUES, MARKETS),
    "models": (LEAGUES, MARKETS),
    "money": (Variable("money", "busta_bankroll", many=False),),
    "data": (LEAGUES,),
}
HOURS = {"service": 6, "models": 24 * 30, "money": 24 * 90, "data": 24 * 30}


def dashboards() -> dict[str, str]:
    """The text of each file by its name."""
    found = {}
    for name, rows in ROWS.items():
        others = tuple(other for other in ROWS if other != name)
        page = Dashboard(name, name, ABOUT[name], rows, CHOSEN[name], HOURS[name], others)
        found[f"{name}.json"] = json.dumps(page.json(), indent=1, ensure_ascii=False) + "\n"
    return found


if __name__ == "__main__":
    for file, content in dashboards().items():
        (FOLDER / file).write_text(content, encoding="utf-8")
