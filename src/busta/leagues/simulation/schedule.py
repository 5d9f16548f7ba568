"""Who meets whom and when: 272 games in 18 weeks, one week off for every team.

Seventeen rounds in which all 32 teams play: six within the division (home and away), four against
one division of the same conference, four against one of the other, two against the teams of the same
rank in the two divisions left, and a seventeenth game across the conferences, as in the NFL since
2021. Nine rounds keep two paired divisions among themselves; these fill weeks 5 to 14, and in them
the first division of a pair rests the week before, the second the week after one of the division's
own rounds. So all byes fall there, and no more than four teams are off in a week.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from busta.leagues.simulation.teams import ABROAD, WESTERN

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from busta.leagues.simulation.scores import Ints

__all__ = ["HOME", "REGULAR_WEEKS", "Fixtures", "at", "opening_day", "regular_season"]

REGULAR_WEEKS = 18
HOME = -1
"""Site of a game on the home side's own ground; any other number is a row of ``teams.SITES``."""

OUTER_WEEKS = (1, 2, 3, 4, 15, 16, 17)
FIRST_INNER = 5
DIVISION_ROUNDS = (
    ((0, 1), (2, 3)),
    ((2, 0), (1, 3)),
    ((0, 3), (2, 1)),
    ((1, 0), (3, 2)),
    ((0, 2), (3, 1)),
    ((3, 0), (1, 2)),
)
PAIRINGS = (((0, 1), (2, 3)), ((0, 2), (3, 1)), ((0, 3), (1, 2)))
THURSDAY, SATURDAY, EARLY, LATE, NIGHT, MONDAY, OVERSEAS = (
    (0, "20:15"),
    (2, "16:30"),
    (3, "13:00"),
    (3, "16:25"),
    (3, "20:20"),
    (4, "20:15"),
    (3, "09:30"),
)

Slot = tuple[int, str]
Meeting = tuple[int, int, int]  # week, home, away


@dataclass(frozen=True, slots=True)
class Fixtures:
    """Games to be played, one entry each: teams by number, week, site, New York wall-clock time."""

    week: Ints
    home: Ints
    away: Ints
    site: Ints
    local: NDArray[np.datetime64]


def opening_day(season: int) -> np.datetime64:
    """The Thursday after the first Monday of September."""
    first = np.datetime64(f"{season}-09-01", "D")
    monday: np.datetime64 = np.busday_offset(first, 0, roll="forward", weekmask="Mon")
    return monday + 3


def at(season: int, week: int, slot: Slot) -> np.datetime64:
    """New York wall-clock time of a slot: days after the week's Thursday, and the hour."""
    day, hour = slot
    hours, minutes = hour.split(":")
    midnight: np.datetime64 = (opening_day(season) + 7 * (week - 1) + day).astype("datetime64[m]")
    return midnight + np.timedelta64(int(hours) * 60 + int(minutes), "m")


def regular_season(rng: Generator, season: int, ranks: Ints) -> Fixtures:
    """A regular season's games in order of kick-off.

    Args:
        rng: Where all chance comes from.
        season: Its year; rotates who meets whom.
        ranks: Teams by division and last season's rank, shape (8, 4).
    """
    meetings = _outer_meetings(rng, season, ranks)
    starts = 2 * rng.permutation(4) + rng.integers(3)
    for start, (first, second) in zip(starts, _pairs(season), strict=True):
        meetings += _inner_meetings(rng, ranks[first], ranks[second], int(start))
    rows: list[tuple[int, int, int, int, np.datetime64]] = []
    tired: set[int] = set()
    trips = rng.choice(np.arange(4, 11), size=4, replace=False)
    for week in range(1, REGULAR_WEEKS + 1):
        games = [(home, away) for when, home, away in meetings if when == week]
        slots = _slots(rng, week, games, tired, abroad=week in trips)
        tired = {team for game, slot in slots.items() if slot is MONDAY for team in game}
        for (home, away), slot in slots.items():
            site = int(rng.choice(ABROAD)) if slot is OVERSEAS else HOME
            rows.append((week, home, away, site, at(season, week, slot)))
    rows.sort(key=lambda row: (row[4], row[1]))
    return Fixtures(*(np.array(column) for column in zip(*rows, strict=True)))


