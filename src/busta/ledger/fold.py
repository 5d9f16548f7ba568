"""What the log amounts to: bets with their state, results with their corrections, money that came and went.

Nothing here is stored: it is folded from the entries, in their order, each time it is asked for.

    bet         body: what was bet                         key: the bet
    void        bet, void, reason, start                   a later one may undo it
    result      league, game_id, market, value, …          a later one corrects it
    settlement  bet, result, value, outcome, profit        the last one of a bet stands
    bankroll    paper, amount, …                           money put in (above 0) or taken out
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from busta.betting.settlement import settle
from busta.errors import UsageError
from busta.ledger.chain import Draft
from busta.plugins import pick

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from busta.ledger.chain import Entry

__all__ = ["Account", "Bet", "Decided", "State", "fold", "settlements", "void"]

State = Literal["open", "settled", "void"]
Decided = tuple[str, str, str]
"""League, game and market: what one number decides."""


@dataclass(frozen=True, slots=True)
class Bet:
    """A bet, and what came of it so far.

    Attributes:
        key: Its key.
        seq: Number of its entry.
        at: When it was recorded.
        body: As it was recorded.
        voids: How often it was voided or that was undone.
        void: Whether it is void.
        reason: Why it is void, or is no longer.
        stands: The start of its game, ISO in UTC, for which somebody said that it stands all the same.
        settlements: Bodies of its settlements, the last one stands.
    """

    key: str
    seq: int
    at: datetime
    body: Mapping[str, Any]
    voids: int = 0
    void: bool = False
    reason: str | None = None
    stands: str | None = None
    settlements: tuple[Mapping[str, Any], ...] = ()

    @property
    def decided_by(self) -> Decided:
        """What decides it."""
        return self.body["league"], self.body["game_id"], self.body["market"]

    @property
    def placed_at(self) -> datetime:
        """When it was placed."""
        return datetime.fromisoformat(self.body["placed_at"])

    @property
    def kickoff(self) -> datetime:
        """When its game was to begin, as it was known then."""
        return datetime.fromisoformat(self.body["kickoff"])

    @property
    def stake(self) -> float:
        """The money on it."""
        return float(self.body["stake"])

    @property
    def paper(self) -> bool:
        """Whether no money was on it."""
        return bool(self.body["paper"])

    @property
    def first_side(self) -> bool:
        """Whether it is on the market's first side."""
        return bool(self.body["side"] == pick("market", self.body["market"]).sides[0])

    @property
    def last(self) -> Mapping[str, Any]:
        """The settlement that stands; of none, nothing in every place."""
        return self.settlements[-1] if self.settlements else {"outcome": None, "profit": None, "value": None}

    @property
    def state(self) -> State:
        """Open until it is settled; a void bet is neither, whatever the result."""
        if self.void:
            return "void"
        return "open" if self.last["outcome"] is None else "settled"

    @property
    def profit(self) -> float | None:
        """Profit in the currency of the stake: 0 of a void bet, ``None`` of an open one."""
        if self.void:
            return 0.0
        found = self.last["profit"]
        return None if found is None else float(found)

    def settled_at(self, value: float | None) -> dict[str, Any]:
        """Outcome and profit at a value, by the one formula of the product; ``None``: not played."""
        if value is None:
            return {"value": None, "outcome": None, "profit": None}
        line = self.body["line"] or 0.0
        profit = float(settle(value, line, self.first_side, self.body["price"], self.stake))
        return {"value": value, "outcome": "won" if profit > 0 else "lost" if profit < 0 else "push", "profit": profit}


