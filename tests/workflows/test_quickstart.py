from __future__ import annotations

import shutil
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

import busta
from workspaces import as_nflverse

MARKETS = ["moneyline", "ats", "totals"]


@pytest.fixture
def said():
    return []


@pytest.fixture
def nflverse(settings):
    """A server of one thread that has the league's games in nflverse's format."""
    body = as_nflverse(settings).write_csv().encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/games.csv"
        running.shutdown()
        thread.join()


@pytest.fixture
def untrained(monkeypatch):
    """Training takes no time, and says only what it was asked for."""

    def train(_settings, market, league, **_options):
        return {"market": market, "league": league, "last_test_season": 2014}

    monkeypatch.setattr("busta.workflows.quickstart.train", train)


def test_offline_it_plays_the_simulated_league_and_trains_every_market(settings, said):
    shutil.rmtree(settings.home / "data")

    result = busta.quickstart(settings, offline=True, say=said.append)

    assert said == ["offline: playing the simulated league"]
    assert result["league"] == "sim"
    assert [training["market"] for training in result["trainings"]] == MARKETS
    assert {row["model"] for row in busta.list_models(settings)} == {f"busta-sim-{market}" for market in MARKETS}
    assert all(command.startswith("busta ") for command in result["next"])
    week = result["next"][0].split("--week ")[1].split()[0]
    assert busta.predict(settings, "moneyline", busta.Wanted(week=week), "sim")["predictions"]


@pytest.mark.usefixtures("untrained")
def test_a_download_that_is_refused_is_said_in_one_line_and_the_league_played(settings, said):
    result = busta.quickstart(settings, say=said.append)

    (line,) = said
    assert "\n" not in line
    assert line.startswith("no NFL games to be had (cannot fetch http://127.0.0.1:9/games.csv: ")
    assert line.endswith("; playing the simulated league instead")
    assert result["league"] == "sim"
    assert {training["league"] for training in result["trainings"]} == {"sim"}


@pytest.mark.usefixtures("untrained")
def test_real_games_are_trained_on_where_they_can_be_had(settings, said, nflverse):
    settings = busta.load(home=settings.home, data={"nflverse_url": nflverse})

    result = busta.quickstart(settings, say=said.append)

    assert said == ["real NFL games downloaded from nflverse"]
    assert result["league"] == "nfl"
    assert [training["market"] for training in result["trainings"]] == MARKETS
    assert {training["league"] for training in result["trainings"]} == {"nfl"}
