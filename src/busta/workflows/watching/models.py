"""What is watched of one champion: its scores beside the closing line's, their decay, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from busta.registry.versions import fetch_model
from busta.scoring.calibration import ece, log_odds
from busta.scoring.proper import brier, log_loss
from busta.trials.gains import calendar_weeks
from busta.watch.calendar import calendar
from busta.watch.decay import Record, decay
from busta.watch.drift import drift, recent
from busta.watch.verdict import Decay, PredictionDrift
from busta.workflows.predicting.forecast import forecast_later, stored_forecasts
from busta.workflows.trials.evidence import over
from busta.workflows.watching.features import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from busta.features.store import MemoryGold
    from busta.markets.dataset import Dataset
    from busta.performance.forecasts import Forecasts
    from busta.registry.versions import Version
    from busta.settings import Watch
    from busta.workflows.predicting.joint import Kind

    Floats = NDArray[np.float64]

__all__ = ["Watched", "watched_model"]

SCORES = {"log_loss": log_loss, "brier": brier, "ece": ece}


@dataclass(frozen=True)
class Watched:
    """One champion and what was found of it.

    Attributes:
        version: The version.
        market: Its market.
        features: The features it reads.
        trained_through: Start of the last game it learned from.
        games: Games after it with a result, of weeks that are over.
        rolling: Scores of the last of them, beside the closing line's.
        decay: Whether it forecasts worse than it did.
        predictions: Whether it says something else than it did.
    """

    version: Version
    market: str
    features: Sequence[str]
    trained_through: str
    games: int
    rolling: Mapping[str, float | None]
    decay: Decay
    predictions: PredictionDrift

    def told(self) -> dict[str, Any]:
        """As it is printed, without what needs the other models."""
        return {
            "market": self.market,
            "model": self.version.name,
            "version": int(self.version.number),
            "role": "champion",
            "trained_through": self.trained_through,
            "games": self.games,
            "rolling": dict(self.rolling),
        }

    def reasons(self) -> dict[str, str]:
        """The triggers that this model gives by itself, each with its reason."""
        found = {}
        if self.decay.alarm:
            found["decay"] = f"it forecasts worse than when it was chosen: {_speaks(self.decay)}"
        if self.predictions.alarm:
            found["prediction"] = f"its probabilities are spread otherwise than in training{_apart(self.predictions)}"
        return found


def _speaks(said: Decay) -> str:
    """What says so: evidence that has reached its line, which may have fallen since, or two detectors that agree."""
    evidence = f"evidence {said.e_value:.3g} of {said.threshold:.3g}"
    if said.e_value < said.threshold:
        agree = said.adwin and said.page_hinkley
        evidence += ", but ADWIN and Page-Hinkley agree" if agree else " now, which was reached before"
    return f"{evidence}, since the week of {said.since}"


def _apart(said: PredictionDrift) -> str:
    """The index, where there is one; level, change and jump may alarm where it does not."""
    if said.psi is None or said.psi_critical is None:
        return ""
    return f": PSI {said.psi:.3f}, which by itself alarms at {said.psi_critical:.3f}"


def watched_model(kind: Kind, market: str, version: Version, gold: MemoryGold, as_of: datetime) -> Watched:
    """Looks at one champion.

    Args:
        kind: Of which kind it is.
        market: Name of its market.
        version: The champion.
        gold: The league's gold store.
        as_of: Later games and results are not looked at.

    Raises:
        OutsideError: Its files are gone or damaged.
    """
    settings, rules = kind.settings, kind.settings.watch
    portable, past = fetch_model(kind.registry, version), stored_forecasts(kind.registry, version)
    table = _until(kind.table(market, version, gold, settings.bets.vig_method), as_of)
    later = forecast_later(portable, table, 0)
    end, _ = over(table, 0, as_of.timestamp())
    later = later.take(_weeks(later) < end)
    record, known = _record(past), _record(later)
    return Watched(
        version=version,
        market=market,
        features=portable.features,
        trained_through=portable.spec["trained_through"],
        games=len(later),
        rolling=_rolling(known, rules.rolling),
        decay=decay(record, known, alpha=rules.alpha, margin=settings.gate.line_margin),
        predictions=_said_otherwise(past, later, gold, rules),
    )


def _until(data: Dataset, as_of: datetime) -> Dataset:
    """The games whose results were known by then."""
    return data.take((data.games["final_time"] < as_of).to_numpy())


def _weeks(forecasts: Forecasts) -> NDArray[np.datetime64]:
    return calendar_weeks(_kickoff(forecasts.games))


def _kickoff(games: pl.DataFrame) -> NDArray[np.datetime64]:
    return np.asarray(games["kickoff"].dt.replace_time_zone(None).to_numpy())


def _record(forecasts: Forecasts) -> Record:
    return Record(
        week=_weeks(forecasts),
        y=forecasts.y,
        probability=forecasts.probability,
        closing=forecasts.baselines["closing_line"],
        off=forecasts.value - forecasts.mean,
    )


def _rolling(record: Record, games: int) -> dict[str, float | None]:
    """Scores of the last games that both forecast."""
    known = np.flatnonzero(~np.isnan(record.gaps))[-games:]
    y, said = record.y[known], {"": record.probability[known], "closing_": record.closing[known]}
    scores = {
        f"{prefix}{name}": number(score(p, y)) if len(known) else None
        for name, score in SCORES.items()
        for prefix, p in said.items()
    }
    return {"games": len(known)} | scores


def _said_otherwise(past: Forecasts, later: Forecasts, gold: MemoryGold, rules: Watch) -> PredictionDrift:
    """The spread of its log-odds against those of its walk forward, in the same weeks of the season."""
    if not len(later):
        return PredictionDrift(None, None, alarm=False)
    both = pl.concat(
        [part.games.select("game_id", "season", "kickoff") for part in (past, later)], how="vertical_relaxed"
    )
    post = both.join(gold.games.select("game_id", "phase"), on="game_id", how="left", maintain_order="left")["phase"]
    when = calendar(_kickoff(both), both["season"], (post == "post").fill_null(value=False).to_numpy())
    trained = np.arange(len(both)) < len(past)
    window = recent(when, trained, when.week[-1], rules.weeks)
    p = np.concatenate([past.probability, later.probability])
    found = drift(log_odds(p)[:, None], when, trained, window, rules.alpha)
    return PredictionDrift(number(found.psi[0]), number(found.psi_critical[0]), alarm=bool(found.alarm[0]))
