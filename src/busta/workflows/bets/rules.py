"""Where the rules that bets are chosen by now differ from those that a version was judged by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from busta.workflows.training.record import bet_rules

if TYPE_CHECKING:
    from busta.registry.versions import Version
    from busta.settings import Bets

__all__ = ["rule_notes"]


def rule_notes(version: Version, bets: Bets) -> dict[str, str]:
    """A note under ``rules`` where settings that choose bets differ from those of the version's training.

    The gate judges a version by the latter (`bet_rules`); its verdict says nothing of bets that other
    rules choose. Empty where they are the same.

    Args:
        version: A registered version.
        bets: The settings that bets are chosen by now.
    """
    now, then = bets.model_dump(), bet_rules(version, bets).model_dump()
    changed = [name for name in now if now[name] != then[name]]
    if not changed:
        return {}
    today, judged = (", ".join(f"{name} = {_text(rules[name])}" for name in changed) for rules in (now, then))
    return {"rules": f"bets by today's {today}; the version was judged by {judged}"}


def _text(value: Any) -> str:
    return "none" if value is None else json.dumps(value)
