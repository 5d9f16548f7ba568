"""Init: a commented busta.toml, written from the schema of the settings."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from busta.data.publish import atomic_write
from busta.settings import Settings, as_path

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["init", "template"]


def init(folder: Path | str) -> dict[str, Any]:
    """Makes the workspace and its ``busta.toml``; what is there already is kept.

    Returns:
        Files ``written`` and files ``kept``.
    """
    folder = as_path("folder", folder)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "busta.toml"
    if file.exists():
        return {"written": [], "kept": [str(file)]}
    atomic_write(file, template().encode())
    return {"written": [str(file)], "kept": []}


def template() -> str:
    """All settings at their defaults, each commented out, as TOML."""
    lines = [
        "# Settings of busta. Remove the # before a line to change it; BUSTA_SECTION__KEY in the environment wins."
    ]
    for name, section in Settings.model_fields.items():
        if isinstance(section.default, BaseModel):
            lines += _section(name, section.default)
    return "\n".join(lines) + "\n"


def _section(name: str, section: BaseModel) -> list[str]:
    lines = ["", f"[{name}]  # {(inspect.getdoc(type(section)) or '').splitlines()[0]}"]
    nested: list[str] = []
    for key in type(section).model_fields:
        value = getattr(section, key)
        if isinstance(value, BaseModel):
            nested += _section(f"{name}.{key}", value)
        else:
            lines.append(f"# {key} = {_toml(value)}")
    return lines + nested


def _toml(value: Any) -> str:
    if value is None:
        return '""  # not set'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    return json.dumps(value)
