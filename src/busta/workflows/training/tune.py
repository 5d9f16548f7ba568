"""Tune: a search for settings of the members, that a killed training finds again, and what is told of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from busta.data.publish import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from busta.features.store import GoldStore
    from busta.markets.dataset import Dataset
    from busta.models.tuning import Search
    from busta.models.walk import Walk
    from busta.settings import Settings

__all__ = ["candidates", "table", "told", "tune"]


def tune(
    settings: Settings,
    gold: GoldStore,
    data: Dataset,
    recipe: str,
    progress: Callable[[int, int, float | None], None],
) -> Search | None:
    """Searches settings of the members, if any trials are asked for.

    With the same data and recipe it goes on where a search ended, by a kill or with fewer trials.

    Raises:
        BustaError: As a walk forward does; or another search is at work on the same.
    """
    if not settings.tune.trials:
        return None
    from busta.models.study import Study
    from busta.models.tuning import search

    what = (gold.manifest.get("version"), len(data), recipe, settings.tune.search, settings.tune.prune)
    name = hashlib.sha256(repr(what).encode()).hexdigest()[:16]
    folder = settings.home / "data" / "tuning" / name
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        study = Study(name, settings.tune, settings.train.seed, folder / "trials.log")
        return search(data, settings.train, settings.tune, study, progress)


def told(found: Search, walk: Walk) -> dict[str, Any]:
    """What a training says of its search."""
    by_number = {each.number: each for each in found.candidates}
    chosen = [by_number[number] for number in found.chosen]
    tested = sum(each.losses[found.guides + i] for i, each in enumerate(chosen[:-1]))
    return {
        "candidates": len(found.candidates) - 1,
        "pruned": sum(each.pruned for each in found.candidates),
        "guides": found.guides,
        "log_loss": {
            "as_set": found.tested(found.candidates[0]),
            "nested": tested / sum(found.games[found.guides :]),
        },
        "folds": [
            {"season": fold.season, "candidate": number} for fold, number in zip(walk.folds, found.chosen, strict=False)
        ],
        "final": {"candidate": chosen[-1].number, "values": chosen[-1].values},
    }


def table(found: Search) -> list[dict[str, Any]]:
    """A row a candidate: its number, what it changed, and its mean log loss on guides and tested folds."""
    names = sorted({name for each in found.candidates for name in each.values})
    return [
        {
            "candidate": each.number,
            "pruned": each.pruned,
            "guide_log_loss": each.guide,
            "tested_log_loss": found.tested(each),
            "seconds": round(each.seconds, 3),
        }
        | {name: each.values.get(name) for name in names}
        for each in found.candidates
    ]


def candidates(found: Search) -> list[tuple[Mapping[str, str], Mapping[str, float]]]:
    """Parameters and figures of each candidate, as the registry keeps them."""
    logged: list[tuple[Mapping[str, str], Mapping[str, float]]] = []
    for row, each in zip(table(found), found.candidates, strict=True):
        params = {"candidate": str(each.number)} | {name: str(value) for name, value in each.values.items()}
        figures = {name: row[name] for name in ("guide_log_loss", "tested_log_loss", "seconds")}
        logged.append(
            (params, {f"search.{name}": float(value) for name, value in figures.items() if value is not None})
        )
    return logged
