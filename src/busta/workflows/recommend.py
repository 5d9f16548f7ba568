"""Recommend: which bets of a week or day to take, how much on each, down to which line and price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from busta.betting.joint_scenarios import outcomes, slate_scenarios
from busta.betting.odds import edge
from busta.betting.scenarios import Leg
from busta.betting.staking_simultaneous import simultaneous_kelly
from busta.ledger.fold import fold
from busta.ledger.storage import Ledger
from busta.performance.simulation.choice import strengths
from busta.plugins import pick, several
from busta.registry.connect import connect
from busta.workflows.bet_limits import CENT, Purse, staked
from busta.workflows.bet_slip import Board
from busta.workflows.forecast import forecast, stored_forecasts
from busta.workflows.joint import JOINED
from busta.workflows.trial_money import by_arm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from busta.betting.joint import Joint
    from busta.betting.joint_scenarios import Outcomes
    from busta.data.schema import Moment
    from busta.ledger.fold import Account
    from busta.settings import Settings
    from busta.workflows.predict import Predicted, Wanted

__all__ = ["recommend"]

STEP = 0.5
FURTHEST = 60  # half points that a line is followed


@dataclass(frozen=True)
class _Offer:
    """A bet that may be worth taking: its row, and where its game stands in what was predicted."""

    row: dict[str, Any]
    of: Predicted
    place: int

    @property
    def first(self) -> bool:
        """Whether it is on the market's first side."""
        return bool(self.row["side"] == self.of.said.data.market.sides[0])

    @property
    def joint(self) -> Joint | None:
        """The joint that its probability was read from."""
        return self.of.read.joint if self.row["read_from"] == "joint" else None

    def leg(self) -> Leg:
        """The bet as a leg of its game's joint."""
        quantity = "total" if self.row["market"] == "totals" else "margin"
        return Leg(0, quantity, self.row["line"] or 0.0, self.first, self.row["price"])  # type: ignore[arg-type]


def recommend(
    settings: Settings,
    markets: Sequence[str] | str,
    wanted: Wanted,
    league_name: str = "nfl",
    *,
    blind: bool = False,
    moment: Moment = "close",
    book: str | None = None,
    starters: Sequence[str] = (),
    now: datetime | None = None,
) -> dict[str, Any]:
    """Recommends bets by the predictions of `busta.predict`, all of a slate together.

    Stakes are a fraction (``bets.kelly_fraction``) of the simultaneous Kelly portfolio over all bets of the
    slate; legs of one game are settled by one draw of its joint distribution. They are cut to the limits of
    ``[bets]`` and ``[ledger]``, open bets counted. Bets of a version that is not fit to bet are on paper, from
    a bankroll of their own.

    Args:
        settings: The settings.
        markets: Their names; none means moneyline, ats and totals.
        wanted: Which games.
        league_name: The league.
        blind: Whether by models that see no price of the game.
        moment: The price that is bet at.
        book: Who is to take the bets, for its limit in ``ledger.books``.
        starters: As in `busta.predict`.
        now: What time it is; by default the clock's.

    Returns:
        The object ``busta bets recommend --json`` prints.

    Raises:
        BustaError: No such games, no model, or the ledger's database is down.
    """
    names = [pick("market", name).name for name in several("markets", markets or JOINED, str, "a market")]
    kind: dict[str, Any] = {"blind": blind, "moment": moment, "starters": starters}
    found = [each for name in dict.fromkeys(names) for each in by_arm(settings, name, wanted, league_name, **kind)]
    board = Board(settings, league_name, now)
    zone = ZoneInfo(board.league.zone)

    def day(when: datetime) -> str:
        return when.astimezone(zone).date().isoformat()

    with Ledger.of(settings) as ledger:
        account = fold(ledger.read())
    offers = [_offer(each, i, row, day) for each in found for i, row in _places(each)]
    for offer in offers:
        offer.row["abstain_reason"] = _why_not(settings, offer, account, board)
    _refuse_weak(settings, found, offers)
    summaries = {
        name: _staked(settings, [offer for offer in offers if offer.row["paper"] == (name == "paper")], purse, book)
        for name, purse in (
            (name, Purse.of(settings, account, day, board.now, paper=name == "paper")) for name in ("real", "paper")
        )
    }
    rows = sorted((offer.row for offer in offers), key=lambda row: (row["kickoff"], row["game_id"], row["market"]))
    return {
        "league": board.league.name,
        "information": "blind" if blind else "anchored",
        "price": moment,
        "now": board.now.isoformat(),
        **summaries,
        "bets": [row for row in rows if row["stake"]],
        "abstained": [row for row in rows if not row["stake"]],
        "notes": {
            f"{each.result['market']}.{key}": note for each in found for key, note in each.result["notes"].items()
        },
    }


def _places(found: Predicted) -> list[tuple[int, dict[str, Any]]]:
    """Each row with its game's place among those that have a line, -1 for one that has none."""
    place = {game: i for i, game in enumerate(found.said.data.games["game_id"])}
    return [(place.get(row["game_id"], -1), row) for row in found.result["predictions"]]


def _offer(found: Predicted, place: int, row: Mapping[str, Any], day: Any) -> _Offer:
    """A prediction as a bet: no stake yet, down to which price and line it would be worth taking."""
    about = {
        "model": found.result["model"],
        "verdict": found.result["verdict"],
        "day": day(datetime.fromisoformat(row["kickoff"])),
    }
    nothing: dict[str, Any] = {
        "stake": 0.0,
        "share": 0.0,
        "kelly": None,
        "limited_by": [],
        "worst_price": None,
        "worst_line": None,
    }
    return _Offer(dict(row) | about | nothing, found, place)


