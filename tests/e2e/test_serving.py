"""A real server: kill -9, new champions, MLflow and ledger down, hostile clients."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress

import httpx
import pytest

import busta
from busta.ledger.storage import Ledger
from busta.registry.connect import connect
from busta.registry.publish import CHAMPION, point
from busta.registry.versions import resolve
from busta.workflows.serving.prepare import prepare
from servers import free_port, mlflow_server, until
from workspaces import BUSTA, _no_variables, borrowed, register_again, trained, variables

__all__ = ["_no_variables", "borrowed", "trained"]

pytestmark = [pytest.mark.server, pytest.mark.slow]
MONEYLINE = "busta-sim-moneyline"


class Server:
    """A server of a workspace, on a port of its own."""

    def __init__(self, home, **more):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        command = [*BUSTA, "serve", "--port", str(self.port)]
        self.log = (home / "server.log").open("ab")
        self.process = subprocess.Popen(command, env=variables(home, **more), stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 300
        while not self._ready():
            assert self.process.poll() is None, (home / "server.log").read_text()
            assert time.monotonic() < deadline, "the server is not ready"
            time.sleep(0.05)

    def _ready(self):
        try:
            return httpx.get(f"{self.url}/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def rss(self):
        """Megabytes of memory."""
        with open(f"/proc/{self.process.pid}/statm") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def kill(self):
        """As kill -9 does."""
        self.process.kill()
        self.process.wait()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()


@pytest.fixture(scope="module")
def home(trained, tmp_path_factory):
    """A workspace with slates; its ledger may be written."""
    home = shutil.copytree(trained.settings.home, tmp_path_factory.mktemp("served") / "home")
    prepare(busta.load(home=home))
    return home


@pytest.fixture(scope="module")
def server(home):
    with Server(home) as server:
        yield server


def games_of(server):
    found = []
    for season in (2012, 2013, 2014):
        for week in range(1, 20):
            answer = httpx.get(f"{server.url}/v1/games", params={"week": f"{season}-{week}"})
            found += [game["game_id"] for game in answer.json()["games"]]
    return found


def ask_until(stop, server, body, take):
    """Asks again and again, over one connection, until told to stop or the server is gone."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        while not stop.is_set():
            try:
                answer = client.post("/v1/predictions", json=body())
            except httpx.TransportError:
                return
            take(answer)


