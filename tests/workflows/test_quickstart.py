from __future__ import annotations

import shutil
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

import pytest

import busta
from workspaces import as_nflverse

MARKETS = ["moneyline", "ats", "totals"]


@pytest.fixture
def said():
    return []


@contextmanager
def serving(body):
    """A server of one thread that has that body at every address."""

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
def nflverse(settings):
    """A server that has the league's games in nflverse's format."""
    with serving(as_nflverse(settings).write_csv().encode()) as url:
        yield url


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


@pytest.mark.usefixtures("untrained")
def test_a_page_of_html_instead_of_games_is_said_and_the_simulated_league_played(settings, said):
    with serving(b"<!DOCTYPE html>\n<html><body>Log in to the network</body></html>\n") as url:
        result = busta.quickstart(busta.load(home=settings.home, data={"nflverse_url": url}), say=said.append)

    (line,) = said
    assert line.startswith("no NFL games to be had (not nflverse games.csv: ")
    assert line.endswith("; playing the simulated league instead")
    assert result["league"] == "sim"


@pytest.mark.usefixtures("untrained")
def test_nfl_games_that_stand_in_the_workspace_are_used_where_no_newer_can_be_had(settings, said, tmp_path):
    as_nflverse(settings).write_csv(tmp_path / "games.csv")
    busta.ingest(settings, "nfl", [tmp_path / "games.csv"])

    result = busta.quickstart(settings, say=said.append)

    (line,) = said
    assert line.startswith("no newer NFL games to be had (cannot fetch http://127.0.0.1:9/games.csv: ")
    assert line.endswith("; using those of this workspace")
    assert result["league"] == "nfl"


@pytest.mark.usefixtures("untrained")
def test_a_dripping_server_does_not_hold_it(settings, said, monkeypatch):
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            while not over.wait(0.02):
                self.wfile.write(b"x")

        def log_message(self, *_args: object) -> None: ...

    monkeypatch.setattr("busta.workflows.quickstart._SECONDS", 0.2)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://127.0.0.1:{running.server_port}/games.csv"
        began = time.monotonic()
        try:
            result = busta.quickstart(busta.load(home=settings.home, data={"nflverse_url": url}), say=said.append)
        finally:
            over.set()
            running.shutdown()
            thread.join()
        took = time.monotonic() - began
    assert "did not end in time" in said[0]
    assert (result["league"], took < 3) == ("sim", True)
