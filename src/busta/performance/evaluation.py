"""What forecasts are worth: every figure beside the closing line and the baselines, on the same games."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from busta.performance.reasons import LATER, MONEY, STRATEGIES, notes_of, season_notes
from busta.performance.simulation import Bets, Choice, backtest, choose, closing_value, slip
from busta.performance.simulation.strategies import names, strategy
from busta.scoring.calibration import ece_luck
from busta.scoring.resampling import score_intervals
from busta.scoring.summary import SCORES, TERMS, all_scores

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from busta.performance.forecasts import Forecasts
    from busta.settings import Bets as BetSettings

__all__ = ["Evaluation", "evaluate"]

Figures = dict[str, float | None]

_LINES = ("closing_line", "closing_line_recalibrated", "opening_line")
_DRAWS = 500


@dataclass(frozen=True)
class Evaluation:
    """The figures of one market's forecasts; one that does not apply is ``None``, its reason in ``notes``.

    Attributes:
        metrics: The model's.
        baselines: The same figures of each baseline.
        bar: The line that has to be beaten: that which is bet against; at the close as it is or
            recalibrated, whichever has the lower log loss on these games.
        differences: For each score its ``low`` and ``high``, and the ``difference`` from the bar and
            from Elo with theirs: 95 % intervals, resampled by week, paired.
        by_season: The model's figures and the closing line's scores, one entry a test season.
        verdict: One sentence on the log loss against the bar.
        notes: Reason of every ``None``, by figure, and what else a reader should know.
        bets: The bets behind the money figures; ``game`` counts along the forecasts.
    """

    metrics: Figures
    baselines: dict[str, Figures]
    bar: str
    differences: dict[str, dict[str, Any]]
    by_season: list[Figures]
    verdict: str
    notes: dict[str, str]
    bets: Bets

    @property
    def difference(self) -> Figures:
        """The model's log loss less the bar's, with its 95 % interval by week."""
        found = self.differences["log_loss"][self.bar]
        return {"log_loss": found["difference"], "low": found["low"], "high": found["high"]}


def evaluate(forecasts: Forecasts, settings: BetSettings) -> Evaluation:
    """Scores and back-tests forecasts, on the games that have a closing price where any has one."""
    priced = _priced(forecasts)
    bets = _bets(forecasts, settings)
    metrics = _model_scores(forecasts, priced) | _money(bets, forecasts, settings)
    baselines = {
        name: _nulls(_scores(p, forecasts, priced) | _baseline_money(name, p, forecasts, settings))
        for name, p in forecasts.baselines.items()
    }
    bar = _bar(forecasts, baselines)
    differences = _differences(forecasts, priced, bar)
    by_season = _by_season(forecasts, priced, bets, settings)
    notes = notes_of(_nulls(metrics), baselines, forecasts, priced)
    return Evaluation(
        metrics=_nulls(metrics),
        baselines=baselines,
        bar=bar,
        differences=differences,
        by_season=by_season,
        verdict=_verdict(differences["log_loss"][bar], bar.replace("_", " ")),
        notes=notes | season_notes(by_season, forecasts),
        bets=bets,
    )


def _priced(forecasts: Forecasts) -> NDArray[np.bool_]:
    """The games that every figure is made on: those the line that is bet against can be scored on, too."""
    known = ~np.isnan(forecasts.market_mean)
    return known if known.any() else np.ones(len(forecasts), dtype=bool)


def _bar(forecasts: Forecasts, baselines: dict[str, Figures]) -> str:
    """Of the line that is bet against, as it is and recalibrated, the one that is harder to beat."""
    names = [name for name in (forecasts.bar, f"{forecasts.bar}_recalibrated") if name in baselines]
    losses = {name: baselines[name]["log_loss"] for name in names}
    known = {name: loss for name, loss in losses.items() if loss is not None}
    return min(known, key=lambda name: known[name]) if known else forecasts.bar


def _scores(p: NDArray[np.float64], forecasts: Forecasts, rows: NDArray[np.bool_]) -> Figures:
    p, y = p[rows], forecasts.y[rows]
    found: Figures = dict.fromkeys((*SCORES, *TERMS))
    if not np.isnan(p).any():
        found |= all_scores(p, y)
    return found


def _model_scores(forecasts: Forecasts, rows: NDArray[np.bool_]) -> Figures:
    """The model's scores, the ECE that luck alone gives, and those of its distribution beside the market's."""
    mean, quantile = ece_luck(forecasts.probability[rows & ~np.isnan(forecasts.y)])
    found = _scores(forecasts.probability, forecasts, rows)
    found |= {"ece_luck": mean, "ece_luck_95": quantile}
    return found | {name: _mean(values[rows]) for name, values in forecasts.scores.items()}


def _money(bets: Bets, forecasts: Forecasts, settings: BetSettings) -> Figures:
    result = backtest(
        bets,
        forecasts.value,
        forecasts.line,
        forecasts.weeks,
        fraction=settings.kelly_fraction,
        cap=settings.kelly_cap,
    ).summary()
    value = closing_value(bets, forecasts)
    figures: Figures = {name: result[name] for name in MONEY}
    return figures | {name: value[name] for name in LATER}


def _baseline_money(name: str, p: NDArray[np.float64], forecasts: Forecasts, settings: BetSettings) -> Figures:
    """What betting by the baseline would have earned.

    Elo bets by its probabilities, with pushes as the model expects them; every home side and every
    favourite are bet as the back-test has them.
    """
    named = {"home": forecasts.market.sides[0]}.get(name, name)
    if named in names(forecasts):
        bets = slip(strategy(named, forecasts, np.arange(len(forecasts))), settings.slippage)
        return _money(bets, forecasts, settings)
    if name in _LINES or name in STRATEGIES:
        return dict.fromkeys((*MONEY, *LATER))
    push = forecasts.triples[:, 1]
    triples = np.column_stack([p * (1 - push), push, (1 - p) * (1 - push)])
    return _money(_bets(replace(forecasts, probability=p, triples=triples), settings), forecasts, settings)


def _bets(forecasts: Forecasts, settings: BetSettings) -> Bets:
    """The bets that the settings' rules choose by those probabilities, at the prices that are left of the quoted."""
    return slip(choose(forecasts, Choice.by(settings)).bets, settings.slippage)


