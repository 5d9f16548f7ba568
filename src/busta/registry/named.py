"""A version named by the file that its training wrote: by what was chosen and what came out, wherever it is stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from busta.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from busta.registry.versions import Version

__all__ = ["DIGEST", "RECIPE", "named_in"]

RECIPE, DIGEST = "recipe", "digest"
"""Tags of a version: names made from all that was chosen, and from its forecasts and its model."""


def named_in(file: str, name: str, found: Sequence[Version]) -> Version:
    """The newest version of recipe and digest that the file of ``busta train --out`` names.

    Args:
        file: The file.
        name: Of the registered model.
        found: Its versions, newest first.

    Raises:
        UsageError: The file is not there, is no such file or of another model, or its version is not in this registry.
    """
    said = _read(Path(file))
    if said["model"] != name:
        raise UsageError(f"{file} is of a training of {said['model']}, and not of {name}")
    for version in found:
        if all(version.tags.get(tag) == said[tag] for tag in (RECIPE, DIGEST)):
            return version
    raise UsageError(
        f"no version of {name} in this MLflow is the one of {file} (recipe {said[RECIPE]}, digest {said[DIGEST]})\n"
        "it was trained elsewhere; train it here again (in a pipeline: `dvc repro --force` and the stage's name)"
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        said = json.loads(file.read_bytes())
    except FileNotFoundError as exc:
        raise UsageError(f"no file {file}; `busta train … --out {file}` writes it") from exc
    except (OSError, ValueError) as exc:
        raise UsageError(f"{file} cannot be read as JSON: {exc}") from exc
    if not isinstance(said, dict) or not {"model", RECIPE, DIGEST} <= set(said):
        raise UsageError(f"{file} is no file of a training; `busta train … --out {file}` writes one")
    return said
