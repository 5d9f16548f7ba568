"""What is asked of the server and what it answers, as its OpenAPI document describes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from busta.betting.odds import HIGHEST_PRICE

__all__ = ["BET", "EXAMPLES", "BetRequest", "Bets", "Input", "PredictionRequest", "Predictions", "ProblemBody"]

LARGEST = 1e15
Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Price = Annotated[float, Field(gt=1, le=HIGHEST_PRICE)]
Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Line = Annotated[float, Field(ge=-1000, le=1000, multiple_of=0.5)]
Features = Annotated[dict[Name, Number | None], Field(max_length=1000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Input(_Strict):
    """Features of a game that the store does not have to know."""

    market: Name
    features: Features = Field(description="By name; null, or left out, is missing. May hold market_log_odds and line.")
    line: Line | None = Field(
        None, description="The spread from the home side (home favoured = positive), or the total."
    )
    prices: Annotated[tuple[Price, Price], Field(strict=False)] | None = Field(
        None, description="Decimal odds of home (over) and away (under); an anchored model starts from them."
    )


class PredictionRequest(_Strict):
    """Games by id, or features: of one game (`market`, `features`, `line`, `prices`) or of several (`inputs`)."""

    league: Name | None = Field(None, description="By default the only one there is, else nfl.")
    information: Literal["anchored", "blind"] = "anchored"
    price: Literal["close", "open"] = "close"
    games: Annotated[list[Name], Field(min_length=1)] | None = None
    markets: Annotated[list[Name], Field(min_length=1, max_length=100)] | None = Field(
        None, description="Of the games; by default all."
    )
    market: Name | None = None
    features: Features | None = None
    line: Line | None = None
    prices: Annotated[tuple[Price, Price], Field(strict=False)] | None = None
    inputs: Annotated[list[Input], Field(min_length=1)] | None = None
    record: bool = Field(default=False, description="Write the predictions of these games to the ledger.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [name for name in ("games", "features", "inputs") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                "give one of games, features and inputs" + (f", not {' and '.join(given)}" if given else "")
            )
        if (self.market is None) != (self.features is None):
            raise ValueError("features are of a market: give both, market and features")
        if self.features is None and (self.line is not None or self.prices is not None):
            raise ValueError("line and prices go with features")
        if self.games is None and (self.markets is not None or self.record):
            raise ValueError("markets and record go with games")
        return self

    def asked(self) -> list[Input]:
        """The features that are given, one a game."""
        if self.inputs is not None:
            return self.inputs
        names = ("market", "features", "line", "prices")
        return [Input.model_construct(**{name: getattr(self, name) for name in names})]  # they have been looked at


class Recorded(BaseModel):
    """An entry of the ledger: on disk when it is told."""

    seq: int
    key: str
    hash: str
    new: bool = Field(description="False where the same was there already.")


class Predictions(BaseModel):
    """Answers, each a row of `busta predict --json`, or for given features the chances of the market's first side."""

    league: str
    information: str
    price: str
    gold_version: str | None
    versions: dict[str, str]
    predictions: list[dict[str, Any]]
    recorded: list[Recorded] | None = Field(None, description="The ledger's entries, where they were asked for.")


class BetRequest(_Strict):
    """A bet that was placed, or one on paper."""

    league: Name = "nfl"
    market: Name
    game: Name = Field(description="An id, or two teams as KC@BUF with a week or a date.")
    side: Name = Field(
        description="In the book's way, as BUF -3.5, over 45.5 or BUF; or home, away, over, under with line."
    )
    line: Line | None = Field(
        None, description="The spread from the home side (home favoured = positive), or the total."
    )
    price: Annotated[float, Field(ge=-100_000, le=100_000)] | Name = Field(
        description="Decimal, American or fractional."
    )
    stake: Annotated[float, Field(gt=0, le=1e12)] = Field(description="In the currency of the bankroll.")
    book: Name
    paper: bool = Field(description="Whether no money is on it.")
    week: Name | None = None
    date: Name | None = None
    late: Name | None = Field(None, description="When it was placed (ISO 8601), of a bet that is recorded only now.")
    key: Name | None = Field(None, description="A name of its own: two equal bets are two only by their keys.")


class Bets(BaseModel):
    """What was recorded; `recorded` is 0 where the same bet was there already."""

    league: str
    recorded: int
    bets: list[dict[str, Any]]
    notes: Any
    head: str = Field(description="Hash of the ledger's last entry.")


class ProblemBody(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = None


EXAMPLES: dict[str, Any] = {
    "games": {"summary": "Games of the store", "value": {"games": ["2022_18_DET_GB"], "markets": ["moneyline", "ats"]}},
    "features": {
        "summary": "Features of one game",
        "value": {
            "market": "ats",
            "features": {"power_rating_diff": 4.2, "rest_days_diff": 0.0},
            "line": 3.5,
            "prices": [1.91, 1.91],
        },
    },
}

BET: dict[str, Any] = {
    "paper": {
        "summary": "A bet on paper",
        "value": {
            "market": "ats",
            "game": "2022_18_DET_GB",
            "side": "DET +4.5",
            "price": -110,
            "stake": 1.0,
            "book": "somebook",
            "paper": True,
            "key": "2022-18-1",
        },
    }
}
