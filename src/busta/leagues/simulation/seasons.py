"""Plays season after season: strengths, centres of every game, scores, standings, play-offs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

from busta.leagues.simulation import schedule
from busta.leagues.simulation.schedule import HOME, REGULAR_WEEKS, Fixtures
from busta.leagues.simulation.scores import Floats, Ints, draw, margin_pmf, total_grid
from busta.leagues.simulation.teams import DIVISIONS, FINALS, TEAMS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.leagues.simulation.world import World

__all__ = ["Centres", "Season", "history"]

WEEKS = REGULAR_WEEKS + 4
GAMES = 272 + 13
POPULAR: Ints = np.arange(len(TEAMS)) % 2 == 0
DOMES = np.array([club.roof == "dome" for club in TEAMS])
RETRACTABLE = np.array([club.roof == "retractable" for club in TEAMS])
PLAYOFF_SLOTS = (
    ((2, "16:30"), (2, "20:15"), (3, "13:00"), (3, "16:30"), (3, "20:15"), (4, "20:15")),
    ((2, "16:30"), (2, "20:15"), (3, "15:00"), (3, "18:30")),
    ((3, "15:00"), (3, "18:30")),
    ((3, "18:30"),),
)


@dataclass(frozen=True, slots=True)
class Centres:
    """Centre of margin and total, shape (games, 2): the truth, and what the market believes."""

    truth: Floats
    close: Floats
    open: Floats


T = TypeVar("T", Fixtures, Centres)


@dataclass(frozen=True, slots=True)
class Season:
    """A season's games, all played; ``roof`` as in the table of games."""

    year: int
    fixtures: Fixtures
    centres: Centres
    points: Ints
    roof: NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class _Chance:
    """A season's random numbers, drawn before it starts, so that they do not depend on its course."""

    ratings: Floats  # (weeks, teams, attack and defence)
    surprise: Floats  # (games, margin and total)
    mistake: Floats
    uniform: Floats
    roof: Floats


def history(world: World) -> list[Season]:
    """All seasons, the last without play-offs.

    Every season has its own child of the seed: a world with more seasons starts with the same ones.
    """
    children = SeedSequence(world.seed).spawn(world.seasons + 1)
    played: list[Season] = []
    ranks = np.arange(len(TEAMS)).reshape(DIVISIONS, -1)
    strength = None
    for number, child in enumerate(children):
        rng = Generator(PCG64(child))
        fixtures = schedule.regular_season(rng, world.first_season + number, ranks)
        chance = _chance(rng, world, strength)
        season = _play(world, world.first_season + number, fixtures, chance)
        strength, ranks = chance.ratings[-1], _ranks(season)
        played.append(season if number == world.seasons else _playoffs(world, season, ranks, chance))
    return played


def _chance(rng: Generator, world: World, before: Floats | None) -> _Chance:
    return _Chance(
        ratings=_ratings(rng, world, before),
        surprise=rng.standard_normal((GAMES, 2)),
        mistake=rng.standard_normal((GAMES, 2)),
        uniform=rng.random((GAMES, 2)),
        roof=rng.random(GAMES),
    )


def _ratings(rng: Generator, world: World, before: Floats | None) -> Floats:
    """Strengths by week: a stationary AR(1), with a larger step between two seasons."""
    first, second = rng.standard_normal((2, WEEKS, len(TEAMS)))
    both = world.balance * first + np.sqrt(1 - world.balance**2) * second
    ratings: Floats = np.stack([world.attack_sd * first, world.defence_sd * both], axis=-1)
    if before is not None:
        ratings[0] = _step(before, ratings[0], world.carry)
    for week in range(1, WEEKS):
        ratings[week] = _step(ratings[week - 1], ratings[week], world.persistence)
    return ratings


def _step(before: Floats, noise: Floats, correlation: float) -> Floats:
    return np.asarray(correlation * before + np.sqrt(1 - correlation**2) * noise)


def _play(world: World, year: int, fixtures: Fixtures, chance: _Chance, start: int = 0) -> Season:
    """The games with their scores; they take their random numbers from row ``start`` on."""
    rows = slice(start, start + len(fixtures.week))
    centres = _centres(world, fixtures, chance, rows)
    ties = np.where(fixtures.week <= REGULAR_WEEKS, world.tie_weight, 0.0)
    margins = margin_pmf(centres.truth[:, 0], world.margin_sd, ties)
    points = draw(margins, centres.truth[:, 1], world.total_sd, chance.uniform[rows])
    return Season(year, fixtures, centres, points, _roofs(fixtures, chance.roof[rows]))


