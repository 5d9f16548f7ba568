from __future__ import annotations

import json

import pytest

from busta.workflows.serving import serve as workflow


@pytest.fixture
def home(tmp_path):
    return tmp_path


@pytest.fixture
def run(busta_in, home):
    """Runs a command line in an empty workspace."""
    return lambda *arguments: busta_in(home, *arguments)


def test_a_key_is_made_shown_once_listed_and_revoked(run, home):
    made = json.loads(run("keys", "add", "--scope", "write", "--name", "laptop", "--json").out)
    assert made["key"].startswith(f"busta_{made['id']}_")
    shown = run("keys", "list")
    assert made["id"] in shown.out
    assert made["key"] not in shown.out + (home / "keys.json").read_text()
    assert json.loads(run("keys", "revoke", made["id"], "--json").out) == {"revoked": made["id"]}
    (row,) = json.loads(run("keys", "list", "--json").out)["keys"]
    assert row["revoked_at"]
    again = run("keys", "revoke", made["id"])
    assert again.code == 2
    assert "unknown key" in again.err


def test_a_key_for_people_stands_alone_on_the_standard_output(run, home):
    answer = run("keys", "add")
    assert answer.out.strip().startswith("busta_")
    assert "shown this once" in answer.err


def test_others_are_served_only_with_a_key(run, home):
    answer = run("serve", "--host", "0.0.0.0")  # noqa: S104
    assert answer.code == 2
    assert "busta keys add" in answer.err


def test_where_it_listens_is_told(run, home, monkeypatch):
    asked = []

    def serve(settings, told):
        asked.append(settings.serve)
        told({"url": "http://127.0.0.1:9", "home": "x"})

    monkeypatch.setattr(workflow, "serve", serve)
    assert "http://127.0.0.1:9" in run("serve", "--port", "9", "--workers", "2").err
    assert json.loads(run("serve", "--json").out)["url"] == "http://127.0.0.1:9"
    assert (asked[0].port, asked[0].workers) == (9, 2)
