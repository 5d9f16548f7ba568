from __future__ import annotations

import os
import signal
import socket
import threading
import time

import httpx
import pytest

import busta
from busta.errors import OutsideError, UsageError
from busta.workflows.watching.keep_watching import Rounds, tell
from figures import figures, watched


class Fake:
    """Figures that are there, unless told otherwise."""

    def __init__(self):
        self.fine, self.error = {"models": True}, None

    def gather(self):
        if self.error:
            raise self.error
        return {name: part for name, part in figures().items() if name not in ("rounds", "watched")}, dict(self.fine)


def rounds_of(look=watched, fake=None):
    return Rounds(look, fake or Fake(), 60.0)


def test_before_the_first_round_the_service_says_that_it_lives():
    assert b'busta_watch_rounds_total{outcome="done"} 0.0' in rounds_of().text()


def test_a_round_that_went_well_is_told():
    rounds = rounds_of()
    assert rounds.run() == "done"
    told = rounds.text().decode()
    assert 'busta_watch_rounds_total{outcome="done"} 1.0' in told
    assert 'busta_feature_psi{feature="f0",league="nfl"} 0.3' in told
    assert "busta_watch_last_success_timestamp_seconds" in told
    assert 'busta_watch_part_ok{part="watch"} 1.0' in told


def test_a_watch_that_refuses_is_a_part_that_failed_and_the_rest_is_told(caplog):
    def look():
        raise UsageError("there is no champion")

    rounds = rounds_of(look)
    assert rounds.run() == "partly"
    told = rounds.text().decode()
    assert 'busta_watch_part_ok{part="watch"} 0.0' in told
    assert "busta_bankroll" in told
    assert "busta_watch_last_success" not in told
    assert "no champion" in caplog.text


def test_a_bug_fails_a_round_which_is_counted_and_logged_and_what_was_known_is_told_on(caplog):
    fake = Fake()
    rounds = rounds_of(fake=fake)
    rounds.run()
    fake.error = KeyError("oh")
    assert rounds.run() == "failed"
    told = rounds.text().decode()
    assert 'busta_watch_rounds_total{outcome="failed"} 1.0' in told
    assert "busta_feature_psi{" in told
    assert "KeyError" in caplog.text
    fake.error = None
    assert rounds.run() == "done"


def test_what_cannot_be_told_is_a_failure_and_what_was_known_is_told_on():
    looks = [watched(), {"league": "nfl"}]
    rounds = rounds_of(lambda: looks.pop(0))
    assert [rounds.run(), rounds.run()] == ["done", "failed"]
    assert b"busta_feature_psi{" in rounds.text()


def test_it_tells_where_it_is_asked_and_ends_by_sigterm(tmp_path):
    settings, heard, answers = busta.load(home=tmp_path), [], {}
    before = signal.getsignal(signal.SIGTERM)

    def ask():
        while not heard:
            time.sleep(0.01)
        url = heard[0]["url"]
        try:
            for path in ("/metrics", "/health/live", "/other"):
                answers[path] = httpx.get(url.replace("/metrics", path), timeout=30)
            answers["rebound"] = httpx.get(url, headers={"host": "evil.example"}, timeout=30)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=ask).start()
    tell(settings, rounds_of(), "127.0.0.1", 0, heard.append)
    assert answers["/metrics"].status_code == 200
    assert "version=0.0.4" in answers["/metrics"].headers["content-type"]
    assert {path: answer.status_code for path, answer in answers.items()} == {
        "/metrics": 200,
        "/health/live": 200,
        "/other": 404,
        "rebound": 403,
    }
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_library_that_swallows_the_signal_only_delays_the_end(tmp_path):
    def look():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        except KeyboardInterrupt:
            return watched()
        raise AssertionError("the signal was not heard")

    rounds = Rounds(look, Fake(), 60.0)
    tell(busta.load(home=tmp_path), rounds, "127.0.0.1", 0)
    assert b'busta_watch_rounds_total{outcome="done"} 1.0' in rounds.text()


def test_others_are_told_only_with_a_key(tmp_path):
    with pytest.raises(UsageError, match="busta keys add"):
        tell(busta.load(home=tmp_path), rounds_of(), "0.0.0.0", 0)  # noqa: S104


def test_a_port_that_is_taken_is_said(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OutsideError, match="cannot listen"):
        tell(busta.load(home=tmp_path), rounds_of(), "127.0.0.1", taken.getsockname()[1])


def test_what_a_round_found_is_handed_on_and_a_refusal_of_that_is_told():
    heard, answers = [], [None, OutsideError("the ledger is down")]

    def then(found):
        heard.append(found["league"])
        if answer := answers.pop(0):
            raise answer

    rounds = Rounds(watched, Fake(), 60.0, then)
    assert [rounds.run(), rounds.run()] == ["done", "partly"]
    assert heard == ["nfl", "nfl"]
    assert b'busta_watch_part_ok{part="then"} 0.0' in rounds.text()


@pytest.mark.parametrize("every", [0.1, float("inf"), float("nan")])
def test_rounds_that_are_too_quick_or_never_come_are_refused(tmp_path, every):
    with pytest.raises(UsageError, match="at least 1 is needed, at most 31536000"):
        busta.keep_watching(busta.load(home=tmp_path), "nfl", every=every)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"port": 70_000}, "no port 70000; needed is"), ({"port": -1}, "no port -1"), ({"markets": "nope"}, "nope")],
)
def test_what_would_fail_in_every_round_is_refused_before_the_first(tmp_path, wrong, words):
    with pytest.raises(UsageError, match=words):
        busta.keep_watching(busta.load(home=tmp_path), "sim", **wrong)
