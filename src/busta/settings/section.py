"""What all sections of the settings have in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

__all__ = ["Section", "merged"]


class Section(BaseModel):
    """A section of ``busta.toml``: frozen, and nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _unset(cls, values: Any) -> Any:
        """An empty text says nothing: TOML has no word for "not set"."""
        return {key: value for key, value in values.items() if value != ""} if isinstance(values, dict) else values


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """What ``base`` says, and where ``over`` says something else, that; section by section.

    >>> merged({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": 4}})
    {'a': 1, 'b': {'c': 4, 'd': 3}}
    """
    both = {name: value for name, value in base.items() if isinstance(value, dict) and isinstance(over.get(name), dict)}
    return base | over | {name: merged(value, over[name]) for name, value in both.items()}
