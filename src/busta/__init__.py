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
    "add_key": "busta.workflows.serving.serve",
    "audit": "busta.workflows.judging.audit",
    "audit_table": "busta.workflows.judging.audit",
    "backtest": "busta.workflows.judging.backtest",
    "build": "busta.workflows.data.build",
    "catalog": "busta.workflows.data.build",
    "champion_history": "busta.workflows.champions",
    "compare": "busta.workflows.data.build",
    "decisions": "busta.workflows.retraining.retrain",
    "diagnose": "busta.workflows.doctor",
    "evaluate": "busta.workflows.judging.evaluate",
    "explain": "busta.workflows.predicting.explain",
    "export_bets": "busta.workflows.bets.files",
    "fetch_odds": "busta.workflows.data.odds",
    "Filters": "busta.workflows.judging.backtest",
    "gate": "busta.workflows.judging.gate",
    "gold_versions": "busta.workflows.data.build",
    "import_bets": "busta.workflows.bets.files",
    "ingest": "busta.workflows.data.ingest",
    "init": "busta.workflows.init",
    "keep_watching": "busta.workflows.watching.keep_watching",
    "last_watch": "busta.workflows.watching.kept",
    "list_keys": "busta.workflows.serving.serve",
    "list_models": "busta.workflows.manage",
    "load": "busta.workflows.start",
    "move_bankroll": "busta.workflows.bets.bets",
    "open_gold": "busta.features.store",
    "open_version": "busta.workflows.data.build",
    "predict": "busta.workflows.predicting.predict",
    "price": "busta.workflows.predicting.price",
    "promote_version": "busta.workflows.manage",
    "quickstart": "busta.workflows.quickstart",
    "recommend": "busta.workflows.bets.recommend",
    "record_bet": "busta.workflows.bets.bets",
    "record_recommended": "busta.workflows.bets.bets",
    "report": "busta.workflows.judging.report",
    "retrain": "busta.workflows.retraining.retrain",
    "reproduce": "busta.workflows.training.reproduce",
    "revoke_key": "busta.workflows.serving.serve",
    "Roles": "busta.performance.audit.table",
    "roll_back": "busta.workflows.manage",
    "serve": "busta.workflows.serving.serve",
    "settle_bets": "busta.workflows.bets.bets",
    "show_bets": "busta.workflows.bets.bets",
    "show_odds": "busta.workflows.data.odds",
    "show_trial": "busta.workflows.trials.trial",
    "start_trial": "busta.workflows.trials.trial",
    "stop_trial": "busta.workflows.trials.trial",
    "train": "busta.workflows.training.train",
    "verify_ledger": "busta.workflows.bets.bets",
    "void_bets": "busta.workflows.bets.bets",
    "Wanted": "busta.workflows.predicting.predict",
    "watch_champions": "busta.workflows.watching.watch",
    "week": "busta.workflows.week",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - loaded on first use, so that `busta --help` stays quick


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'busta' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
