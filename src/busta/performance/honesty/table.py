"""The harness's figures as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from busta.performance.honesty.harness import Row
    from busta.performance.honesty.tally import Share

__all__ = ["HEADING", "LEGEND", "line"]

COLUMNS = (
    "informative",
    "by others",
    "one look",
    "e-proc.",
    "fit to bet",
    "falsely",
    "still",
    "true ROI",
    "covered",
    "best: raw",
    "corrected",
    "cov.",
    "crossing",
    "corrected",
    "cov.",
)
WORLD, WIDTH = 28, 12
HEADING = f"{'world':<{WORLD}}{'cand.':>6}{'games':>6}" + "".join(f"{name:>{WIDTH}}" for name in COLUMNS)
LEGEND = """All in per cent, +- 1.96 standard errors; MISSED where a target is missed by more than that.
informative: the skilled candidate (any, where nobody is skilled) passed the boundary, looked at every week;
by others: a candidate that knows nothing did; one look: at the horizon; e-proc.: without a horizon;
fit to bet: informative, and profit at the lower bound of the edge; falsely: with a true ROI not above 0;
still: informative, and the line moved its way in the last two seasons (z > 1.645);
covered: 95 % ROI intervals that hold the true ROI; best, crossing: ROI shown minus true ROI of the best
candidate at the horizon, and of every candidate at its crossing; corrected, and the corrected interval's coverage."""


def line(row: Row) -> str:
    """One row of the table, targets that were missed at its end."""
    cell, best, crossing = row.cell, row.best, row.crossing
    shares = (
        row.informative,
        row.false_informative,
        row.once,
        row.evidence,
        row.fit_to_bet,
        row.false_fit_to_bet,
        row.still,
    )
    figures = [*map(_share, shares), _points(row.true_roi), _share(row.roi_coverage)]
    for shown in (best, crossing):
        figures += [_points(shown.raw), _points(shown.corrected), _share(shown.coverage)]
    text = f"{cell.name:<{WORLD}}{cell.candidates:>6}{cell.games:>6}" + "".join(f"{part:>{WIDTH}}" for part in figures)
    missed = row.missed()
    return text + (f"  MISSED: {'; '.join(missed)}" if missed else "")


def _share(share: Share) -> str:
    """A share with half the width of its interval; a dash where there is none."""
    return "-" if np.isnan(share.value) else f"{100 * share.value:.1f} +-{50 * (share.high - share.low):.1f}"


def _points(value: float) -> str:
    return "-" if np.isnan(value) else f"{100 * value:+.1f}"
