"""BST014: the games that the model was judged on are still what they were."""

from __future__ import annotations

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose

__all__ = ["CHECK"]

TOLERATED = 0.01
"""Share of the judged games: scores and prices are corrected one at a time, and more than that is other data."""
_NAMED = 3


def _run(case: Case) -> Finding:
    """Share of the judged games that today's data do not have, or have with another result, line or price."""
    if case.revised is None:
        return Finding(Answer.not_applicable, None, TOLERATED, "there is no data to look at")
    games, found = len(case.forecasts), {what: ids for what, ids in case.revised.items() if ids}
    ids = list(dict.fromkeys(game for each in found.values() for game in each))
    share = len(ids) / max(games, 1)
    if not ids:
        return Finding(Answer.passed, share, TOLERATED, f"all {games:,} judged games are as they were")
    parts = ", ".join(f"{what} {len(each):,}" for what, each in found.items())
    words = f"{len(ids):,} of {games:,} judged games are gone or changed since ({parts}): {', '.join(ids[:_NAMED])}"
    words += " ..." if len(ids) > _NAMED else ""
    answer = Answer.passed if share <= TOLERATED else Answer.not_proven
    return Finding(answer, share, TOLERATED, words, {what: len(each) for what, each in found.items()})


CHECK = Check(
    "BST014",
    "judged on games that still stand",
    Purpose.serve,
    frozenset({Answer.failed, Answer.not_proven}),
    _run,
)
