"""Settings of how models are trained, tested and searched for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_serializer, field_validator

from busta.settings.section import Section, merged

__all__ = ["Boosting", "Linear", "Members", "Train", "Tune"]

MemberName = Literal["linear", "boosting", "points", "points_boosting"]
Rung = Literal[
    "market", "linear", "boosting", "points", "points_boosting", "linear members", "average", "blend", "stack"
]
Selection = Literal["all", "stable", "backward"]
Mirrored = Literal["none", "trees", "all"]
Calibration = Literal["none", "platt", "beta", "isotonic"]


class Linear(Section):
    """The linear member."""

    ridge: Annotated[float, Field(gt=0)] = 100.0
    """Penalty on the squared coefficients of standardised features, in units of observations."""


class Boosting(Section):
    """The XGBoost member; names and meanings as in XGBoost."""

    rounds: Annotated[int, Field(ge=1, le=10_000)] = 80
    max_depth: Annotated[int, Field(ge=1, le=12)] = 2
    eta: Annotated[float, Field(gt=0, le=1)] = 0.02
    subsample: Annotated[float, Field(gt=0, le=1)] = 0.7
    colsample_bytree: Annotated[float, Field(gt=0, le=1)] = 0.5
    min_child_weight: Annotated[float, Field(ge=0)] = 40.0
    reg_lambda: Annotated[float, Field(ge=0)] = 30.0
    max_bin: Annotated[int, Field(ge=2, le=1024)] = 64
    monotone: bool = False
    """Let what the trees say only rise, or only fall, with a feature of which the catalogue says which."""


class Members(Section):
    """The members of the ensemble, and how they are put together."""

    members: Annotated[tuple[MemberName, ...], Field(min_length=1)] = ("linear", "boosting", "points")
    """Which are fitted: ``linear`` and ``boosting`` learn outcomes, ``points`` and ``points_boosting`` points."""
    features: Selection = "all"
    """Which of the market's features: ``all``, or those a fold's own training games speak for."""
    rung: Rung | None = None
    """How they are put together; by default as earlier folds justify."""
    calibration: Calibration | None = None
    """How the ensemble is calibrated; by default as earlier folds justify."""
    linear: Linear = Linear()
    """Logistic regression of the outcome."""
    boosting: Boosting = Boosting()
    """Trees of the outcome."""
    points: Linear = Linear()
    """Ridge regression of the margin or total."""
    points_boosting: Boosting = Boosting()
    """Trees of the margin or total."""
    line_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of a training label that comes from the price of that past game, the rest from its outcome."""
    mirrored: Mirrored = "none"
    """Which members learn from each game with its sides swapped, too, where a margin decides."""
    half_life: Annotated[float, Field(gt=0)] | None = None
    """Seasons after which a game counts half in training; by default all count the same."""
    era: Annotated[int, Field(ge=1850, le=2300)] | None = None
    """First season of the era games are played in today; by default there is no other."""
    era_weight: Annotated[float, Field(gt=0, le=1)] = 0.5
    """What a game before the era counts in training."""
    noise: Annotated[float, Field(ge=0, le=2)] = 0.0
    """Learn from copies of each game, too, whose features are off by so many of their standard deviations."""


class Train(Section):
    """How models are trained and tested."""

    first_test_season: Annotated[int, Field(ge=1850, le=2300)] | None = None
    """First season to be tested on; by default after a third of the seasons there are."""
    min_train_games: Annotated[int, Field(ge=50)] = 200
    window: Annotated[int, Field(ge=1)] | None = None
    """Train on this many seasons before the test block; by default on all (expanding window)."""
    refit_weeks: Annotated[int, Field(ge=1)] | None = None
    """Fit anew every so many weeks within a test season; by default once a season."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 20
    jobs: Annotated[int, Field(ge=1, le=64)] = 2
    cluster: str | None = None
    """Address of a Dask scheduler whose workers do the fits instead of threads; changes no result."""
    anchored: Members = Members(linear=Linear(ridge=1000.0), points=Linear(ridge=4000.0))
    """Members that start from the market's price."""
    blind: Members = Members(
        linear=Linear(ridge=30.0),
        boosting=Boosting(rounds=150, eta=0.05),
        points=Linear(ridge=120.0),
        points_boosting=Boosting(rounds=150, eta=0.05),
        line_share=0.5,
    )
    """Members that see no price of the game."""
    markets: dict[str, Train] = Field(default_factory=dict)
    """Market = what is otherwise there: any of these settings, by the same names."""

    @field_validator("markets")
    @classmethod
    def _flat(cls, given: dict[str, Train]) -> dict[str, Train]:
        if any("markets" in market.model_fields_set for market in given.values()):
            raise ValueError("a market has no markets of its own")
        return given

    @field_serializer("markets")
    def _only_what_differs(self, markets: dict[str, Train]) -> dict[str, Any]:
        """What was not said of a market is what holds for all of them, whatever that is where it is read."""
        return {name: market.model_dump(exclude_unset=True) for name, market in markets.items()}

    def of(self, market: str) -> Train:
        """The settings that hold in that market."""
        everywhere = self.model_dump(exclude={"markets"})
        own = self.markets[market].model_dump(exclude_unset=True) if market in self.markets else {}
        return Train.model_validate(merged(everywhere, own))

    def members(self, *, blind: bool) -> Members:
        """The members of a blind or of an anchored model."""
        return self.blind if blind else self.anchored

    def with_members(self, members: Members, *, blind: bool) -> Train:
        """The same with other members there."""
        return self.model_copy(update={"blind" if blind else "anchored": members})


class Tune(Section):
    """The search for settings of the members, nested in the walk forward."""

    trials: Annotated[int, Field(ge=0, le=10_000)] = 0
    """How many settings are tried; 0 is no search."""
    search: Literal["tpe", "random", "grid"] = "tpe"
    """How they are proposed: learning from those before (``tpe``), at random, or by a fixed grid."""
    prune: bool = True
    """Give up those that the guiding seasons show to be in the worse half."""
    storage: str | None = None
    """Database of trials, such as PostgreSQL's; by default a file in the workspace."""
