"""Figures: what Prometheus is told of a league's data, models and forecasts, and of the ledger, round after round."""

from __future__ import annotations

import json
import logging
import re
from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from busta.data.publish import current
from busta.errors import BustaError, without_password
from busta.ledger.storage import Ledger
from busta.plugins import pick
from busta.serving.page.week import coming
from busta.workflows.bets.bets import show_bets, verify_ledger
from busta.workflows.bets.slip import Board
from busta.workflows.retraining.record import decisions as retrainings
from busta.workflows.watching.figures_models import Models

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from busta.settings import Settings

__all__ = ["PARTS", "Figures"]

log = logging.getLogger(__name__)

PARTS = ("leagues", "models", "importances", "forecasts", "decisions", "ledger")
LATE = timedelta(days=1)
"""After its start a game should have a score."""
_WORD = re.compile(r"[a-z][a-z _-]{0,39}")


class Figures:
    """Gathers the figures of one league, and those of the whole ledger; keeps what need not be read twice.

    Args:
        settings: All settings.
        league: Its name.
    """

    def __init__(self, settings: Settings, league: str) -> None:
        self._settings = settings
        self._league = pick("league", league)
        self._models = Models(settings, self._league.name)
        self._recorded = _Recorded(settings)
        self._found: dict[str, Any] = {}

    def gather(self) -> tuple[dict[str, Any], dict[str, bool]]:
        """The figures by part, and which parts went well; of one that did not, those from before are told."""
        ways: dict[str, Callable[[], Any]] = {
            "leagues": self._leagues,
            "models": self._models.gather,
            "importances": self._models.importances,
            "forecasts": lambda: [*slates(self._settings), *self._recorded.gather()],
            "decisions": lambda: decisions(self._settings),
            "ledger": lambda: money(self._settings),
        }
        fine = {part: self._part(part, ways[part]) for part in PARTS}
        return dict(self._found), fine

    def _part(self, part: str, gather: Callable[[], Any]) -> bool:
        try:
            self._found[part] = gather()
        except BustaError as exc:
            log.warning("%s: %s", part, without_password(str(exc)).splitlines()[0])
            return False
        return True

    def _leagues(self) -> list[dict[str, Any]]:
        """How new the league's games and gold store are."""
        board, name = Board(self._settings, self._league.name), self._league.name
        folder = current(self._settings.gold / name)
        manifest = json.loads((folder / "manifest.json").read_bytes()) if folder else {}
        return [
            {
                "league": name,
                "gold_version": str(manifest.get("version")),
                "gold_created_at": manifest.get("created_at"),
                **games_of(board.games, board.now),
            }
        ]


def games_of(games: pl.DataFrame, now: datetime) -> dict[str, Any]:
    """When the last game with a score began and when the next one does, and how many should have one by now.

    Games before the last one that has a score are not overdue: they were postponed, or called off.
    """
    scored = pl.col("home_score").is_not_null()
    last = games.filter(scored)["kickoff"].max()
    open_games = games.filter(~scored)["kickoff"]
    after = open_games if last is None else open_games.filter(open_games > last)
    return {
        "as_of": now.isoformat(),
        "games": games.height,
        "last_result": _iso(last),
        "next_game": _iso(open_games.filter(open_games > now).min()),
        "overdue": int((after < now - LATE).sum()),
    }


def _iso(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat()


def slates(settings: Settings) -> Iterator[dict[str, Any]]:
    """Edges and chances of the coming week as `busta serve` has them, a row a model; none where it never ran."""
    for root in sorted(path for path in (settings.workspace() / "serving").glob("*") if path.is_dir()):
        folder = current(root)
        if folder is not None:
            yield from _slate(folder)


def _slate(folder: Path) -> Iterator[dict[str, Any]]:
    about, games = (json.loads((folder / f"{name}.json").read_bytes()) for name in ("about", "games"))
    ahead = coming(games)
    wanted = {
        game["game_id"] for game in games if game["home_score"] is None and (game["season"], game["week"]) == ahead
    }
    for market, version in about["markets"].items():
        lines = (line.split("\t", 1) for line in (folder / market / "answers").read_text("utf-8").splitlines())
        rows = [json.loads(row) for game, row in lines if game in wanted]
        yield {"of": "slate", "league": about["league"], "market": market, "model": version["model"], **_spread(rows)}


def _spread(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    return {
        "edges": [row["edge"] for row in rows if row["edge"] is not None],
        "probabilities": [row["probability"]["win"] for row in rows if row["probability"]],
    }


class _Recorded:
    """Edges and chances of all predictions in the ledger; reads only what was written since it last looked."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._after = 0
        self._found: dict[tuple[str, str, str], dict[str, list[float]]] = defaultdict(
            lambda: {"edges": [], "probabilities": []}
        )

    def gather(self) -> list[dict[str, Any]]:
        with Ledger.of(self._settings) as ledger:
            entries = ledger.read("prediction", self._after)
        for entry in entries:
            body = entry.body
            found = self._found[body["league"], body["market"], body["model"]]
            for name, values in _spread([body]).items():
                found[name] += values
            self._after = entry.seq
        names = ("league", "market", "model")
        return [{"of": "recorded"} | dict(zip(names, key, strict=True)) | row for key, row in self._found.items()]


def decisions(settings: Settings) -> list[dict[str, Any]]:
    """What was decided about retraining, a row for each model and kind of decision: how often, and when last."""
    by_kind: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in retrainings(settings):
        word = str(row["decision"])
        by_kind[row["model"], word if _WORD.fullmatch(word) else "other"].append(row["at"])
    return [
        {"model": model, "decision": word, "count": len(times), "last": times[-1]}
        for (model, word), times in by_kind.items()
    ]


def money(settings: Settings) -> dict[str, Any]:
    """Figures of the bets, paper and real apart, and whether the ledger's chain holds."""
    shown, checked = show_bets(settings), verify_ledger(settings)
    return {
        "entries": checked["entries"],
        "sound": checked["sound"],
        "stop_loss": settings.ledger.stop_loss,
        "paper": shown["paper"],
        "real": shown["real"],
    }
