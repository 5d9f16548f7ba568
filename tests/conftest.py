from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import hypothesis
import pytest

from busta.leagues.sim import LEAGUE, World, play
from databases import Postgres
from replay import served
from support import facts_of, gold_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from busta.data.source import Batch
    from busta.features.store import MemoryGold
    from replay import Site

hypothesis.settings.register_profile("busta", deadline=None, print_blob=True)
hypothesis.settings.load_profile("busta")


@pytest.fixture(scope="session")
def world() -> Batch:
    """Six small seasons of the simulated league and one under way, with facts of their teams."""
    batch = play(World(seasons=6, seed=3))
    return replace(batch, facts=facts_of(batch.games))


@pytest.fixture(scope="session")
def gold(world: Batch) -> MemoryGold:
    """Their gold store."""
    return gold_from(world.games, world.quotes, LEAGUE, world.facts)


@pytest.fixture
def site() -> Iterator[Site]:
    """A server on this machine that answers as it is told."""
    with served() as found:
        yield found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The guides' examples run commands for minutes: they belong to `make check-all`."""
    for item in items:
        if "docs" in item.path.parts:
            item.add_marker(pytest.mark.server)


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server that every test may use and none may leave stopped."""
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request, tmp_path):
    """The address of an empty ledger, in each kind of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return request.getfixturevalue("postgres").fresh()


@pytest.fixture(scope="module")
def cluster():
    """The address of a scheduler and a worker of two threads in this process."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0", protocol="tcp", host="127.0.0.1"
    ) as found:
        yield found.scheduler_address
