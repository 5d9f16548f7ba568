"""What a walk forward is worth: every figure beside the closing line and the baselines, on the same games."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from busta.betting.odds import edge
from busta.performance.simulation import Bets, backtest, place
from busta.scoring.calibration import calibration_line, ece
from busta.scoring.intervals import weekly_ratio_interval
from busta.scoring.proper import accuracy, auc, brier, log_loss, log_losses, precision, recall

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset
    from busta.models.walk import Walk
    from busta.settings import Bets as BetSettings

__all__ = ["Evaluation", "evaluate"]

Figures = dict[str, float | None]


@dataclass(frozen=True)
class Evaluation:
    """The figures of one walk forward; one that does not apply is ``None`` and has its reason in ``notes``.

    Attributes:
        metrics: The model's.
        baselines: The same figures of each baseline.
        by_season: The model's figures and the closing line's scores, one entry a test season.
        difference: The model's log loss less that of the line that is bet at, with its 95 % interval by week.
        verdict: One sentence.
        notes: Reason of every ``None``, by figure, and what else a reader should know.
        bets: The bets behind the money figures; ``game`` counts along the walk's games.
    """

    metrics: Figures
    baselines: dict[str, Figures]
    by_season: list[Figures]
    difference: Figures
    verdict: str
    notes: dict[str, str]
    bets: Bets


def evaluate(walk: Walk, data: Dataset, settings: BetSettings) -> Evaluation:
    """Scores and back-tests a walk forward, on the games that have a closing price where any has one."""
    scored = data.take(walk.rows)
    priced = _priced(scored)
    bets = place(walk.triples, scored.prices[:, 0], scored.prices[:, 1], settings.min_edge)
    metrics = _scores(walk.probability, scored.y, priced) | _money(bets, walk, scored, settings)
    baselines = {
        name: _scores(p, scored.y, priced) | _baseline_money(name, p, walk, scored, settings)
        for name, p in walk.baselines.items()
    }
    bar = "closing line" if scored.moment == "close" else "opening line"
    difference = _difference(walk, scored, priced, bar)
    clean = {name: _nulls(figures) for name, figures in baselines.items()}
    by_season = _by_season(walk, scored, priced, bets, settings)
    return Evaluation(
        metrics=_nulls(metrics),
        baselines=clean,
        by_season=by_season,
        difference=difference,
        verdict=_verdict(difference, bar),
        notes=_notes(_nulls(metrics), clean, scored, priced) | _season_notes(by_season, scored),
        bets=bets,
    )


def _priced(scored: Dataset) -> NDArray[np.bool_]:
    """The games that every figure is made on: those the closing line can be scored on, too."""
    known = ~np.isnan(scored.market_log_odds)
    return known if known.any() else np.ones(len(scored), dtype=bool)


def _scores(p: NDArray[np.float64], y: NDArray[np.float64], priced: NDArray[np.bool_]) -> Figures:
    p, y = p[priced], y[priced]
    if np.isnan(p).any():
        return dict.fromkeys(_SCORES)
    slope, _ = calibration_line(p, y)
    return {
        "log_loss": log_loss(p, y),
        "brier": brier(p, y),
        "accuracy": accuracy(p, y),
        "precision": precision(p, y),
        "recall": recall(p, y),
        "auc": auc(p, y),
        "ece": ece(p, y),
        "calibration_slope": slope,
    }


_SCORES = ("log_loss", "brier", "accuracy", "precision", "recall", "auc", "ece", "calibration_slope")
_MONEY = (
    "bets",
    "pushes",
    "turnover",
    "unit_profit",
    "roi",
    "roi_low",
    "roi_high",
    "hit_rate",
    "kelly_growth",
    "max_drawdown",
)
_LATER = ("clv", "clv_coverage")


def _money(bets: Bets, walk: Walk, scored: Dataset, settings: BetSettings) -> Figures:
    result = backtest(
        bets,
        scored.value,
        scored.line,
        scored.weeks,
        fraction=settings.kelly_fraction,
        cap=settings.kelly_cap,
    ).summary()
    figures: Figures = {name: result[name] for name in _MONEY}
    return figures | (dict.fromkeys(_LATER) if scored.moment == "close" else _closing_value(bets, walk))


def _closing_value(bets: Bets, walk: Walk) -> Figures:
    """Mean edge of the bets as taken, by the closing market's own probabilities, and how many have a close."""
    closing = walk.closing[bets.game]
    closing = np.where(bets.first_side[:, None], closing, closing[:, ::-1])
    value = edge(closing[:, 0], closing[:, 2], bets.price)
    known = ~np.isnan(value)
    return {"clv": value[known].mean() if known.any() else None, "clv_coverage": known.mean() if known.size else None}


def _baseline_money(name: str, p: NDArray[np.float64], walk: Walk, scored: Dataset, settings: BetSettings) -> Figures:
    """What betting by the baseline's probabilities would have earned; pushes as the model expects them."""
    if name in ("closing_line", "opening_line"):
        return dict.fromkeys((*_MONEY, *_LATER))
    push = walk.triples[:, 1]
    triples = np.column_stack([p * (1 - push), push, (1 - p) * (1 - push)])
    return _money(place(triples, scored.prices[:, 0], scored.prices[:, 1], settings.min_edge), walk, scored, settings)