@dataclass
class Account:
    """All that the log amounts to.

    Attributes:
        bets: By key, in the order they were recorded.
        results: The values of each game and market, the last one stands.
        moves: Money put in or taken out: when, on paper or not, how much.
    """

    bets: dict[str, Bet] = field(default_factory=dict)
    results: dict[Decided, list[float | None]] = field(default_factory=dict)
    moves: list[tuple[datetime, bool, float]] = field(default_factory=list)

    def of(self, *, paper: bool) -> list[Bet]:
        """The bets on paper or those for money: the two are never in one figure."""
        return [bet for bet in self.bets.values() if bet.paper == paper]

    def moved(self, *, paper: bool) -> float:
        """Money put in, less that taken out."""
        return sum(amount for _, on_paper, amount in self.moves if on_paper == paper)

    def bankroll(self, start: float, *, paper: bool) -> float:
        """Money there is, stakes of open bets among it."""
        return start + self.moved(paper=paper) + sum(bet.profit or 0.0 for bet in self.of(paper=paper))

    def at_stake(self, *, paper: bool) -> float:
        """Stakes of open bets."""
        return sum(bet.stake for bet in self.of(paper=paper) if bet.state == "open")

    def find(self, key: str) -> Bet:
        """The bet of that key; its first letters are enough.

        Raises:
            UsageError: There is none, or there are several.
        """
        found = (
            [self.bets[key]] if key in self.bets else [bet for name, bet in self.bets.items() if name.startswith(key)]
        )
        if len(found) != 1 or not key:
            raise UsageError(f"{len(found)} bets have the key {key!r}; `busta bets show` lists them")
        return found[0]


def fold(entries: Iterable[Entry]) -> Account:
    """Folds the log into what it amounts to."""
    account = Account()
    for entry in entries:
        body = entry.body
        if entry.kind == "bet":
            account.bets[entry.key] = Bet(entry.key, entry.seq, entry.at, body)
        elif entry.kind == "void":
            bet = account.bets[body["bet"]]
            said = {"void": body["void"], "reason": body["reason"], "stands": body.get("start")}
            account.bets[bet.key] = replace(bet, **said, voids=bet.voids + 1)
        elif entry.kind == "result":
            account.results.setdefault((body["league"], body["game_id"], body["market"]), []).append(body["value"])
        elif entry.kind == "settlement":
            bet = account.bets[body["bet"]]
            account.bets[bet.key] = replace(bet, settlements=(*bet.settlements, body))
        elif entry.kind == "bankroll":
            account.moves.append((entry.at, body["paper"], body["amount"]))
    return account


def void(bet: Bet, reason: str, *, undo: bool = False, start: datetime | None = None) -> Draft:
    """The entry that voids a bet, or undoes that; the number in its key makes it idempotent.

    Args:
        bet: The bet.
        reason: Why.
        undo: Whether it stands.
        start: Of a bet that stands, the start of its game as it is known now.
    """
    body: dict[str, Any] = {"bet": bet.key, "void": not undo, "reason": reason}
    return Draft("void", f"{bet.key}/{bet.voids + 1}", body | ({"start": start} if undo and start else {}))


def settlements(account: Account, values: Mapping[Decided, float | None], waiting: Collection[str] = ()) -> list[Draft]:
    """The results that are new or corrected, and the settlements that follow; none where nothing changed.

    Args:
        account: What there is.
        values: Margin, total or what else decides, ``None`` while it is not played.
        waiting: Keys of bets of which somebody has to decide first whether they stand; one that is settled already is
            settled anew all the same.
    """
    return [*_results(account, values), *_settled(account, values, waiting)]


def _results(account: Account, values: Mapping[Decided, float | None]) -> Iterator[Draft]:
    for decided in dict.fromkeys(bet.decided_by for bet in account.bets.values()):
        known = account.results.get(decided, [])
        if decided in values and values[decided] != (known[-1] if known else None):
            league, game, market = decided
            body = {"league": league, "game_id": game, "market": market, "value": values[decided]}
            yield Draft("result", f"{'/'.join(decided)}/{len(known) + 1}", body)


def _settled(account: Account, values: Mapping[Decided, float | None], waiting: Collection[str]) -> Iterator[Draft]:
    """A void bet is settled, too: what it would have been is known if its void is undone."""
    for bet in account.bets.values():
        if bet.key in waiting and not bet.settlements:
            continue
        if bet.decided_by in values and values[bet.decided_by] != bet.last["value"]:
            body = {"bet": bet.key} | bet.settled_at(values[bet.decided_by])
            yield Draft("settlement", f"{bet.key}/{len(bet.settlements) + 1}", body)
