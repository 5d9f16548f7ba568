"""Recipe: the settings that a version was trained by, so that another can be trained by the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from busta.errors import UsageError
from busta.registry.versions import fetch_json
from busta.workflows.training.record import BET_RULES

if TYPE_CHECKING:
    from busta.registry.connect import Registry
    from busta.registry.versions import Version
    from busta.settings import Settings

__all__ = ["as_trained"]

_MACHINE = ("jobs", "cluster")
"""Of a training, what changes no result."""
_SEARCH = ("trials", "search", "prune")
_BETS = (*BET_RULES, "vig_method")


def as_trained(settings: Settings, registry: Registry, version: Version) -> Settings:
    """The settings, with all that belongs to a version's recipe as it was when that was trained.

    Raises:
        UsageError: An older or newer busta trained it, with settings that this one does not know.
        OutsideError: The record of its settings is gone, or the registry is down.
        DataError: That record is damaged.
    """
    stored = fetch_json(registry, version, "configuration.json")
    today = settings.model_dump()
    recipe: dict[str, dict[str, Any]] = {
        "train": stored["train"] | {name: today["train"][name] for name in _MACHINE},
        "tune": today["tune"] | {name: stored["tune"][name] for name in _SEARCH},
        "bets": today["bets"] | {name: stored["bets"][name] for name in _BETS},
    }
    try:
        sections = {name: type(getattr(settings, name)).model_validate(values) for name, values in recipe.items()}
    except ValidationError as exc:
        raise UsageError(
            f"version {version.number} of {version.name} was trained by another busta, whose settings this one "
            f"does not know: {exc.errors()[0]['msg']}\ntrain a new version with `busta train` and promote that"
        ) from exc
    return settings.model_copy(update=sections)