def together(clients, server, body, take):
    stop = threading.Event()
    threads = [threading.Thread(target=ask_until, args=(stop, server, body, take)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    return stop, threads


def test_new_champions_take_over_without_a_failed_or_mixed_answer(borrowed):
    registry = connect(borrowed)
    register_again(registry, resolve(registry, MONEYLINE, "1"))
    point(registry, MONEYLINE, CHAMPION, "1")
    prepare(borrowed)
    answers = []
    with Server(borrowed.home, BUSTA_SERVE__REFRESH="0.2") as server:
        game = games_of(server)[-1]
        stop, threads = together(4, server, lambda: {"games": [game]}, answers.append)
        while not answers:
            time.sleep(0.01)
        for number in ("2", "1", "2"):
            point(registry, MONEYLINE, CHAMPION, number)
            deadline = time.monotonic() + 120
            while json.loads(answers[-1].content)["versions"]["moneyline"] != number:
                assert time.monotonic() < deadline, "the new champion is not served"
                time.sleep(0.05)
        stop.set()
        for thread in threads:
            thread.join()
    assert {answer.status_code for answer in answers} == {200}
    for body in {answer.content for answer in answers}:
        said = json.loads(body)
        assert all(row["model_version"] == said["versions"][row["market"]] for row in said["predictions"])


def test_what_was_acknowledged_survives_kill_9(home):
    acknowledged, lock = [], threading.Lock()

    def take(answer):
        assert answer.status_code == 200, answer.text
        with lock:
            acknowledged.extend(entry["key"] for entry in answer.json()["recorded"])

    with Server(home) as server:
        games = games_of(server)
    for _ in range(4):
        server = Server(home)
        stop, threads = together(4, server, lambda: {"games": [random.choice(games)], "record": True}, take)
        count = len(acknowledged)
        until(lambda count=count: len(acknowledged) > count)
        time.sleep(random.uniform(0, 1))
        server.kill()
        stop.set()
        for thread in threads:
            thread.join()
    with Ledger.open(home / "ledger.db") as ledger:
        keys = [entry.key for entry in ledger.read("prediction")]
        assert ledger.verify().problems == ()
    assert set(acknowledged) <= set(keys)
    assert len(keys) == len(set(keys))


def test_what_a_killed_server_leaves_ends_by_itself(home):
    server = Server(home)
    time.sleep(1)
    children = subprocess.run(["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True, check=True)
    server.kill()
    deadline = time.monotonic() + 30
    left = [pid for pid in children.stdout.split() if alive(pid)]
    while left:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.2)
        left = [pid for pid in left if alive(pid)]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_with_mlflow_down_it_goes_on_and_starts_again(home):
    database = home / "mlflow.db"
    with Server(home, BUSTA_SERVE__REFRESH="0.2") as server:
        game = games_of(server)[-1]
        database.rename(home / "away.db")
        database.write_bytes(b"no database")
        deadline = time.monotonic() + 60
        while not httpx.get(f"{server.url}/health/ready").json()["problems"]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert httpx.post(f"{server.url}/v1/predictions", json={"games": [game]}).status_code == 200
    with Server(home, BUSTA_SERVE__REFRESH="0.2") as server:
        assert httpx.post(f"{server.url}/v1/predictions", json={"games": [game]}).status_code == 200
        assert "cannot be read" in httpx.get(f"{server.url}/v1/models").json()["error"]
        (home / "away.db").rename(database)
        deadline = time.monotonic() + 60
        while httpx.get(f"{server.url}/health/ready").json()["problems"]:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_registry_elsewhere_goes_and_comes_back_and_no_answer_is_missing(borrowed):
    home, port, answers = borrowed.home, free_port(), []
    register_again(connect(borrowed), resolve(connect(borrowed), MONEYLINE, "1"))
    point(connect(borrowed), MONEYLINE, CHAMPION, "1")
    where = ("--backend-store-uri", f"sqlite:///{home / 'mlflow.db'}", "--artifacts-destination", home / "mlruns")
    elsewhere = {"BUSTA_TRACKING__TRACKING_URI": f"http://127.0.0.1:{port}"}
    with ExitStack() as stack:
        running = stack.enter_context(ExitStack())
        running.enter_context(mlflow_server(home, *where, port=port))
        server = stack.enter_context(Server(home, BUSTA_SERVE__REFRESH="0.2", **elsewhere))
        game = games_of(server)[-1]
        stop, threads = together(4, server, lambda: {"games": [game]}, answers.append)
        running.close()
        until(lambda: httpx.get(f"{server.url}/health/ready").json()["problems"])
        count = len(answers)
        until(lambda: len(answers) > count + 100)
        point(connect(borrowed), MONEYLINE, CHAMPION, "2")
        running.enter_context(mlflow_server(home, *where, port=port))
        until(lambda: json.loads(answers[-1].content)["versions"]["moneyline"] == "2")
        stop.set()
        for thread in threads:
            thread.join()
    assert {answer.status_code for answer in answers} == {200}


def test_with_the_ledger_down_predictions_go_on_and_writes_are_refused_clearly(home):
    from databases import Postgres

    postgres = Postgres()
    postgres.start()
    url = postgres.fresh()
    try:
        with Server(home, BUSTA_LEDGER__URL=url) as server:
            games = games_of(server)
            ask = {"games": games[:1], "record": True}
            assert httpx.post(f"{server.url}/v1/predictions", json=ask, timeout=30).status_code == 200
            postgres.stop()
            refused = httpx.post(f"{server.url}/v1/predictions", json={"games": games[1:2], "record": True}, timeout=30)
            assert refused.status_code == 503
            assert refused.headers["retry-after"]
            assert url not in refused.text
            assert httpx.post(f"{server.url}/v1/predictions", json={"games": games[1:2]}).status_code == 200
            postgres.start()
            again = httpx.post(f"{server.url}/v1/predictions", json={"games": games[1:2], "record": True}, timeout=30)
            assert again.status_code == 200
            assert again.json()["recorded"][0]["new"]
        with Ledger.open(url) as ledger:
            keys = [entry.key for entry in ledger.read("prediction")]
            assert ledger.verify().problems == ()
        assert len(keys) == len(set(keys)) == 6
    finally:
        postgres.remove()


def hostile(number):
    """A request that nobody should send: method, path, headers and body."""
    rng = random.Random(number)
    text = rng.choice(
        ["' OR 1=1 --", "../../etc/passwd", "%00", "<script>", "\u202e", "A" * 5000, "{{7*7}}", "$(id)", "\ud83d\ude00"]
    )
    numbers = ["1e999", "-1e999", "NaN", "Infinity", "9" * 400, "1e-999", "0x10", "01", "--1"]
    bodies = [
        json.dumps({"games": [text]}),
        json.dumps({"games": {"$ne": None}}),
        json.dumps({"games": [[text]]}),
        json.dumps({"market": text, "features": {text: 1}, "line": 3}),
        f'{{"market": "ats", "features": {{"elo_diff": {rng.choice(numbers)}, "x": 1}}, "line": 3}}',
        f'{{"market": "ats", "features": {{}}, "line": {rng.choice(numbers)}, "prices": [0, 0]}}',
        "[" * rng.randrange(1, 50_000),
        '{"a":' * rng.randrange(1, 20_000) + "1",
        json.dumps({"games": ["x"] * 5000}),
        json.dumps({"games": [text], "record": "yes"}),
        json.dumps({"games": True, "league": 7}),
        "\x00" * rng.randrange(1, 1000),
        json.dumps({"market": "ats", "game": text, "side": text, "price": -1, "stake": -1, "book": text, "paper": 1}),
    ]
    kind = number % 4
    if kind == 0:
        path = rng.choice(["/v1/prices/", "/v1/explanations/"]) + "".join(
            f"%{byte:02x}" for byte in text.encode("utf-8", "replace")[:900]
        )
        return "GET", path, {}, b""
    if kind == 1:
        headers = rng.choice(
            [
                {"host": "evil.example"}, {"content-type": "text/plain"}, {"content-encoding": "gzip"},
                {"authorization": "Bearer " + "x" * 5000, "host": "evil"}, {"content-type": "a/b"},
                {"origin": "https://evil.example"}, {"x" * 200: "y" * 40_000}, {"transfer-encoding": "chunked"},
            ]
        )  # fmt: skip
        return "POST", "/v1/predictions", {"content-type": "application/json"} | headers, b'{"games":["x"]}'
    path = rng.choice(["/v1/predictions", "/v1/predictions", "/v1/bets"])
    return "POST", path, {"content-type": "application/json"}, rng.choice(bodies).encode("utf-8", "replace")


def test_five_hundred_hostile_requests_are_the_clients_mistake_and_cost_no_memory(server):
    def all_of_them():
        found = []
        for number in range(500):
            method, path, headers, body = hostile(number)
            with httpx.Client(base_url=server.url, timeout=30) as client:
                try:
                    found.append(client.request(method, path, headers=headers, content=body).status_code)
                except httpx.RemoteProtocolError:  # it hung up
                    found.append(400)
        return found

    all_of_them()
    before = server.rss()
    codes = all_of_them()
    assert [(number, code) for number, code in enumerate(codes) if not 400 <= code < 500] == []
    assert server.rss() < before + 20


def raw(server, data, wait=15.0):
    """What comes back for those bytes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=wait) as connection:
        found = b""
        with suppress(ConnectionError, TimeoutError):
            connection.sendall(data)
            while part := connection.recv(65536):
                found += part
    return found


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nhost: localhost\r\nx: " + b"y" * 100_000, b"431"),
        (b"GET / HTTP/1.1\r\nhost: localhost\r\n" + b"x: y\r\n" * 20_000 + b"\r\n", b"431"),
        (b"GET /" + b"a" * 50_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nhost: loca", b"408"),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused_and_hung_up_on(server, data, status):
    assert raw(server, data).split(b" ", 2)[1] == status


def test_several_workers_count_together(home):
    with Server(home, BUSTA_SERVE__WORKERS="2") as server:
        for _ in range(40):
            assert httpx.get(f"{server.url}/health/live").status_code == 200
        until(lambda: _counted(server, "/health/live") == 40)


def _counted(server, route):
    """Requests of a route; what the worker that does not answer this one counted is a second old."""
    lines = httpx.get(f"{server.url}/metrics").text.splitlines()
    return sum(
        float(each.split()[-1]) for each in lines if each.startswith("busta_http_requests_total") and route in each
    )


def test_it_stops_when_told_to(home):
    with Server(home) as server:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(30) == 0


def test_ten_thousand_requests_of_the_document_get_no_5xx(server, tmp_path):
    start = "import sys; from schemathesis.cli import schemathesis; schemathesis(sys.argv[1:])"
    about = [
        "run",
        f"{server.url}/openapi.json",
        "--checks",
        "not_a_server_error",
        "--max-examples",
        "1000",
        "--seed",
        "1",
    ]
    command = [sys.executable, "-c", start, *about, "--no-color"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=3600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    counts = [line for line in httpx.get(f"{server.url}/metrics").text.splitlines() if "requests_total{" in line]
    assert sum(float(line.split()[-1]) for line in counts) >= 10_000
    assert not [line for line in counts if 'status="5' in line]
