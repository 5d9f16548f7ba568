"""Figures as the watch and `busta.workflows.watching.figures` hand them over, of a workspace of any size."""

from __future__ import annotations

from typing import Any

from busta.telemetry.metrics import GAUGES, Metrics
from busta.trials.metrics import FIGURES, trial_metrics
from busta.watch.families import OF

MARKETS = ("moneyline", "ats", "totals")
NOW = "2022-11-13T17:00:00+00:00"
SECONDS = 1668358800.0
LATER = "2022-11-13T18:00:00+00:00"


def watched(features: int = 2, league: str = "nfl", models: int = 1) -> dict[str, Any]:
    """What `busta watch --json` prints."""
    return {
        "league": league,
        "as_of": NOW,
        "gold_version": "abc",
        "last_result": NOW,
        "alarms": 1,
        "features": [feature(f"f{i}") for i in range(features)],
        "groups": [{"group": "ratings", "age_hours": 200.0, "age_hours_before": 150.0, "alarm": True}],
        "models": [champion(league, i) for i in range(models)],
        "notes": {},
        "seconds": 1.0,
    }


def feature(name: str) -> dict[str, Any]:
    return {
        "feature": name,
        "games": 64,
        "psi": 0.3,
        "psi_critical": 0.25,
        "ks": 0.2,
        "p": 0.01,
        "missing": 0.25,
        "missing_before": 0.0,
        "outside": 0.5,
        "known_age_hours": 2.0,
        "alarm": True,
    }


def name_of(league: str, number: int) -> tuple[str, str]:
    """Market and name of a league's model; there are twelve of them."""
    market, kind = MARKETS[number % 3], ("", "-blind", "-open", "-blind-open")[number // 3]
    return market, f"busta-{league}-{market}{kind}"


def champion(league: str, number: int) -> dict[str, Any]:
    market, model = name_of(league, number)
    scores = {"log_loss": 0.61, "closing_log_loss": 0.6, "brier": 0.21, "closing_brier": 0.2, "ece": 0.03}
    return {
        "market": market,
        "model": model,
        "version": 3,
        "role": "champion",
        "trained_through": NOW,
        "games": 64,
        "rolling": {"games": 64, **scores, "closing_ece": None},
        "decay": {
            "e_value": 2.0,
            "threshold": 20.0,
            "adwin": False,
            "page_hinkley": True,
            "alarm": False,
            "since": None,
        },
        "predictions": {"psi": 0.1, "psi_critical": 0.2, "alarm": False},
        "triggers": ["drift"],
        "reasons": ["f0"],
    }


def registered(league: str, number: int, versions: int = 2) -> dict[str, Any]:
    market, model = name_of(league, number)
    roles = ("champion", "challenger")[:versions]
    about = {"verdict": "fit to serve", "trained_at": NOW, "trained_through": NOW}
    return {
        "league": league,
        "market": market,
        "model": model,
        "versions": [
            {"role": role, "version": str(i), **about, "seconds": 9.0, "peak_memory_bytes": 3e8}
            for i, role in enumerate(roles)
        ],
        "verdicts": {"fit to serve": versions},
        "runs": {"done": versions, "failed": 1},
        "last_training": SECONDS,
        "last_training_success": True,
    }


def account(**changes: Any) -> dict[str, Any]:
    """One half of what `busta bets show --json` prints."""
    money = dict.fromkeys(("bankroll", "turnover", "profit", "roi", "roi_low", "roi_high", "clv", "clv_low"), 0.5)
    money |= dict.fromkeys(("clv_high", "clv_coverage", "hit_rate", "break_even_hit_rate", "claimed_edge"), 0.25)
    money |= {"at_stake": 1.0, "drawdown_now": 0.1, "max_drawdown": 0.2}
    bets = {"open": 1, "won": 2, "lost": 3, "pushes": 4, "voids": 5}
    by_market = [{"market": market, "bets": 3, "roi": 0.1, "clv": None} for market in MARKETS]
    return {**money, **bets, "by_market": by_market, **changes}


def figures(leagues: tuple[str, ...] = ("nfl",), features: int = 2, models: int = 1) -> dict[str, Any]:
    """All there is, of so many leagues, features a league and models a league."""
    kinds = [(league, *name_of(league, i)) for league in leagues for i in range(models)]
    abouts = [dict(zip(("league", "market", "model"), kind, strict=True)) for kind in kinds]
    return {
        "rounds": {
            "outcomes": {"done": 3, "partly": 0, "failed": 1},
            "last_success": SECONDS,
            "seconds": 2.5,
            "every": 300.0,
            "parts": {"models": True, "ledger": False},
        },
        "watched": [watched(features, league, models) for league in leagues],
        "leagues": [
            {
                "league": league,
                "as_of": NOW,
                "gold_version": "abc",
                "gold_created_at": NOW,
                "games": 6000,
                "last_result": NOW,
                "next_game": LATER,
                "overdue": 2,
            }
            for league in leagues
        ],
        "models": [registered(league, i) for league in leagues for i in range(models)],
        "importances": [
            about | {"feature": "f0", "of": of, "importance": 0.2, "rank": 1} for about in abouts for of in OF
        ],
        "forecasts": [
            about | {"of": of, "edges": [-0.2, 0.0, 0.03, 0.5], "probabilities": [0.5, 0.95]}
            for about in abouts
            for of in ("slate", "recorded")
        ],
        "decisions": [{"model": "busta-nfl-ats", "decision": "promoted", "count": 2, "last": NOW}],
        "ledger": {
            "entries": 40,
            "sound": True,
            "stop_loss": 0.5,
            "paper": account(),
            "real": account(roi=None, bankroll=100.0),
        },
    }


def served() -> bytes:
    """What `busta serve` tells, with every family it has."""
    metrics = Metrics()
    metrics.request("GET", "/v1/games", 200, 0.1)
    metrics.predicted("store", "nfl", "ats", 1)
    metrics.rows("written", 1)
    trial: Any = trial_metrics({"decision": "win"} | dict.fromkeys((*FIGURES, "weeks"), 1.0))
    now = dict.fromkeys(GAUGES, 1.0)
    return metrics.text([("busta-nfl-ats", "1", "champion")], now, {"busta-nfl-ats": trial})
