"""Does the champion forecast worse than when it was chosen?

Three pieces of evidence that may be looked at every week, for ever, each an e-process: that the closing line gained
more on the champion than it did in the walk forward (the machinery of trials, the line being the challenger), and that
margins or totals come out above, or below, what the champion says. Their mean is an e-process, too, so that a champion
that is as good as it was ever sees it reach 1 / alpha with a chance of at most alpha (Ville 1939).

ADWIN and Page-Hinkley say, beside it, whether and when the losses changed. They give no such promise: they count as an
alarm only where both agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

from busta.performance.significance.eprocess import log_evidence, threshold
from busta.performance.significance.margin import weekly_scores
from busta.scoring.intervals import weekly_ratio_interval
from busta.scoring.proper import log_losses
from busta.trials.evidence import log_capital
from busta.trials.gains import weekly_gains
from busta.watch.verdict import Decay

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Record", "decay", "evidence", "usual_gap"]

SHARE_OF_SD = 0.2
"""The size of a bias that the evidence is looked for, in standard deviations of a result; a few sizes around it."""
LARGEST = 700.0
"""Of the logarithm of an e-value: the exponential of more is no number."""
ADWIN_DELTA = 0.002
PAGE_DELTA, PAGE_THRESHOLD = 0.1, 30.0
"""In standard deviations of the stream: less of a change is let pass; a false alarm in some 20,000 games (Siegmund
1985)."""
FEWEST = 30
"""Games before which neither detector says anything."""


@dataclass(frozen=True, eq=False)
class Record:
    """Forecasts of games in order of time, shape (games,) each.

    Attributes:
        week: Label of each game's week, sorting by time.
        y: 1 first side, 0 second side, NaN push.
        probability: The champion's, of the first side given no push.
        closing: The closing line's.
        off: Margin or total less what the champion says, in points.
    """

    week: NDArray[np.datetime64]
    y: Floats
    probability: Floats
    closing: Floats
    off: Floats

    def __len__(self) -> int:
        return len(self.y)

    @property
    def gaps(self) -> Floats:
        """Log loss of each game less the closing line's; NaN of a push or without a line."""
        return log_losses(self.probability, self.y) - log_losses(self.closing, self.y)


def usual_gap(past: Record, margin: float) -> float:
    """Log loss a game that the champion may lose on the closing line without having decayed.

    The upper end of the interval of what it lost in its walk forward, and at least the margin that the gate allows.
    """
    known = ~np.isnan(past.gaps)
    if not known.any():
        return margin
    _, high = weekly_ratio_interval(past.gaps[known], 1.0, past.week[known])
    return float(np.nanmax([high, margin]))


def evidence(past: Record, later: Record, margin: float) -> tuple[NDArray[np.generic], Floats]:
    """Weeks, and the logarithm of the evidence of decay after each.

    Args:
        past: The champion's walk forward.
        later: Games after all that it learned from.
        margin: See `usual_gap`.
    """
    gains = weekly_gains(later.probability, later.closing, later.y, later.week).less(usual_gap(past, margin))
    sd = float(np.nanstd(past.off))
    shift = np.full(len(later), SHARE_OF_SD * sd)
    biases = [log_evidence(weekly_scores(sign * shift, later.off, later.week, sd)) for sign in (1, -1)]
    paths = np.stack([log_capital(gains), *biases])
    return gains.weeks, np.asarray(logsumexp(paths, axis=0) - np.log(len(paths)))


def decay(past: Record, later: Record, *, alpha: float, margin: float) -> Decay:
    """What there is to say of the games after the champion's training; a record without games is no decay."""
    limit = threshold(alpha)
    if not len(later) or not np.nanstd(past.off) > 0:
        return Decay(1.0, float(np.exp(limit)), adwin=False, page_hinkley=False, alarm=False, since=None)
    weeks, logs = evidence(past, later, margin)
    crossed = logs >= limit
    adwin, page = (_since(detect, past, later) for detect in (_adwin, _page_hinkley))
    both = max(adwin, page) if adwin and page else None
    first = min(filter(None, (str(weeks[crossed][0]) if crossed.any() else None, both)), default=None)
    return Decay(
        e_value=float(np.exp(min(logs[-1], LARGEST))),
        threshold=float(np.exp(limit)),
        adwin=adwin is not None,
        page_hinkley=page is not None,
        alarm=first is not None,
        since=first,
    )


def _since(detect: Callable[[Floats, int], int | None], past: Record, later: Record) -> str | None:
    """The week in which a detector first sees a later change of the loss on the line, or of the bias."""
    found = []
    for name in ("gaps", "off"):
        before, after = getattr(past, name), getattr(later, name)
        known = [~np.isnan(part) for part in (before, after)]
        stream = np.concatenate([before[known[0]], after[known[1]]])
        spread = float(np.std(before[known[0]])) if known[0].any() else 0.0
        at = detect(stream / spread, int(known[0].sum())) if spread > 0 else None
        if at is not None:
            found.append(str(later.week[known[1]][at]))
    return min(found, default=None)


def _adwin(stream: Floats, past: int) -> int | None:
    from river.drift import ADWIN

    detector = ADWIN(  # type: ignore[no-untyped-call]
        delta=ADWIN_DELTA, grace_period=FEWEST
    )
    return _first(detector, stream, past)


def _page_hinkley(stream: Floats, past: int) -> int | None:
    from river.drift import PageHinkley

    detector = PageHinkley(min_instances=FEWEST, delta=PAGE_DELTA, threshold=PAGE_THRESHOLD, alpha=1.0)
    return _first(detector, stream, past)


def _first(detector: object, stream: Floats, past: int) -> int | None:
    """Place among the later games of the first change that was found; what was found in the past is past."""
    update = detector.update  # type: ignore[attr-defined]
    for place, each in enumerate(stream.tolist()):
        update(each)
        if place >= past and detector.drift_detected:  # type: ignore[attr-defined]
            return place - past
    return None
