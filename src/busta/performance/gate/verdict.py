"""The verdict: rejected, fit to serve, or fit to bet."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from busta.performance.gate import checks as folder
from busta.performance.gate.case import Check, Purpose

if TYPE_CHECKING:
    from busta.performance.gate.case import Case

__all__ = ["FIT_TO_BET", "FIT_TO_SERVE", "REJECTED", "Judgement", "checks", "judge"]

REJECTED, FIT_TO_SERVE, FIT_TO_BET = "rejected", "fit to serve", "fit to bet"


@dataclass(frozen=True)
class Judgement:
    """What the gate says of a version.

    Attributes:
        verdict: ``rejected``; ``fit to serve``: sound and not worse than the line, its stakes are
            paper; ``fit to bet``: there is evidence of profit, with all trials counted.
        reason: One sentence: what stands in the way of more.
        findings: Every check's answer, in order of its code.
    """

    verdict: str
    reason: str
    findings: list[dict[str, Any]]


@cache
def checks() -> tuple[Check, ...]:
    """All checks, by code."""
    modules = [importlib.import_module(f"{folder.__name__}.{m.name}") for m in pkgutil.iter_modules(folder.__path__)]
    return tuple(sorted((module.CHECK for module in modules), key=lambda check: check.code))


def judge(case: Case) -> Judgement:
    """Asks every check and adds the answers up.

    A check that blocks serving rejects the version; without one it is fit to serve, and fit to bet
    if no check blocks betting either.
    """
    findings = [check.ask(case) for check in checks()]
    blocking = [finding for finding in findings if finding["blocks"]]
    unsound = [finding for finding in blocking if finding["purpose"] == Purpose.serve]
    unproven = [finding for finding in blocking if finding["purpose"] == Purpose.bet]
    if unsound:
        return Judgement(REJECTED, _because(unsound), findings)
    if unproven:
        return Judgement(FIT_TO_SERVE, _because(unproven), findings)
    return Judgement(FIT_TO_BET, "no check stands in the way", findings)


def _because(findings: list[dict[str, Any]]) -> str:
    """The first obstacle in words, and the codes of the others."""
    first, *others = findings
    more = f" (also {', '.join(finding['code'] for finding in others)})" if others else ""
    return f"{first['code']} {first['answer']}: {first['words']}{more}"
