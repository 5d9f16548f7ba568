from __future__ import annotations

import os
import shutil
import signal
from functools import partial

import pytest

import busta
from asking import asking
from busta.errors import OutsideError, UsageError
from busta.ledger.storage import Ledger
from busta.serving.clerk import Clerk
from busta.workflows.serving.serve import application
from workspaces import CURRENT

pytestmark = pytest.mark.slow  # each clerk is a process of its own


@pytest.fixture
def own(served, tmp_path):
    """A copy of the workspace whose ledger may be written."""
    return busta.load(home=shutil.copytree(served.home, tmp_path / "own"))


def bet_on(settings, **changes):
    week = f"{CURRENT}-{max(g['week'] for g in coming(settings)):02d}"
    row = busta.predict(settings, "ats", busta.Wanted(week=week), "sim")["predictions"][0]
    bet = {"league": "sim", "market": "ats", "game": row["game_id"], "side": "home", "line": row["line"]}
    return bet | {"price": -110, "stake": 2.5, "book": "somebook", "paper": True} | changes


def coming(settings):
    with asking(application(settings)) as client:
        weeks = [client.get("/v1/games", params={"week": f"{CURRENT}-{n}"}).json()["games"] for n in range(1, 24)]
    return [game for games in weeks for game in games if game["home_score"] is None]


def test_a_bet_is_recorded_once_however_often_it_is_sent(own):
    bet = bet_on(own)
    with asking(application(own)) as client:
        first, second = (client.post("/v1/bets", json=bet) for _ in range(2))
        other = client.post("/v1/bets", json=bet | {"key": "mine"})
        wrong = client.post("/v1/bets", json=bet | {"side": "nobody"})
        text = client.get("/metrics").text
    assert [answer.status_code for answer in (first, second, other)] == [200] * 3
    assert [answer.json()["recorded"] for answer in (first, second, other)] == [1, 0, 1]
    assert wrong.status_code == 400
    assert 'busta_ledger_rows_total{outcome="written"} 2.0' in text
    with Ledger.open(own.home / "ledger.db") as ledger:
        bets = ledger.read("bet")
    assert [entry.body["source"] for entry in bets] == ["api", "api"]
    assert first.json()["head"] == bets[0].hash


@pytest.mark.parametrize(
    ("change", "status"),
    [({"stake": 0}, 422), ({"stake": -1}, 422), ({"paper": "yes"}, 422), ({"side": "home", "line": 3.3}, 422)],
)
def test_a_bet_that_cannot_be_is_refused_before_anybody_looks(served, change, status):
    bet = {
        "league": "sim",
        "market": "ats",
        "game": "x",
        "side": "home",
        "price": 2,
        "stake": 1,
        "book": "b",
        "paper": True,
    }
    with asking(application(served)) as client:
        assert client.post("/v1/bets", json=bet | change).status_code == status


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(text):
    raise UsageError(text)


def nothing(): ...


async def once(work, *arguments, most=10):
    clerk = Clerk(nothing, most)
    try:
        return await clerk.do(work, *arguments)
    finally:
        clerk.stop()


def test_a_clerk_that_dies_is_followed_by_another():
    import asyncio

    async def run():
        clerk = Clerk(nothing, 10)
        with pytest.raises(OutsideError, match="has died"):
            await clerk.do(die)
        found = await clerk.do(partial(int, "7"))
        clerk.stop()
        return found

    assert asyncio.run(run()) == 7


def test_what_the_work_says_comes_back():
    import asyncio

    with pytest.raises(UsageError, match="no such thing"):
        asyncio.run(once(refuse, "no such thing"))
    with pytest.raises(OutsideError, match=r"0 bets wait.*serve\.queue"):
        asyncio.run(once(nothing, most=0))