def _why_not(settings: Settings, offer: _Offer, account: Account, board: Board) -> str | None:
    """Why a bet is not taken, the first reason that applies."""
    row, rules = offer.row, settings.bets
    if datetime.fromisoformat(row["kickoff"]) <= board.now:
        return "the game has begun"
    if row["abstain_reason"] or row["edge"] is None:
        return str(row["abstain_reason"])
    if row["out_of_fold"]:
        return "the version learned from this game"
    if rules.max_edge is not None and row["edge"] > rules.max_edge:
        return f"edge > {rules.max_edge:.1%}: too good to be true"
    if not rules.assumed_prices and offer.of.said.data.price_assumed[offer.place]:
        return "the price is assumed"
    there = [
        bet.key
        for bet in account.of(paper=row["paper"])
        if bet.state == "open" and bet.decided_by == (board.league.name, row["game_id"], row["market"])
    ]
    return f"bet already: {', '.join(there)}" if there else None


def _refuse_weak(settings: Settings, found: Sequence[Predicted], offers: Sequence[_Offer]) -> None:
    """Leaves out opinions that are not among the strongest of earlier seasons, where that is the rule."""
    share = settings.bets.strongest
    if share is None:
        return
    for each in found:
        before = stored_forecasts(connect(settings), each.said.version)
        strength, least = strengths(before.then(forecast(each.said.portable, each.said.data)), share)
        weak = ~(strength >= least)[len(before) :]
        for offer in offers:
            if offer.of is each and offer.row["abstain_reason"] is None and weak[offer.place]:
                offer.row["abstain_reason"] = f"opinion not among the {share:.0%} strongest of earlier seasons"


def _staked(settings: Settings, offers: Sequence[_Offer], purse: Purse, book: str | None) -> dict[str, Any]:
    """Stakes of the bets on paper, or of those for money, and what there is to stake."""
    _refuse_untied([offer for offer in offers if offer.row["abstain_reason"] is None])
    games = _by_game([offer for offer in offers if offer.row["abstain_reason"] is None])
    taken = [offer for legs in games.values() for offer in legs]
    for offer in taken:
        offer.row.update(_worst(offer, settings.bets.min_edge))
    if taken and purse.stopped is None:
        kelly = simultaneous_kelly(slate_scenarios([_outcomes(legs) for legs in games.values()]))
        asked = settings.bets.kelly_fraction * kelly
        money = staked([offer.row for offer in taken], asked.tolist(), purse, settings, book)
        for offer, share, (stake, cuts) in zip(taken, kelly.tolist(), money, strict=True):
            offer.row.update(kelly=share, stake=stake, share=stake / purse.bankroll, limited_by=cuts)
    for offer in taken:
        if not offer.row["stake"]:
            offer.row["abstain_reason"] = purse.stopped or _nothing(offer.row)
    return {
        "bankroll": purse.bankroll,
        "available": purse.available,
        "staked": sum(offer.row["stake"] for offer in taken),
        "bets": sum(offer.row["stake"] > 0 for offer in taken),
        "stopped": purse.stopped,
    }


def _nothing(row: Mapping[str, Any]) -> str:
    if row["limited_by"]:
        return f"nothing is left under {row['limited_by'][-1]}"
    return f"stake below {CENT:g}: beside the other bets it adds nothing"


def _by_game(offers: Sequence[_Offer]) -> dict[str, list[_Offer]]:
    found: dict[str, list[_Offer]] = {}
    for offer in offers:
        found.setdefault(offer.row["game_id"], []).append(offer)
    return found


def _refuse_untied(offers: Sequence[_Offer]) -> None:
    """Leaves out bets of which nobody knows how they go together with a better one on the same game."""
    for legs in _by_game(offers).values():
        if len(legs) > 1 and any(leg.joint is None for leg in legs):
            best = max(legs, key=lambda leg: leg.row["edge"])
            for leg in legs:
                if leg is not best:
                    other = best.row["market"]
                    leg.row["abstain_reason"] = f"how it goes together with the {other} bet on the game is not known"


def _outcomes(legs: Sequence[_Offer]) -> Outcomes:
    """What a game can bring its bets, by its joint; one that is not read from a joint stands alone on its game."""
    joint = legs[0].joint
    if joint is not None:
        return outcomes(joint, legs[0].place, [leg.leg() for leg in legs])
    chance, price = legs[0].row["probability"], legs[0].row["price"]
    chances = np.array([chance["lose"], chance["push"], chance["win"]])
    return chances, np.array([[-1.0], [0.0], [price - 1]])


def _worst(offer: _Offer, min_edge: float) -> dict[str, float | None]:
    """The lowest price at this line, and the worst line at this price, at which the edge is still enough."""
    chance = offer.row["probability"]
    return {
        "worst_price": 1 + (chance["lose"] + min_edge) / chance["win"],
        "worst_line": _worst_line(offer, min_edge),
    }


def _worst_line(offer: _Offer, min_edge: float) -> float | None:
    """``None`` for a market without a line, or a probability that is not read from a joint."""
    joint, line = offer.joint, offer.row["line"]
    if joint is None or line is None:
        return None
    one = joint.take(np.array([offer.place]))
    read = one.over if offer.row["market"] == "totals" else one.spread
    worst = line
    for _ in range(FURTHEST):
        further = worst + (STEP if offer.first else -STEP)
        triple: NDArray[np.float64] = read(further)[0]
        win, _, lose = triple if offer.first else triple[::-1]
        if not edge(win, lose, offer.row["price"]) >= min_edge:
            break
        worst = further
    return float(worst)