def _centres(world: World, fixtures: Fixtures, chance: _Chance, rows: slice) -> Centres:
    """The truth is strengths and surprise; the close the strengths; the open the close and a mistake."""
    home, away = (chance.ratings[fixtures.week - 1, team] for team in (fixtures.home, fixtures.away))
    at_home = fixtures.site == HOME
    margin = (home - away).sum(axis=1) + world.home_edge * at_home
    total = (home + away) @ [1.0, -1.0] + world.mean_total + world.dome_points * (DOMES[fixtures.home] & at_home)
    fair = np.stack([margin, total], axis=1)
    scale = np.array([world.open_bias, world.total_bias])
    left = world.surprise_share
    surprise = chance.surprise[rows] * scale * left
    mistake = chance.mistake[rows] * scale * np.sqrt(1 - left**2)
    popular = POPULAR.astype(float)
    planted = np.outer(popular[fixtures.home] - popular[fixtures.away], [world.edge, 0.0])
    close = fair + planted
    return Centres(*(_on_grid(centre) for centre in (fair + surprise, close, close + mistake)))


def _on_grid(centre: Floats) -> Floats:
    return np.stack([centre[:, 0], total_grid(centre[:, 1])], axis=1)


def _roofs(fixtures: Fixtures, uniform: Floats) -> NDArray[np.str_]:
    """Roofs; a retractable one is more often closed from December on."""
    month = fixtures.local.astype("datetime64[M]").astype(int) % 12 + 1
    closed = uniform < np.where((month == 12) | (month <= 2), 0.8, 0.45)  # noqa: PLR2004 - months
    moving = np.where(closed, "closed", "open")
    own = np.select([DOMES[fixtures.home], RETRACTABLE[fixtures.home]], ["dome", moving], "outdoors")
    return np.asarray(np.where(fixtures.site == HOME, own, "outdoors"))


def _ranks(season: Season) -> Ints:
    """Teams by division and rank, shape (8, 4): wins, then points scored above those conceded."""
    order = np.argsort(-_record(season), kind="stable")
    return np.stack([order[order // 4 == division] for division in range(DIVISIONS)])


def _record(season: Season) -> Floats:
    """One sortable number a team: wins (a tie is half of one), then point difference."""
    fixtures, margin = season.fixtures, season.points @ [1, -1]
    value = np.sign(margin) * 1e4 + margin
    record = np.bincount(fixtures.home, value, len(TEAMS)) - np.bincount(fixtures.away, value, len(TEAMS))
    return np.asarray(record)


def _playoffs(world: World, season: Season, ranks: Ints, chance: _Chance) -> Season:
    """The season with four more weeks: seven teams of each conference, the final on neutral ground."""
    record = _record(season)
    alive = [_seeds(ranks[half], record) for half in (slice(0, 4), slice(4, 8))]
    resting = [conference[0] for conference in alive]
    for index, slots in enumerate(PLAYOFF_SLOTS):
        pairs = _pairings(alive, first_rests=index == 0, final=index == len(PLAYOFF_SLOTS) - 1)
        fixtures = _playoff_fixtures(season.year, index, slots, pairs)
        played = _play(world, season.year, fixtures, chance, len(season.fixtures.week))
        winners = set(np.where(played.points[:, 0] > played.points[:, 1], fixtures.home, fixtures.away).tolist())
        winners |= set(resting) if index == 0 else set()
        alive = [[team for team in conference if team in winners] for conference in alive]
        season = _joined(season, played)
    return season


def _seeds(ranks: Ints, record: Floats) -> list[int]:
    """A conference's seven: the division winners, then the best of the others."""
    best = sorted(ranks[:, 0].tolist(), key=lambda team: -record[team])
    others = sorted(ranks[:, 1:].ravel().tolist(), key=lambda team: -record[team])
    return best + others[:3]


def _pairings(alive: list[list[int]], *, first_rests: bool, final: bool) -> list[tuple[int, int]]:
    """Best against worst of those left, the better at home."""
    if final:
        return [(alive[0][0], alive[1][0])]
    pairs = []
    for conference in alive:
        teams = conference[1:] if first_rests else conference
        pairs += [(teams[i], teams[-1 - i]) for i in range(len(teams) // 2)]
    return pairs


def _playoff_fixtures(
    year: int, index: int, slots: tuple[schedule.Slot, ...], pairs: list[tuple[int, int]]
) -> Fixtures:
    week = REGULAR_WEEKS + 1 + index
    final = len(pairs) == 1
    site = FINALS[year % len(FINALS)] if final else HOME
    home, away = np.array(pairs).T
    local = np.array([schedule.at(year, week, slot) for slot in slots])
    return Fixtures(np.full(len(pairs), week), home, away, np.full(len(pairs), site), local)


def _joined(first: Season, second: Season) -> Season:
    return Season(
        first.year,
        _concatenated(first.fixtures, second.fixtures),
        _concatenated(first.centres, second.centres),
        np.concatenate([first.points, second.points]),
        np.concatenate([first.roof, second.roof]),
    )


def _concatenated(first: T, second: T) -> T:
    arrays = (np.concatenate([getattr(first, f.name), getattr(second, f.name)]) for f in fields(first))
    return type(first)(*arrays)
