"""What the decisions about retraining one model go by, gathered from data, registry and record."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from busta.errors import OutsideError, UsageError
from busta.markets.dataset import assemble
from busta.performance.gate.checks.bst014_revised import TOLERATED
from busta.registry.ab_trials import ab_trials
from busta.registry.versions import model_name
from busta.trials.evidence import log_capital
from busta.trials.gains import calendar_weeks
from busta.watch.retraining import Facts, Look, Paired
from busta.workflows.data.build import gold_of
from busta.workflows.data.revised import revised
from busta.workflows.predicting.forecast import stored_forecasts
from busta.workflows.trials.evidence import Kind, e_value, seen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from busta.data.schema import Moment
    from busta.features.store import MemoryGold
    from busta.markets.dataset import Dataset
    from busta.plugins import League, Market
    from busta.registry.connect import Registry
    from busta.registry.versions import Version
    from busta.settings import Settings
    from busta.workflows.retraining.record import Diary, State

__all__ = ["Job", "contradicted", "facts_of", "paired_of"]

_AHEAD = timedelta(days=30)
"""A season that begins within so long is about to begin."""


@dataclass
class Job:
    """One model that is looked after.

    Attributes:
        settings: All settings.
        registry: MLflow.
        league: Its league.
        market: Its market.
        blind: Whether it sees no price of the game itself.
        moment: The price that is bet at.
        now: What time it is.
        diary: Its record.
        watched: What `busta.workflows.watching.watch` said of its champion; ``None`` where nobody watched.
        dry: Only say what would be done.
        say: Called with what is being done.
        notes: What a reader should know.
    """

    settings: Settings
    registry: Registry
    league: League
    market: Market
    blind: bool
    moment: Moment
    now: datetime
    diary: Diary
    watched: Mapping[str, Any] | None = None
    dry: bool = False
    say: Callable[[str], None] = lambda _: None
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the registered model."""
        return model_name(self.league.name, self.market.name, blind=self.blind, moment=self.moment)

    @property
    def kind(self) -> dict[str, Any]:
        """What all workflows ask for beside market and league."""
        return {"blind": self.blind, "moment": self.moment}

    @cached_property
    def gold(self) -> MemoryGold:
        """The league's gold store of today."""
        return gold_of(self.settings, self.league)

    @cached_property
    def data(self) -> Dataset:
        """The market's games in it."""
        return assemble(self.gold, self.league, self.market, blind=self.blind, moment=self.moment)

    @property
    def finished(self) -> NDArray[np.bool_]:
        """Which of them a model can learn from."""
        return ~np.isnan(self.data.value) & ~np.isnan(self.data.offset)

    def on(self, champion: Version) -> frozenset[str] | None:
        """Triggers that were reported of that version; ``None`` where nobody watched it."""
        if self.watched is None or str(self.watched["version"]) != champion.number:
            return None
        return frozenset(self.watched["triggers"])


def facts_of(job: Job, state: State, champion: Version) -> Facts:
    """What a training is decided by."""
    data = job.data
    kickoff = np.asarray(data.games["kickoff"].dt.replace_time_zone(None).to_numpy())
    fresh = job.finished & (kickoff > _moment(datetime.fromisoformat(champion.tags["trained_through"])))
    results, on = int(job.finished.sum()), job.on(champion)
    looks = [look for number, look in state.looks if number == champion.number]
    return Facts(
        now=job.now,
        results=results,
        fresh=int(fresh.sum()),
        trained_at=datetime.fromisoformat(champion.tags["trained_at"]),
        season_ahead=_season_ahead(data, kickoff, fresh, job.now),
        looks=(*looks, *([] if on is None else [Look(job.now, results, on)])),
        last=state.last,
        trial=_trial(job),
    )


def _season_ahead(data: Dataset, kickoff: NDArray[np.datetime64], fresh: NDArray[np.bool_], now: datetime) -> bool:
    """Whether a season is about to begin, and some fresh game belongs to one before."""
    season = data.games["season"].to_numpy()
    coming = np.isnan(data.value) & (kickoff > _moment(now)) & (kickoff <= _moment(now + _AHEAD))
    return bool(coming.any() and (season[fresh] < season[coming].min()).any())


def _trial(job: Job) -> str | None:
    """The declared trial of the model that is running, in words."""
    for trial in ab_trials(job.registry, job.league.name, job.market.name):
        said = trial.declared
        if said.model == job.name and not trial.decision and not trial.deleted:
            return f"trial {trial.number}, version {said.challenger} against {said.champion},"
    return None


def paired_of(job: Job, older: Version, newer: Version, since: datetime | None = None) -> Paired:
    """What two versions said of the games that neither had learned from.

    Evidence that the newer one is worse counts as soon as it was enough at the end of any week.

    Args:
        job: Of which model.
        older: The champion, or the one before it.
        newer: The challenger, or the champion.
        since: When the newer one was promoted, if it was.
    """
    kind = Kind(job.settings, job.registry, job.league, job.market, job.blind, job.moment)
    gains = seen(kind, [older, newer], 0, job.now.timestamp()).gains
    games = float(gains.games.sum())
    after = np.zeros(len(gains), dtype=bool)
    if since is not None:
        after = np.asarray(gains.weeks, dtype="datetime64[D]") >= calendar_weeks(_moment(since))
    return Paired(
        games=int(games),
        weeks=len(gains),
        since=int(gains.games[after].sum()),
        gain=float(gains.gain.sum()) / games if games else None,
        worse=e_value(np.maximum.accumulate(log_capital(gains.swapped()))),
    )


def contradicted(job: Job, champion: Version) -> bool:
    """Whether today's data have more of the games the champion was judged on otherwise than BST014 tolerates."""
    try:
        forecasts = stored_forecasts(job.registry, champion)
    except (OutsideError, UsageError):  # gone, or of an older busta: nothing to hold them against
        return False
    changed = {game for games in revised(forecasts, job.data).values() for game in games}
    return len(changed) > TOLERATED * len(forecasts)


def _moment(at: datetime) -> np.datetime64:
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "us")