def _pairs(season: int) -> list[tuple[int, int]]:
    """Which divisions of one conference meet this season; the second conference's are 4 to 7."""
    pairing = PAIRINGS[season % 3]
    return [(a + shift, b + shift) for shift in (0, 4) for a, b in pairing]


def _outer_meetings(rng: Generator, season: int, ranks: Ints) -> list[Meeting]:
    """Seven rounds across pairs of divisions, and the last round within the division."""
    (a, b), (c, d) = PAIRINGS[season % 3]
    seventeenth = [(x, 4 + (x + season + 2) % 4) for x in range(4)]
    rounds = [  # pairs of divisions, and by how many ranks they are shifted
        ([(a, c), (b, d), (a + 4, c + 4), (b + 4, d + 4)], 0),
        ([(d, a), (c, b), (d + 4, a + 4), (c + 4, b + 4)], 0),
        ([(y, x) for x, y in seventeenth] if season % 2 else seventeenth, 0),
    ]
    rounds += [([(x, 4 + (x + season) % 4) for x in range(4)], shift) for shift in range(4)]
    meetings = [(REGULAR_WEEKS, *pair) for teams in ranks for pair in _within(teams, 5)]
    for week, (pairs, shift) in zip(rng.permutation(OUTER_WEEKS).tolist(), rounds, strict=True):
        meetings += [(week, *pair) for x, y in pairs for pair in _across(ranks[x], ranks[y], shift)]
    return meetings


def _inner_meetings(rng: Generator, first: Ints, second: Ints, start: int) -> list[Meeting]:
    """Nine rounds of two divisions in weeks 5 to 14, their byes around round ``start``."""
    rounds = rng.permutation(9)  # 0 to 4 within the division, 5 to 8 across
    own = int(np.argmax(rounds < 5))  # noqa: PLR2004 - see the line above
    rounds[[own, start]] = rounds[[start, own]]
    meetings: list[Meeting] = []
    for index, number in enumerate(rounds):
        week = FIRST_INNER + index
        early, late = week + (index >= start), week + (index > start)
        if number < 5:  # noqa: PLR2004
            meetings += [(early, *pair) for pair in _within(first, number)]
            meetings += [(late, *pair) for pair in _within(second, number)]
        else:
            meetings += [(late, *pair) for pair in _across(first, second, int(number) - 5)]
    return meetings


def _within(teams: Ints, number: int) -> list[tuple[int, int]]:
    return [(int(teams[x]), int(teams[y])) for x, y in DIVISION_ROUNDS[number]]


def _across(first: Ints, second: Ints, shift: int) -> list[tuple[int, int]]:
    """Every team of one division against one of the other; at home in the first for an even shift."""
    pairs = [(int(team), int(second[(i + shift) % 4])) for i, team in enumerate(first)]
    return pairs if shift % 2 == 0 else [(away, home) for home, away in pairs]


def _slots(
    rng: Generator, week: int, games: list[tuple[int, int]], tired: set[int], *, abroad: bool
) -> dict[tuple[int, int], Slot]:
    """A slot for each of a week's games; who played on Monday does not play on Thursday."""
    waiting = [games[i] for i in rng.permutation(len(games))]
    waiting.sort(key=lambda game: bool(tired & set(game)))
    single = [SATURDAY, NIGHT] if week == REGULAR_WEEKS else [THURSDAY, NIGHT, MONDAY]
    single += [OVERSEAS] if abroad else []
    slots = dict(zip(waiting, single, strict=False))
    rest = sorted(waiting[len(single) :], key=lambda game: game[0] not in WESTERN)
    late = max(3, sum(home in WESTERN for home, _ in rest))
    return slots | {game: LATE if i < late else EARLY for i, game in enumerate(rest)}
