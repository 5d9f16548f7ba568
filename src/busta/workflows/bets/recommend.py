"""Recommend: which bets of a week or day to take, how much on each, down to which line and price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from busta.betting.distribution import Discretised
from busta.betting.joint_scenarios import outcomes, slate_scenarios
from busta.betting.odds import edge
from busta.betting.scenarios import Leg
from busta.betting.staking_simultaneous import simultaneous_kelly
from busta.ledger.fold import fold
from busta.ledger.storage import Ledger
from busta.performance.simulation.choice import strengths
from busta.plugins import pick, several
from busta.registry.connect import connect
from busta.workflows.bets.best import best_offer, offers_now
from busta.workflows.bets.limits import CENT, Purse, staked
from busta.workflows.bets.slip import Board
from busta.workflows.predicting.forecast import forecast, stored_forecasts
from busta.workflows.predicting.joint import JOINED
from busta.workflows.trials.money import by_arm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from busta.betting.joint import Joint
    from busta.betting.joint_scenarios import Outcomes
    from busta.data.schema import Moment
    from busta.ledger.fold import Account, Bet
    from busta.settings import Settings
    from busta.workflows.predicting.predict import Predicted, Wanted

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
        return _leg(self.row, self.first)


def _leg(bet: Mapping[str, Any], first: bool) -> Leg:
    return Leg(0, "total" if bet["market"] == "totals" else "margin", bet["line"] or 0.0, first, bet["price"])


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
    a bankroll of their own. Where the odds of several books were fetched, each bet names the one with the best offer.

    Args:
        settings: The settings.
        markets: Their names; none means moneyline, ats and totals.
        wanted: Which games.
        league_name: The league.
        blind: Whether by models that see no price of the game.
        moment: The price that is bet at.
        book: Who is to take the bets, for its limit in ``ledger.books``; by default the book of the best offer, where
            one is known.
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
    _name_best(settings, offers, board)
    summaries = {}
    for name, paper in (("real", False), ("paper", True)):
        purse = Purse.of(settings, account, day, board.now, paper=paper)
        some = [offer for offer in offers if offer.row["paper"] == paper]
        summaries[name] = _staked(settings, some, _held(account, board, paper=paper), purse, book)
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
        "best": None,
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


def _name_best(settings: Settings, offers: Sequence[_Offer], board: Board) -> None:
    """Names the book with the best offer for each bet that may be taken, where several are known."""
    now = offers_now(settings, board.league, board.now)
    for offer in _left(offers):
        there = now.get((offer.row["game_id"], offer.row["market"]), [])
        about: dict[str, Any] = {"first": offer.first, "settings": settings, "now": board.now}
        offer.row["best"] = best_offer(there, _edge_at(offer), **about)


def _held(account: Account, board: Board, *, paper: bool) -> dict[str, list[Bet]]:
    """Open bets by game."""
    found: dict[str, list[Bet]] = {}
    for bet in account.of(paper=paper):
        if bet.state == "open" and bet.body["league"] == board.league.name:
            found.setdefault(bet.body["game_id"], []).append(bet)
    return found


def _staked(
    settings: Settings, offers: Sequence[_Offer], held: Mapping[str, list[Bet]], purse: Purse, book: str | None
) -> dict[str, Any]:
    """Stakes of the bets on paper, or of those for money, and what there is to stake."""
    _refuse_untied(_left(offers), held)
    games = _by_game(_left(offers))
    taken = [offer for legs in games.values() for offer in legs]
    for offer in taken:
        offer.row.update(_worst(offer, settings.bets.min_edge))
    if taken and purse.stopped is None:
        kelly = _portfolio([(legs, held.get(game, [])) for game, legs in games.items()])
        asked = [settings.bets.kelly_fraction * share for share in kelly]
        books = [book or (offer.row["best"] or {}).get("book") for offer in taken]
        money = staked([offer.row for offer in taken], asked, purse, settings, books)
        for offer, share, (stake, cuts) in zip(taken, kelly, money, strict=True):
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


def _left(offers: Sequence[_Offer]) -> list[_Offer]:
    return [offer for offer in offers if offer.row["abstain_reason"] is None]


def _by_game(offers: Sequence[_Offer]) -> dict[str, list[_Offer]]:
    found: dict[str, list[_Offer]] = {}
    for offer in offers:
        found.setdefault(offer.row["game_id"], []).append(offer)
    return found


def _refuse_untied(offers: Sequence[_Offer], held: Mapping[str, list[Bet]]) -> None:
    """Leaves out bets of which nobody knows how they go together with a better or an open one on the same game."""
    for game, legs in _by_game(offers).items():
        best = max(legs, key=lambda leg: leg.row["edge"])
        standing = [bet.key for bet in held.get(game, []) if not _tied(bet, best)]
        for leg in legs:
            if standing:
                leg.row["abstain_reason"] = f"how it goes together with the open bet {standing[0]} is not known"
            elif leg is not best and any(each.joint is None for each in legs):
                other = best.row["market"]
                leg.row["abstain_reason"] = f"how it goes together with the {other} bet on the game is not known"


def _tied(bet: Bet, offer: _Offer) -> bool:
    """Whether an open bet is settled by what the joint of the offer's game is of."""
    joint, market = offer.joint, bet.body["market"]
    return joint is not None and market in JOINED and not (market == "totals" and np.isnan(joint.total[offer.place, 0]))


