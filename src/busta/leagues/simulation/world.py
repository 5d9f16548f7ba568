"""The parameters of a simulated world."""

from __future__ import annotations

from dataclasses import dataclass

from busta.errors import UsageError

__all__ = ["World"]


@dataclass(frozen=True, slots=True)
class World:
    """Everything that makes one simulated world differ from another; points unless said otherwise.

    A game's true centre is ``strengths + surprise``. The surprise is news that no one has before the
    start; the close is the strengths alone, so nothing known before the start improves on it. The open
    is the close plus a mistake of its own, which whoever knows the strengths better can see. Opening
    and closing error have standard deviations ``open_bias`` and ``open_bias * (1 - close_correction)``.

    Attributes:
        seasons: Finished seasons; one more is under way.
        seed: The same seed gives the same world, byte for byte.
        first_season: Year in which the first season starts.
        unplayed_weeks: Last regular weeks of the season under way that have no score yet.
        attack_sd: Spread of the teams' attack: points scored above average.
        defence_sd: Spread of their defence: points kept from the opponent.
        balance: Correlation of a team's attack and defence.
        carry: Correlation of a team's strength at the end of one season and before the next.
        persistence: Correlation of its strength from one week to the next.
        home_edge: What the home side is worth on its own ground.
        dome_points: What a fixed roof adds to the total.
        mean_total: Centre of the total of two average teams outdoors.
        margin_sd: Width of the normal mass that the margin is drawn from; its own sd is within 1 %.
        total_sd: Width of the normal mass that the total is drawn from; its own sd is within 1 %.
        tie_weight: Weight of a margin of 0 in the regular season; the play-offs know no tie.
        open_bias: Standard deviation of the opening spread's error.
        total_bias: Standard deviation of the opening total's error.
        close_correction: Share of both that is gone by the close.
        edge: By how much both spreads overrate each popular team (one half of the league) against
            an unpopular one. 0 is a fair market.
        vig: What the two implied probabilities sum to above 1; 1/21 makes an even market -110/-110.
    """

    seasons: int = 12
    seed: int = 7
    first_season: int = 2010
    unplayed_weeks: int = 1
    attack_sd: float = 3.1
    defence_sd: float = 2.8
    balance: float = 0.4
    carry: float = 0.65
    persistence: float = 0.99
    home_edge: float = 2.2
    dome_points: float = 2.0
    mean_total: float = 44.5
    margin_sd: float = 13.3
    total_sd: float = 13.6
    tie_weight: float = 0.14
    open_bias: float = 2.0
    total_bias: float = 2.0
    close_correction: float = 0.5
    edge: float = 0.0
    vig: float = 1 / 21

    def __post_init__(self) -> None:
        """Refuse what no world can have.

        Raises:
            UsageError: A parameter is out of its range.
        """
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise UsageError(f"simulated world: {name} = {value}; allowed: {low} to {high}")

    @property
    def surprise_share(self) -> float:
        """Share of the opening error that is left at the close."""
        return 1 - self.close_correction


_RANGES: dict[str, tuple[float, float]] = {
    "seasons": (1, 1000),
    "seed": (0, 2**63 - 1),
    "unplayed_weeks": (0, 17),
    "attack_sd": (0, 10),
    "defence_sd": (0, 10),
    "balance": (-1, 1),
    "carry": (0, 1),
    "persistence": (0, 1),
    "margin_sd": (1, 30),
    "total_sd": (1, 30),
    "tie_weight": (0, 10),
    "open_bias": (0, 20),
    "total_bias": (0, 20),
    "close_correction": (0, 1),
    "edge": (0, 20),
    "vig": (0, 0.2),
}
