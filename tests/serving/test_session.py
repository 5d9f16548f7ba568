"""Signing in with a browser, and what a session may do."""

from __future__ import annotations

import re
import time

import pytest

from asking import Here, asking
from busta.serving.auth import Keys
from busta.serving.page import session as sessions
from busta.serving.page.session import COOKIE, Sessions
from busta.settings import load
from busta.workflows.serving.serve import application, keys_of

HTML = {"accept": "text/html"}
HERE = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}


@pytest.fixture
def keys(tmp_path):
    return Keys(tmp_path / "keys.json")


def headers(cookie):
    return {b"cookie": f"other=1; {COOKIE}={cookie}".encode(), b"host": b"127.0.0.1:8000"}


def test_a_session_stands_for_its_key_and_holds_none_of_it(keys):
    number, key = keys.add("write")
    cookie = Sessions(keys, b"secret").begin(key)
    assert Sessions(keys, b"secret").who(headers(cookie)) == (number, ("read", "write"))
    assert key.rpartition("_")[2] not in cookie
    assert Sessions(keys, b"secret").begin(key[:-1] + "x") is None


def test_a_session_ends_with_its_key_its_time_and_the_server(keys, monkeypatch):
    number, key = keys.add("read")
    found = Sessions(keys, b"secret")
    cookie = found.begin(key)
    assert Sessions(keys, b"another start").who(headers(cookie)) is None
    later = time.time() + sessions.HOURS * 3600 + 1
    with monkeypatch.context() as patch:
        patch.setattr(sessions.time, "time", lambda: later)
        assert found.who(headers(cookie)) is None
    keys.revoke(number)
    keys._next_look = 0.0
    assert found.who(headers(cookie)) is None


@pytest.mark.parametrize("cookie", ["", "x", "..", "a.b.c", "\N{SNOWMAN}", '"', "0" * 5000, "1.99999999999.ff"])
def test_what_nobody_signed_is_no_session(keys, cookie):
    keys.add("admin")
    assert Sessions(keys, b"secret").who({b"cookie": f"{COOKIE}={cookie}".encode()}) is None
    assert Sessions(keys, b"secret").who({}) is None


def test_a_cookie_that_was_changed_is_no_session(keys):
    number, key = keys.add("read")
    other, _ = keys.add("admin")
    found = Sessions(keys, b"secret")
    cookie = found.begin(key)
    assert found.who(headers(cookie.replace(number, other))) is None
    _, end, _ = cookie.split(".")
    assert found.who(headers(cookie.replace(end, str(int(end) + 9)))) is None


def test_each_session_has_a_token_of_its_own(keys):
    found = Sessions(keys, b"secret")
    one, two = (found.begin(keys.add("read")[1]) for _ in range(2))
    assert found.token(headers(one)) != found.token(headers(two))
    assert found.is_own(headers(one), found.token(headers(one)))
    assert not found.is_own(headers(one), found.token(headers(two)))


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A browser on a server that has keys, and the keys."""
    monkeypatch.setattr("busta.serving.clerk.Clerk", Here)
    settings = load(home=tmp_path)
    keys = {scope: keys_of(settings).add(scope) for scope in ("read", "write")}
    with asking(application(settings)) as client:
        client.headers.update(HTML)
        yield client, settings, keys


def sign_in(client, key, **more):
    token = re.search(r'name="token" value="(\w+)"', client.get("/login").text)[1]
    return client.post("/login", data={"key": key, "token": token}, headers=HERE | more)


def test_without_a_key_there_is_only_the_way_to_sign_in(site):
    client, *_ = site
    for path in ("/", "/bets", "/nothing"):
        answer = client.get(path)
        assert answer.status_code == 401
        assert "Sign in" in answer.text
        assert 'type="password"' in answer.text
        assert "My bets" not in answer.text
    assert client.get("/v1/games").headers["content-type"] == "application/problem+json"


def test_the_right_key_opens_the_page_by_a_cookie_that_no_script_reads(site):
    client, _, keys = site
    answer = sign_in(client, keys["write"][1])
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert keys["write"][1].rpartition("_")[2] not in cookie
    page = client.get("/")
    assert page.status_code == 200
    assert "Sign out" in page.text
    over_tls = sign_in(client, keys["write"][1], origin="https://127.0.0.1:8000")
    assert "Secure" in over_tls.headers["set-cookie"]


def test_a_wrong_key_is_refused_and_many_are_slowed_down(site):
    client, *_ = site
    answer = sign_in(client, "busta_00000000_x")
    assert answer.status_code == 401
    assert "that is no key" in answer.text
    assert "set-cookie" not in answer.headers
    assert 429 in [sign_in(client, "nothing").status_code for _ in range(12)]


def test_a_cookie_opens_pages_and_not_the_api(site):
    client, _, keys = site
    sign_in(client, keys["write"][1])
    assert client.get("/bets").status_code == 200
    assert client.get("/v1/games").status_code == 401
    assert client.get("/v1/keys").status_code == 401


def test_a_key_that_may_only_read_writes_nothing(site):
    client, _, keys = site
    sign_in(client, keys["read"][1])
    token = re.search(r'name="token" value="(\w+)"', client.get("/").text)[1]
    for path in ("/bets", "/settle"):
        answer = client.post(path, data={"token": token}, headers=HERE)
        assert answer.status_code == 403
        assert "scope write" in answer.text


def test_who_signs_out_or_loses_the_key_is_out(site):
    client, settings, keys = site
    sign_in(client, keys["read"][1])
    token = re.search(r'name="token" value="(\w+)"', client.get("/").text)[1]
    assert client.post("/logout", data={"token": "no"}, headers=HERE).status_code == 403
    assert client.post("/logout", data={"token": token}, headers=HERE).status_code == 303
    assert client.get("/").status_code == 401
    sign_in(client, keys["write"][1])
    assert client.get("/").status_code == 200
    keys_of(settings).revoke(keys["write"][0])
    time.sleep(1.1)  # how long a key's end may take to be seen
    assert client.get("/").status_code == 401