def _difference(walk: Walk, scored: Dataset, priced: NDArray[np.bool_], bar: str) -> Figures:
    """Log loss against the line that is bet at: the close, or the open."""
    market = walk.baselines[bar.replace(" ", "_")]
    rows = priced & ~np.isnan(scored.y)
    y = scored.y[rows]
    if np.isnan(market[rows]).any():
        return {"log_loss": None, "low": None, "high": None}
    gap = log_losses(walk.probability[rows], y) - log_losses(market[rows], y)
    low, high = weekly_ratio_interval(gap, 1.0, scored.weeks[rows])
    return _nulls({"log_loss": float(gap.mean()) if gap.size else np.nan, "low": low, "high": high})


def _verdict(difference: Figures, bar: str) -> str:
    """What the log loss against the line that is bet at proves; whether to bet is for a gate to say."""
    low, high = difference["low"], difference["high"]
    if difference["log_loss"] is None:
        return f"not proven: there is no {bar} to compare with"
    if low is None or high is None:
        return "not proven: too few games"
    if low > 0:
        return f"worse than the {bar}"
    if high < 0:
        return f"better than the {bar} on these games; not yet put to a gate"
    return f"not proven: no better and no worse than the {bar}"


def _by_season(
    walk: Walk, scored: Dataset, priced: NDArray[np.bool_], bets: Bets, settings: BetSettings
) -> list[Figures]:
    """All figures of each test season, the closing line's scores beside them."""
    season = scored.games["season"].to_numpy()
    bet_season = season[bets.game]
    found = []
    for year in np.unique(season):
        rows = priced & (season == year)
        chosen = Bets(*(getattr(bets, name)[bet_season == year] for name in Bets.__dataclass_fields__))
        closing = _scores(walk.baselines["closing_line"], scored.y, rows)
        figures: Figures = {"season": int(year), "games": int((rows & ~np.isnan(scored.y)).sum())}
        figures |= _scores(walk.probability, scored.y, rows) | _money(chosen, walk, scored, settings)
        figures |= {f"closing_line_{name}": value for name, value in closing.items()}
        found.append(_nulls(figures))
    return found


def _nulls(figures: Figures) -> Figures:
    return {name: None if value is None or not np.isfinite(value) else value for name, value in figures.items()}


def _notes(
    metrics: Figures, baselines: dict[str, Figures], scored: Dataset, priced: NDArray[np.bool_]
) -> dict[str, str]:
    """Why a figure is null, and what the figures leave out."""
    notes = _reasons(metrics, scored)
    for baseline, figures in baselines.items():
        why = _reasons(figures, scored)
        if scored.moment == "close":  # said once, for all
            why = {name: reason for name, reason in why.items() if name not in _LATER}
        if baseline == "closing_line" and figures["log_loss"] is None:
            why |= _no_line(why, scored)
        if figures["bets"] is None:
            later = () if scored.moment == "close" else _LATER
            why |= dict.fromkeys((*_MONEY, *later), _why_no_bets(baseline, scored))
        if why:
            notes[f"baselines.{baseline}"] = _by_reason(why)
    unpriced = int((~priced).sum())
    if unpriced:
        notes["games"] = f"{unpriced} games without a closing price are in no score"
    unquoted = int(np.isnan(scored.prices).any(axis=1).sum())
    if unquoted:
        notes["prices"] = f"{unquoted} games have no quoted price on a side and could not be bet there"
    return notes


def _reasons(figures: Figures, scored: Dataset) -> dict[str, str]:
    """The reason of each figure that is null."""
    at_close = "bets are placed at the close itself, so there is no later line to compare with"
    one_week = "bets of a single week say nothing of how weeks differ"
    reasons = {
        "precision": "no first side was ever picked",
        "recall": "the first side never won",
        "auc": "all outcomes are the same",
        "calibration_slope": "probabilities are constant, or separate the outcomes entirely",
        "roi_low": one_week,
        "roi_high": one_week,
        "hit_rate": "every bet was a push",
        "kelly_growth": "the bankroll was lost",
    }
    if not figures["bets"]:
        reasons |= dict.fromkeys(_MONEY, "no bet had the edge asked for and a price")
    at_open = "none of the bets has a closing line" if figures["bets"] else "there are no bets"
    later = at_close if scored.moment == "close" else at_open
    reasons |= dict.fromkeys(_LATER, later)
    empty = [name for name, value in figures.items() if value is None]
    return {name: reasons.get(name.removeprefix("closing_line_"), "too few games") for name in empty}


def _no_line(scores: Iterable[str], scored: Dataset) -> dict[str, str]:
    """The reason of the closing line's empty scores where there is no closing line at all."""
    absent = np.isnan(scored.closing_log_odds)
    words = "there is no closing line" if absent.all() else "not every game has a closing line"
    return dict.fromkeys(scores, words) if absent.any() else {}


def _why_no_bets(baseline: str, scored: Dataset) -> str:
    if baseline == "closing_line" and scored.moment == "open":
        return "the close is not known when the open is bet"
    return "it never differs from its own price, so it never bets"


def _season_notes(by_season: list[Figures], scored: Dataset) -> dict[str, str]:
    """Why figures are null in some seasons."""
    why: dict[str, str] = {}
    for figures in by_season:
        why |= _reasons(figures, scored)
    if "closing_line_log_loss" in why:
        why |= _no_line([name for name in why if name.startswith("closing_line_")], scored)
    return {"by_season": _by_reason(why)} if why else {}


def _by_reason(why: dict[str, str]) -> str:
    """Figures with the same reason together."""
    return "; ".join(
        f"{', '.join(name for name in why if why[name] == reason)}: {reason}" for reason in dict.fromkeys(why.values())
    )
