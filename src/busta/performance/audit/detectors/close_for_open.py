"""No column of a table decided on before the close knows where the line went."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from busta.performance.audit.association import ranks
from busta.performance.audit.finding import Answer, Detector, Finding
from busta.scoring.calibration import log_odds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.audit.table import Table

    Floats = NDArray[np.float64]

__all__ = ["DETECTOR"]

ALLOWED = 0.5
"""Share of the line's moves that a column may explain. Ratings know the half of it at best where the first line
is a draft that the market corrects; a copied close knows all, one that was rounded or turned into a price 80 %."""
ALLOWED_COPY = 0.9995
"""Rank correlation with the close above which a column is the close."""
FEWEST = 100
"""Fewest rows whose line moved."""
BINS = 10


def _run(table: Table) -> Finding:
    """What each column adds to the line as a forecast of the close."""
    if table.line is None or table.close is None:
        return Finding(Answer.not_applicable, None, None, "no closing line was given beside an earlier one")
    known = ~np.isnan(table.line + table.close)
    line, close = (log_odds(part[known]) if table.binary else part[known] for part in (table.line, table.close))
    if (np.abs(close - line) > 1e-9).sum() < FEWEST:  # noqa: PLR2004 - the line itself, but for rounding
        return Finding(Answer.not_applicable, None, None, f"the line moved in fewer than {FEWEST} rows")
    shares = np.array([_share(x, line, close) for x in table.X[known].T])
    shares[table.categorical] = 0.0
    worst = np.argsort(-shares, kind="stable")
    figure = float(shares[worst[0]]) if shares.size else 0.0
    guilty = tuple(table.names[column] for column in worst if shares[column] > ALLOWED)
    if not guilty:
        words = f"no column explains more than {figure:.0%} of the line's moves to the close"
        return Finding(Answer.clean, figure, ALLOWED, words)
    words = f"{guilty[0]!r} explains {figure:.0%} of the line's moves to the close, which was not known yet"
    return Finding(Answer.leak, figure, ALLOWED, words, guilty)


def _share(x: Floats, line: Floats, close: Floats) -> float:
    """Share of the moves that a column explains beside the line, where it is not empty; 0 with too few rows."""
    filled = ~np.isnan(x)
    moved = close[filled] - line[filled]
    if filled.sum() < FEWEST or (np.abs(moved) > 1e-9).sum() < FEWEST:  # noqa: PLR2004
        return 0.0
    base = _explained(np.empty((moved.size, 0)), line[filled], moved)
    shares = [_explained(design, line[filled], moved) for design in (x[filled][:, None], _scores(x[filled])[:, None])]
    return max(1 - (1 - share) / max(1 - base, 1e-12) for share in shares)


def _explained(design: Floats, line: Floats, moved: Floats) -> float:
    full = np.column_stack([np.ones_like(line), line, _scores(line), design])
    scaled = full / np.maximum(np.abs(full).max(axis=0), 1e-300)
    rest = moved - scaled @ np.linalg.lstsq(scaled, moved, rcond=None)[0]
    return float(1 - rest.var() / moved.var())


def _scores(x: Floats) -> Floats:
    """Normal scores: any rising map of a column has the same."""
    found: Floats = ndtri(ranks(x)[1])
    return found


DETECTOR = Detector("close_for_open", "no column knows where the line went", _run)
