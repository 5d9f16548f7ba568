"""How much of what Kelly asks for is really staked: limits by bet, game, day and book, and when to stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from busta.workflows.bets.figures import run_of, week_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from busta.ledger.fold import Account
    from busta.settings import Settings

__all__ = ["Purse", "staked"]

CENT = 0.01


@dataclass(frozen=True)
class Purse:
    """Money to stake, on paper or real, and what stands open already.

    Attributes:
        bankroll: Money there is, stakes of open bets among it.
        available: The same without them.
        open: Stake, game and day of each open bet.
        stopped: Why nothing is staked; ``None``: nothing stands in the way.
    """

    bankroll: float
    available: float
    open: tuple[tuple[float, str, str], ...]
    stopped: str | None

    @classmethod
    def of(
        cls, settings: Settings, account: Account, day: Callable[[datetime], str], now: datetime, *, paper: bool
    ) -> Purse:
        """What the ledger leaves to stake.

        Args:
            settings: Start of the bankroll and limits.
            account: What the log amounts to.
            day: The day of a moment, in the league's zone.
            now: What time it is.
            paper: Which bankroll.
        """
        bankroll = account.bankroll(settings.ledger.bankroll, paper=paper)
        available = bankroll - account.at_stake(paper=paper)
        standing = [bet for bet in account.of(paper=paper) if bet.state == "open"]
        exposed = tuple((bet.stake, bet.body["game_id"], day(bet.kickoff)) for bet in standing)
        return cls(bankroll, available, exposed, _stopped(settings, account, available, now, paper=paper))

    def standing_on(self, game: str | None = None, when: str | None = None) -> float:
        """Stakes that stand open on a game or on a day."""
        return sum(stake for stake, on, day in self.open if (game in (None, on)) and (when in (None, day)))


def _stopped(settings: Settings, account: Account, available: float, now: datetime, *, paper: bool) -> str | None:
    """The stop-losses, by the path that bets alone made."""
    if available < CENT:
        return "nothing is left to stake"
    rules, run = settings.ledger, run_of(settings, account, paper=paper)
    fall = 1 - run.path[-1] / run.path.max()
    if fall >= rules.stop_loss:
        return f"stop-loss: {fall:.1%} below the highest bankroll, {rules.stop_loss:.0%} ends all stakes"
    if rules.weekly_stop_loss is not None and len(run.weeks) and run.weeks[-1] == week_of(now):
        lost = 1 - run.end[-1] / run.start[-1]
        if lost >= rules.weekly_stop_loss:
            return f"stop-loss of the week: {lost:.1%} lost, {rules.weekly_stop_loss:.0%} ends its stakes"
    return None


def staked(
    rows: Sequence[Mapping[str, Any]],
    shares: Sequence[float],
    purse: Purse,
    settings: Settings,
    books: Sequence[str | None],
) -> list[tuple[float, list[str]]]:
    """The money on each bet, in cents rounded down, and which limits cut it.

    Args:
        rows: ``game_id`` and ``day`` of each bet.
        shares: What a fraction of Kelly asks for, of the bankroll.
        purse: What there is.
        settings: Limits.
        books: Who takes each bet; ``None``: nobody is named.
    """
    rules, money = settings.ledger, [share * purse.bankroll for share in shares]
    cuts: list[list[str]] = [[] for _ in rows]

    def cut(these: Sequence[int], most: float, why: str) -> None:
        """Scales those bets down alike, where they are more together."""
        total = sum(money[i] for i in these)
        if total > most + CENT / 2:
            for i in these:
                money[i] *= max(most, 0.0) / total
                cuts[i].append(why)

    for i, book in enumerate(books):
        cut([i], settings.bets.kelly_cap * purse.bankroll, "bets.kelly_cap")
        cut([i], rules.books.get(book or "", float("inf")), f"ledger.books of {book}")
    for name, share in (("game_id", rules.max_game), ("day", rules.max_day)):
        for group in dict.fromkeys(row[name] for row in rows):
            there = purse.standing_on(game=group) if name == "game_id" else purse.standing_on(when=group)
            these = [i for i, row in enumerate(rows) if row[name] == group]
            cut(these, share * purse.bankroll - there, f"ledger.{'max_game' if name == 'game_id' else 'max_day'}")
    cut(range(len(rows)), purse.available, "what is not at stake already")
    return [(int(amount / CENT + 1e-6) / 100, why) for amount, why in zip(money, cuts, strict=True)]
