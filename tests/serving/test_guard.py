from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack, contextmanager

import pytest

from asking import asking
from busta.serving.auth import Keys
from busta.serving.guard import ALLOWED, Guard, is_loopback, read_body
from busta.serving.problems import Problem
from busta.settings import Serve, load
from busta.telemetry.logs import running, setup
from busta.telemetry.metrics import Metrics

JSON = {"content-type": "application/json"}


@contextmanager
def guard(tmp_path, answer=None, **limits):
    """A client of an application that says what it was let do, and how much it was sent."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            body = await read_body(receive)
            if answer is not None:
                await answer()
            said = f"{','.join(scope[ALLOWED])} {len(body)}".encode()
            await send(
                {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]}
            )
            await send({"type": "http.response.body", "body": said})

    keys, metrics = Keys(tmp_path / "keys.json"), Metrics()
    with asking(Guard(app, Serve(**limits), keys, metrics), lifespan=False) as client:
        yield client, keys, metrics


@pytest.fixture
def guarded(tmp_path):
    """Makes such a client, its keys and its metrics."""
    with ExitStack() as stack:
        yield lambda answer=None, **limits: stack.enter_context(guard(tmp_path, answer, **limits))


def test_on_this_machine_alone_no_key_is_needed_until_there_is_one(guarded):
    client, keys, _ = guarded()
    assert client.get("/").text == "read,write,admin 0"
    keys.add("read")
    keys._next_look = 0.0
    answer = client.get("/")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "busta keys add" in answer.json()["detail"]


def test_elsewhere_a_key_is_needed_and_may_do_what_its_scope_says(guarded):
    client, keys, _ = guarded(host="0.0.0.0")  # noqa: S104
    assert client.get("/").status_code == 401
    assert client.get("/health/ready").status_code == 200
    for scope, may in (("read", "read"), ("write", "read,write"), ("admin", "read,write,admin")):
        _, key = keys.add(scope)
        keys._next_look = 0.0
        assert client.get("/", headers={"authorization": f"Bearer {key}"}).text == f"{may} 0"
        assert client.get("/", headers={"x-api-key": key}).text == f"{may} 0"


@pytest.mark.parametrize("given", ["nonsense", "busta_00000000_" + "x" * 43, "", "busta_" + "x" * 5000, "ÿ\x7f"])
def test_a_wrong_key_is_refused_and_guessing_ends(guarded, given):
    client, keys, _ = guarded()
    _, key = keys.add("admin")
    headers = {b"authorization": b"Bearer " + given.encode("latin-1")}
    codes = [client.get("/", headers=headers).status_code for _ in range(12)]
    assert codes == [401] * 10 + [429] * 2
    assert client.get("/", headers={"authorization": f"Bearer {key}"}).status_code == 429  # the address, not the key


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "evil:80@localhost"]
)
def test_a_page_that_had_its_name_point_here_is_refused(guarded, host):
    client, *_ = guarded()
    assert client.get("/", headers={"host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000", "bets.example"])
def test_its_own_names_are_answered(guarded, host):
    client, *_ = guarded(hosts=("bets.example",))
    assert client.get("/", headers={"host": host}).status_code == 200


def test_two_names_at_once_are_none(guarded):
    client, *_ = guarded()
    assert client.get("/", headers=[("host", "localhost"), ("host", "localhost")]).status_code == 400


def test_a_page_from_elsewhere_can_write_nothing(guarded):
    client, *_ = guarded()
    assert client.post("/", content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
    assert client.post("/", content=b"{}", headers=JSON | {"origin": "https://evil.example"}).status_code == 403
    assert client.post("/", content=b"{}", headers=JSON | {"origin": "null"}).status_code == 403
    assert client.post("/", content=b"{}", headers=JSON | {"origin": "http://127.0.0.1:8000"}).status_code == 200
    answer = client.options("/", headers={"origin": "https://evil.example", "access-control-request-method": "POST"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_body_is_at_most_so_long(guarded):
    client, *_ = guarded(body=1000)
    assert client.post("/", content=b"x" * 1000, headers=JSON).status_code == 200
    assert client.post("/", content=b"x" * 1001, headers=JSON).status_code == 413
    assert client.post("/", content=iter([b"x" * 600, b"x" * 600]), headers=JSON).status_code == 413
    assert client.post("/", content=b"{}", headers=JSON | {"content-length": "1" * 400}).status_code == 413
    assert client.post("/", content=b"{}", headers=JSON | {"content-encoding": "gzip"}).status_code == 415


def test_who_asks_too_often_waits(guarded):
    client, *_ = guarded(rate=0.01)
    limited, *_ = guarded(rate=2.0)
    assert client.get("/").status_code == 429
    codes = [limited.get("/").status_code for _ in range(8)]
    assert codes[:4] == [200] * 4
    assert codes[-1] == 429
    assert int(client.get("/").headers["retry-after"]) >= 1


def test_what_takes_too_long_ends(guarded):
    client, *_ = guarded(answer=lambda: asyncio.sleep(5), seconds=0.05)
    answer = client.get("/")
    assert answer.status_code == 408
    assert "more than 0.05 seconds" in answer.json()["detail"]


def test_a_bug_ends_one_request_and_shows_no_secret(guarded, caplog):
    async def broken():
        raise RuntimeError("cannot reach postgresql://me:secret@db/x")

    client, _, metrics = guarded(answer=broken)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "secret" not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text
    assert b'status="500"' in metrics.text([], {})


def test_a_problem_is_answered_as_one(guarded):
    async def no():
        raise Problem(409, "no", {"x-why": "because"})

    client, *_ = guarded(answer=no)
    answer = client.get("/")
    assert (answer.status_code, answer.headers["x-why"], answer.json()["title"]) == (409, "because", "Conflict")


def test_every_answer_carries_the_headers(guarded):
    client, *_ = guarded()
    for answer in (client.get("/"), client.get("/", headers={"host": "evil.example"})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "server" not in answer.headers


def test_only_this_machine_is_loopback():
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "example.org", "localhost.evil")))  # noqa: S104


def test_every_answer_has_an_id_the_clients_own_if_it_gave_one(guarded, monkeypatch):
    monkeypatch.setenv("BUSTA_RUN_ID", "run-1")
    client, *_ = guarded()
    assert [client.get(path).headers["x-request-id"] for path in ("/", "/nothing")] == ["run-1-1", "run-1-2"]
    assert client.get("/", headers={"x-request-id": "mine.7"}).headers["x-request-id"] == "mine.7"
    assert client.get("/", headers={"host": "evil.example"}).headers["x-request-id"] == "run-1-3"


@pytest.mark.parametrize("given", ["two words", "x" * 65, "ÿ", ""])
def test_an_id_that_is_none_is_not_taken(guarded, given):
    client, *_ = guarded()
    assert client.get("/", headers={b"x-request-id": given.encode("latin-1")}).headers["x-request-id"].endswith("-1")


def test_a_request_is_a_line_of_the_log_where_that_is_asked_for(guarded, tmp_path, capsys):
    client, keys, _ = guarded()
    number, key = keys.add("read")
    keys._next_look = 0.0
    ask = {"headers": {"authorization": f"Bearer {key}", "x-request-id": "mine"}}
    with running():
        setup(load(home=tmp_path, logs={"format": "json", "requests": True}))
        client.get("/v1/games?apiKey=secret", **ask)
        setup(load(home=tmp_path, logs={"format": "json", "level": "debug"}))
        client.get("/", **ask)
    (line,) = [json.loads(each) for each in capsys.readouterr().err.splitlines()]
    assert (line["method"], line["route"], line["status"]) == ("GET", "other", 200)
    assert (line["request_id"], line["client"], line["logger"]) == ("mine", number, "busta.requests")
    assert 0 < line["seconds"] < 10
    assert not {key, "secret"} & set(str(line).split())
