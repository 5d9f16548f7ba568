"""BST008: the model is not worse than the reigning champion."""

from __future__ import annotations

import numpy as np

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose
from busta.performance.gate.evidence import paired_difference

__all__ = ["CHECK"]


def _run(case: Case) -> Finding:
    """Non-inferiority on the games and lines that both forecast."""
    margin = case.settings.champion_margin
    if case.champion is None:
        return Finding(Answer.not_applicable, None, margin, "there is no other champion")
    mine, theirs = case.forecasts, case.champion
    both = mine.games.with_row_index("i").join(theirs.games.with_row_index("j"), on="game_id").select("i", "j")
    mine, theirs = mine.take(both["i"].to_numpy().astype(np.int64)), theirs.take(both["j"].to_numpy().astype(np.int64))
    same = mine.line == theirs.line
    mine, theirs = mine.take(same), theirs.take(same)
    gap, low, high = paired_difference(mine.probability, theirs.probability, mine.y, mine.weeks)
    if np.isnan(low):
        return Finding(Answer.not_proven, None, margin, f"too few games in common with the champion: {len(mine)}")
    words = f"log loss {gap:+.4f} ({low:+.4f} to {high:+.4f}) against the champion on {len(mine):,} games"
    answer = Answer.passed if high < margin else Answer.failed if low > 0 else Answer.not_proven
    return Finding(answer, gap, margin, words, {"low": low, "high": high, "games": len(mine)})


CHECK = Check(
    "BST008",
    "not worse than the champion",
    Purpose.serve,
    frozenset({Answer.failed, Answer.not_proven}),
    _run,
)
