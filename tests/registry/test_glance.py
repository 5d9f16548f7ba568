"""What a look at the registry costs no MLflow for."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

import busta
from busta.registry.glance import glance

MODELS = [
    {"registered_models": [{"name": "busta-nfl-ats", "aliases": [{"alias": "champion", "version": "2"}]}]},
    {"registered_models": [{"name": "busta-nfl-totals"}]},
]
VERSIONS = [
    {"model_versions": [{"name": "busta-nfl-ats", "version": "2", "tags": [{"key": "verdict", "value": "fit"}]}]},
    {"model_versions": [{"name": "busta-nfl-ats", "version": "1", "tags": [{"key": "seed", "value": "7"}]}]},
]


@contextmanager
def mlflow(status=200, body=None):
    """A server that answers as MLflow's does, in two pages; yields its address and what was asked."""
    asked = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            query = parse_qs(urlsplit(self.path).query)
            pages = MODELS if "registered-models" in self.path else VERSIONS
            page = int(query.get("page_token", ["0"])[0])
            said = pages[page] | ({"next_page_token": "1"} if page == 0 else {})
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode() if body is None else body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def of(uri, tmp_path):
    return glance(busta.load(home=tmp_path, tracking={"tracking_uri": uri}))


def test_a_server_is_asked_for_all_pages_of_aliases_and_told_tags(tmp_path):
    with mlflow() as (uri, asked):
        found = of(uri, tmp_path)
        assert found == of(f"{uri}/", tmp_path)
    assert found == repr([[("busta-nfl-ats", "champion", "2")], [("busta-nfl-ats", "2", "verdict", "fit")]])
    assert len(asked) == 8
    assert all("busta-" in path for path in asked)


@pytest.mark.parametrize(("status", "body"), [(401, None), (500, None), (200, b"<html>")])
def test_a_server_that_does_not_answer_just_anybody_is_left_to_mlflow(tmp_path, status, body):
    with mlflow(status, body) as (uri, _):
        assert of(uri, tmp_path) is None


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "postgresql://host/db", "sqlite:///other.db"])
def test_another_database_and_a_server_that_is_down_are_left_to_mlflow(tmp_path, uri):
    assert of(uri, tmp_path) is None


def test_a_workspace_without_a_registry_tells_nothing(tmp_path):
    assert glance(busta.load(home=tmp_path)) is None