def _portfolio(games: Sequence[tuple[list[_Offer], list[Bet]]]) -> list[float]:
    """Shares of the simultaneous Kelly portfolio for each offer, in which open bets on the same games stand, too."""
    brought = [_outcomes(legs, bets) for legs, bets in games]
    new = np.concatenate([[True] * len(legs) + [False] * len(bets) for legs, bets in games])
    shares: list[float] = simultaneous_kelly(slate_scenarios(brought))[new].tolist()
    return shares


def _outcomes(legs: Sequence[_Offer], bets: Sequence[Bet]) -> Outcomes:
    """What a game can bring its bets, by its joint; one that is not read from a joint stands alone on its game."""
    joint = legs[0].joint
    if joint is not None:
        every = [leg.leg() for leg in legs] + [_leg(bet.body, bet.first_side) for bet in bets]
        return outcomes(joint, legs[0].place, every)
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
    """``None`` for a market without a line."""
    worst = offer.row["line"]
    if worst is None:
        return None
    edge_at = _edge_at(offer)
    for _ in range(FURTHEST):
        further = worst + (STEP if offer.first else -STEP)
        if not edge_at(further, offer.row["price"]) >= min_edge:
            break
        worst = further
    return float(worst)


def _edge_at(offer: _Offer) -> Callable[[float, float], float]:
    """The edge of the bet at another line and price; at its own line, or without one, by its own probability."""
    chance, read = offer.row["probability"], None

    def at(line: float, price: float) -> float:
        nonlocal read
        if offer.row["line"] in (None, line):
            return float(edge(chance["win"], chance["lose"], price))
        read = read or _reader(offer)
        win, _, lose = read(line) if offer.first else read(line)[::-1]
        return float(edge(win, lose, price))

    return at


def _reader(offer: _Offer) -> Callable[[float], NDArray[np.float64]]:
    """Win, push and lose of the first side at any line, read from where the bet's own probability is."""
    if offer.joint is not None:
        one = offer.joint.take(np.array([offer.place]))
        at = one.over if offer.row["market"] == "totals" else one.spread
        return lambda line: at(line)[0]
    win, _, lose = offer.of.read.triples[offer.place]
    distribution = Discretised.from_dict(offer.of.said.portable.spec["distribution"])
    mean = distribution.mean_for(win / (win + lose), offer.row["line"])
    return lambda line: distribution.win_push_lose(mean, line)[0]
