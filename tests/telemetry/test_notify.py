"""Notifications, told to servers on this machine."""

from __future__ import annotations

import json
import logging
import socket
import socketserver
import ssl
import threading
import traceback
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from busta.errors import OutsideError
from busta.settings import Notify
from busta.telemetry import notify as module
from busta.telemetry.notify import MAIL, WEBHOOK, Notice, send, targets

LOGIN = {"smtp_user": "me", "smtp_password": "s3cret"}
SECRET, PATH = "s3cret-token", "/hooks/T0/B0/s3cret-path"
NOTICE = Notice(
    "12", "promoted", "busta-sim-ats", "4", "4", "it passed the gate\r\nand more", "2026-01-02T03:04:05+00:00"
)


@contextmanager
def running(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def hook():
    """A webhook that answers with the statuses it is told, the last one for ever."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.asked.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(server.answers.pop(0) if len(server.answers) > 1 else server.answers[0])
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Keeps the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.answers = [], [204]
    with running(server):
        yield server


@pytest.fixture
def waits():
    return []


@pytest.fixture
def post(hook, waits):
    def run(**changes):
        rules = {"webhook": f"http://127.0.0.1:{hook.server_port}{PATH}", "token": SECRET, "timeout": 5}
        send(Notify(**rules | changes), WEBHOOK, NOTICE, sleep=waits.append)

    return run


class Sink(socketserver.ThreadingTCPServer):
    """As much of a mail server as an e-mail needs; ``codes`` answers a command otherwise, once."""

    allow_reuse_address = daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Conversation)
        self.letters, self.codes, self.said, self.hang_up = [], {}, [], False


class Conversation(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())

    def handle(self):
        if self.server.hang_up:
            return
        self.say("220 here")
        for line in self.rfile:
            words = line.decode().strip()
            self.server.said.append(words)
            verb = words.split(" ")[0].split(":")[0].upper()
            if verb in self.server.codes:
                self.say(self.server.codes.pop(verb))
            elif verb == "EHLO":
                self.say("250-here\r\n250 AUTH PLAIN")
            elif verb == "AUTH":
                self.say("235 welcome")
            elif verb == "DATA":
                self.say("354 go on")
                self.letter()
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")

    def letter(self):
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.decode())
        self.server.letters.append("".join(lines))
        self.say("250 taken")


@pytest.fixture
def sink():
    with running(Sink()) as server:
        yield server


@pytest.fixture
def mail(sink, waits):
    def run(**changes):
        rules = {"smtp_host": "127.0.0.1", "smtp_port": sink.server_address[1], "smtp_tls": "none", "timeout": 5}
        rules |= {"mail_to": ("me@example.org", "you@example.org")}
        send(Notify(**rules | changes), MAIL, NOTICE, sleep=waits.append)

    return run


def test_a_webhook_gets_the_notice_as_json_with_the_token(post, hook):
    post(header="X-Key")
    ((path, headers, body),) = hook.asked
    assert (path, headers["X-Key"], headers["Content-Type"]) == (PATH, SECRET, "application/json")
    assert body["event"] == "promoted"
    assert body["reason"] == NOTICE.reason
    assert "Authorization" not in headers


def test_a_webhook_without_a_token_gets_none(post, hook):
    post(token=None)
    assert SECRET not in str(hook.asked)


def test_what_may_pass_is_tried_again_after_longer_and_longer(post, hook, waits):
    hook.answers = [503, 429, 500, 200]
    post()
    assert (len(hook.asked), waits) == (4, [0.5, 1.0, 2.0])


@pytest.mark.parametrize(
    ("status", "tries", "words"), [(503, 3, r"503 .* \(3 tries\)"), (404, 1, "404"), (302, 1, "302")]
)
def test_what_does_not_pass_is_said_without_the_address(post, hook, status, tries, words):
    hook.answers = [status]
    with pytest.raises(OutsideError, match=words) as caught:
        post(retries=2)
    assert len(hook.asked) == tries
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"webhook": "http://127.0.0.1:9/s3cret", "retries": 0}, "no connection"),
        ({"webhook": "ftp://host/s3cret"}, "no http or https address"),
        ({"webhook": "http://host:s3cret/"}, "no address"),
        ({"webhook": "http://host..s3cret/", "retries": 0}, "."),
        ({"token": "s3cret\nline"}, "."),
    ],
)
def test_an_address_or_token_that_cannot_be_used_is_not_shown(post, changes, words):
    with pytest.raises(OutsideError, match=words) as caught:
        post(**changes)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_a_server_that_says_nothing_is_given_up_in_time(waits):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        rules = Notify(webhook=f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout=0.05, retries=1)
        with pytest.raises(OutsideError, match="no answer in time"):
            send(rules, WEBHOOK, NOTICE, sleep=waits.append)
    assert waits == [0.5]


def test_no_log_shows_the_address(post, caplog):
    with caplog.at_level(logging.DEBUG):
        post()
        logging.getLogger("httpx").info("something else")
    assert "s3cret" not in caplog.text
    assert "something else" in caplog.text


def test_an_e_mail_says_what_happened(mail, sink):
    mail(**LOGIN)
    (letter,) = sink.letters
    assert "Subject: busta: busta-sim-ats: promoted" in letter
    assert "To: me@example.org, you@example.org" in letter
    assert "X-Busta-Id: 12" in letter
    assert [line.split()[0] for line in sink.said if line.startswith("AUTH")] == ["AUTH"]


def test_a_mail_server_that_is_busy_is_asked_again(mail, sink, waits):
    sink.codes = {"MAIL": "451 later"}
    mail()
    assert (len(sink.letters), waits) == (1, [0.5])


@pytest.mark.parametrize(
    ("codes", "words"),
    [({"AUTH": "535 no"}, "answered 535"), ({"MAIL": "550 no"}, "answered 550"), ({"RCPT": "550 no"}, "takes none")],
)
def test_a_mail_server_that_refuses_is_not_asked_again(mail, sink, waits, codes, words):
    sink.codes = codes
    with pytest.raises(OutsideError, match=words) as caught:
        mail(**LOGIN, mail_to=("me@example.org",))
    assert (sink.letters, waits) == ([], [])
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_a_server_without_encryption_gets_no_password(mail, sink):
    with pytest.raises(OutsideError, match="STARTTLS"):
        mail(smtp_tls="starttls", **LOGIN)
    assert not any("AUTH" in line for line in sink.said)


def test_a_mail_server_that_hangs_up_is_asked_again(mail, sink, waits):
    sink.hang_up = True
    with pytest.raises(OutsideError, match=r"no connection .*\(2 tries\)"):
        mail(retries=1)
    assert waits == [0.5]


def test_an_encrypted_connection_starts_encrypted(mail, monkeypatch):
    monkeypatch.setattr(module, "_trust", ssl.create_default_context)
    with pytest.raises(OutsideError, match="no connection"):  # the sink speaks plain text
        mail(smtp_tls="tls", retries=0)


def test_who_is_told_follows_from_the_settings():
    assert targets(Notify()) == []
    assert targets(Notify(webhook="http://host/")) == [WEBHOOK]
    assert targets(Notify(smtp_host="host")) == []
    assert targets(Notify(webhook="http://host/", smtp_host="host", mail_to=("a@b.c",))) == [WEBHOOK, MAIL]


@pytest.mark.parametrize("changes", [LOGIN | {"smtp_password": "s3crét"}, {"smtp_host": "mail..example.org"}])
def test_a_password_or_a_host_that_mail_does_not_know_is_said_and_not_shown(mail, waits, changes):
    with pytest.raises(OutsideError, match=r"not sent: smtp_host is no name .* not plain ASCII") as caught:
        mail(**changes)
    assert "s3cr" not in "".join(traceback.format_exception(caught.value))
    assert not waits
