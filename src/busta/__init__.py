"""busta: sports-betting models that are judged against the closing line.

What the command line can, this can:

    import busta
    settings = busta.load()
    busta.ingest(settings, "sim")
    busta.train(settings, "moneyline", "sim")["verdict"]
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "add_key": "busta.workflows.serve",
    "audit": "busta.workflows.audit",
    "audit_table": "busta.workflows.audit",
    "backtest": "busta.workflows.backtest",
    "build": "busta.workflows.build",
    "catalog": "busta.workflows.build",
    "compare": "busta.workflows.build",
    "decisions": "busta.workflows.retrain",
    "diagnose": "busta.workflows.doctor",
    "evaluate": "busta.workflows.evaluate",
    "explain": "busta.workflows.explain",
    "export_bets": "busta.workflows.bet_files",
    "fetch_odds": "busta.workflows.odds",
    "Filters": "busta.workflows.backtest",
    "gate": "busta.workflows.gate",
    "gold_versions": "busta.workflows.build",
    "import_bets": "busta.workflows.bet_files",
    "ingest": "busta.workflows.ingest",
    "init": "busta.workflows.init",
    "keep_watching": "busta.workflows.keep_watching",
    "last_watch": "busta.workflows.watch",
    "list_keys": "busta.workflows.serve",
    "list_models": "busta.workflows.manage",
    "load": "busta.workflows.start",
    "move_bankroll": "busta.workflows.bets",
    "open_gold": "busta.features.store",
    "open_version": "busta.workflows.build",
    "predict": "busta.workflows.predict",
    "price": "busta.workflows.price",
    "promote_version": "busta.workflows.manage",
    "quickstart": "busta.workflows.quickstart",
    "recommend": "busta.workflows.recommend",
    "record_bet": "busta.workflows.bets",
    "record_recommended": "busta.workflows.bets",
    "report": "busta.workflows.report",
    "retrain": "busta.workflows.retrain",
    "reproduce": "busta.workflows.reproduce",
    "revoke_key": "busta.workflows.serve",
    "Roles": "busta.performance.audit.table",
    "roll_back": "busta.workflows.manage",
    "serve": "busta.workflows.serve",
    "settle_bets": "busta.workflows.bets",
    "show_bets": "busta.workflows.bets",
    "show_odds": "busta.workflows.odds",
    "show_trial": "busta.workflows.trial",
    "start_trial": "busta.workflows.trial",
    "stop_trial": "busta.workflows.trial",
    "train": "busta.workflows.train",
    "verify_ledger": "busta.workflows.bets",
    "void_bets": "busta.workflows.bets",
    "Wanted": "busta.workflows.predict",
    "watch_champions": "busta.workflows.watch",
    "week": "busta.workflows.week",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - loaded on first use, so that `busta --help` stays quick


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'busta' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
