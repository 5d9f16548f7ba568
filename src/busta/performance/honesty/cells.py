"""The worlds that are tried, and what the gate has to reach in them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from busta.performance.honesty.worlds import World

__all__ = ["CELLS", "SMALL", "Cell", "Target"]

GAMES = (285, 1400, 6200)
NO_EDGE = World()
ONE, TWO = World(bias=1.0, learns=0.5), World(bias=2.0, learns=0.5)


@dataclass(frozen=True)
class Target:
    """What a figure of a cell has to reach, as a share.

    Attributes:
        figure: Name of the figure of `harness.Row`.
        least: The figure is at least this; missed where its whole Monte-Carlo interval is lower.
        most: The figure is at most this; missed where its whole interval is higher.
        upper: The upper end of its interval is at most this.
    """

    figure: str
    least: float = 0.0
    most: float = 1.0
    upper: float = 1.0


@dataclass(frozen=True)
class Cell:
    """A world, how many candidates look at it and for how long.

    Attributes:
        name: Of the world.
        world: What is true.
        candidates: In all.
        skilled: Of them.
        games: Declared and played.
        targets: To be reached.
    """

    name: str
    world: World
    candidates: int
    skilled: int
    games: int
    targets: tuple[Target, ...] = ()


FALSE = Target("informative", most=0.05, upper=0.065)
FALSE_FIT = Target("false_fit_to_bet", most=0.01)
COVERED = Target("roi_coverage", least=0.93, most=0.97)
NO_PROFIT = Target("false_fit_to_bet", most=0.03)
POWER = {
    ("1 point", 6200): (Target("informative", least=0.75),),
    ("2 points", 1400): (Target("informative", least=0.95), Target("fit_to_bet", least=0.70)),
    ("2 points", 6200): (Target("fit_to_bet", least=0.98),),
    ("1 point, idle close", 6200): (Target("informative", least=0.50),),
    ("2 points, idle close", 1400): (Target("informative", least=0.80),),
}


def _without_edge() -> list[Cell]:
    """Nobody knows anything, in worlds that make it look otherwise."""
    worlds = {
        "games of a week alike": World(shared_error=0.2, shared_opinion=0.5),
        "key numbers": World(whole=True),
        "line moves foreseen": World(bias=1.0, chases=0.7),
        "biased line, nobody sees it": replace(TWO, skill=0.0),
        "fat tails": World(tails=True),
        "bias that lasts": World(bias=2.0, shared_bias=0.5, memory=0.8),
        "leanings that last": World(bias=2.0, shared_bias=0.5, shared_opinion=0.5, memory=0.8),
    }
    plain = [
        Cell("no edge", NO_EDGE, k, 0, games, (FALSE, FALSE_FIT, COVERED)) for k in (1, 20, 100) for games in GAMES
    ]
    return plain + [
        Cell(name, world, 20, 0, games, (FALSE, FALSE_FIT, COVERED))
        for name, world in worlds.items()
        for games in GAMES[1:]
    ]


def _with_edge() -> list[Cell]:
    """One candidate knows something."""
    worlds = {
        "1 point": ONE,
        "2 points": TWO,
        "1 point, idle close": World(bias=1.0),
        "2 points, idle close": World(bias=2.0),
    }
    among = [
        Cell(
            name,
            world,
            20,
            1,
            games,
            (*POWER.get((name, games), ()), NO_PROFIT if world.bias == 1 else FALSE_FIT, COVERED),
        )
        for name, world in worlds.items()
        for games in GAMES
    ]
    others = [
        Cell(name, world, k, 1, games) for name, world in list(worlds.items())[:2] for k in (1, 100) for games in GAMES
    ]
    variants = {
        "2 points, half seen": replace(TWO, skill=0.5),
        "2 points, boasting": replace(TWO, boast=3.0),
        "2 points, key numbers": replace(TWO, whole=True),
        "2 points, fat tails": replace(TWO, tails=True),
        "2 points, gone at half-time": replace(TWO, lasts=0.5),
    }
    return among + others + [Cell(name, world, 20, 1, games) for name, world in variants.items() for games in GAMES[1:]]


CELLS = (*_without_edge(), *_with_edge())
"""The whole table."""

SMALL = tuple(
    replace(cell, targets=())
    for cell in CELLS
    if cell.name in {"no edge", "2 points"} and cell.candidates == 20 and cell.games <= 1400  # noqa: PLR2004
)
"""A table for tests."""