def _differences(forecasts: Forecasts, priced: NDArray[np.bool_], bar: str) -> dict[str, dict[str, Any]]:
    """Intervals of all scores, and of their differences from the bar and from Elo."""
    against = {name: forecasts.baselines[name][priced] for name in (bar, "elo")}
    usable = {name: p for name, p in against.items() if not np.isnan(p).any()}
    found = score_intervals(
        forecasts.probability[priced], forecasts.y[priced], forecasts.weeks[priced], usable, draws=_DRAWS
    )
    empty = dict.fromkeys(("difference", "low", "high"), np.nan)
    absent = dict.fromkeys(set(against) - set(usable), empty)
    return {
        name: {
            key: _nulls(value) if isinstance(value, dict) else _null(value) for key, value in (parts | absent).items()
        }
        for name, parts in found.items()
    }


def _verdict(difference: Figures, bar: str) -> str:
    """What the log loss against the line that is bet at proves; whether to bet is for the gate to say."""
    low, high = difference["low"], difference["high"]
    if difference["difference"] is None:
        return f"not proven: there is no {bar} to compare with"
    if low is None or high is None:
        return "not proven: too few games"
    if low > 0:
        return f"worse than the {bar}"
    if high < 0:
        return f"better than the {bar} on these games"
    return f"not proven: no better and no worse than the {bar}"


def _by_season(forecasts: Forecasts, priced: NDArray[np.bool_], bets: Bets, settings: BetSettings) -> list[Figures]:
    """All figures of each test season, the closing line's scores beside them."""
    season = forecasts.seasons
    found = []
    for year in np.unique(season):
        rows = priced & (season == year)
        chosen = bets.take(season[bets.game] == year)
        closing = _scores(forecasts.baselines["closing_line"], forecasts, rows)
        figures: Figures = {"season": int(year), "games": int((rows & ~np.isnan(forecasts.y)).sum())}
        figures |= _scores(forecasts.probability, forecasts, rows) | _money(chosen, forecasts, settings)
        figures |= {f"closing_line_{name}": value for name, value in closing.items()}
        found.append(_nulls(figures))
    return found


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else np.nan


def _nulls(figures: Mapping[str, float | None]) -> Figures:
    return {name: _null(value) for name, value in figures.items()}


def _null(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else value
