"""Everything a report is made of, as plain data that a workflow has gathered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from busta.reports.curves import Curves

__all__ = ["Material"]

Figures = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Material:
    """What is known of one version; a figure that does not apply is ``None``, its reason in ``notes``.

    Attributes:
        about: ``model``, ``model_version``, ``market``, ``league``, ``information``, ``price``, ``games``,
            ``first_test_season``, ``last_test_season``, ``aliases``, ``sides``, ``made_at``.
        verdict: Of the gate, now: ``verdict``, ``reason``, ``checks``, ``trials``.
        noted: What the version carried of an earlier verdict: ``verdict``, ``judged_at``, ``forced``; empty texts
            where it was never judged.
        evaluation: ``metrics``, ``baselines``, ``bar``, ``differences``, ``by_season``, ``verdict`` on the log loss
            against the bar, and ``gaps``: log loss less each baseline's, with its interval.
        reliability: A curve of bins by whose probabilities they are.
        money: What the back-test found (`busta.performance.simulation.study.Study`) without its ledger, and
            ``rules``, by which the bets were chosen and staked.
        curves: Its profit, week by week.
        parts: The same bets by size of edge, role and side.
        closing_histogram: Bets by size of their closing-line value; empty where it does not apply.
        importances: A row a feature; empty where the run has no such file.
        audit: What an audit noted with the version, ``None`` where there was none.
        lineage: Tags and files of the training: ``trained_at``, ``trained_through``, ``seasons``,
            ``gold_version``, ``git_commit``, ``seed``, ``sources``, ``environment`` and so on.
        tried: A row a recipe that was tried on the market, in order of time.
        changed: Settings of the training that differ from the defaults, as lines of ``busta.toml``.
        commands: What to type for the same figures, in order.
        notes: Reasons, and what else a reader should know, by what it is said of.
        trial: The last trial in which the version was champion or challenger, as ``busta trial show`` has it.
    """

    about: Figures
    verdict: Figures
    noted: Mapping[str, str]
    evaluation: Figures
    reliability: Mapping[str, Sequence[Mapping[str, float]]]
    money: Figures
    curves: Curves
    parts: Sequence[Figures]
    closing_histogram: Sequence[Mapping[str, float]]
    importances: Sequence[Figures]
    audit: Figures | None
    lineage: Figures
    tried: Sequence[Figures]
    changed: Sequence[str]
    commands: Sequence[str]
    notes: Mapping[str, str] = field(default_factory=dict)
    trial: Figures | None = None

    @property
    def title(self) -> str:
        """Model and version."""
        return f"{self.about['model']} version {self.about['model_version']}"

    def check(self, code: str) -> Figures:
        """The gate's check of that code; empty where there is none."""
        return next((check for check in self.verdict["checks"] if check["code"] == code), {})
