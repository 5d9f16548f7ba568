from __future__ import annotations

import json

import pytest

from busta.workflows.watching import keep_watching as workflow


@pytest.fixture
def asked(monkeypatch):
    """What the service was asked, each time."""
    found = []

    def keep(_settings, league, markets, told, **how):
        found.append((league, markets, how))
        told({"url": "http://127.0.0.1:9/metrics", "home": "x"})

    monkeypatch.setattr(workflow, "keep_watching", keep)
    return found


def test_a_watch_that_goes_on_says_where_it_is_told(busta_in, tmp_path, asked):
    answer = busta_in(tmp_path, "watch", "sim", "--market", "ats", "--every", "60", "--port", "9")
    assert (answer.code, "http://127.0.0.1:9/metrics" in answer.err) == (0, True)
    assert json.loads(busta_in(tmp_path, "watch", "--every", "1", "--json").out)["url"] == "http://127.0.0.1:9/metrics"
    assert asked == [
        ("sim", ["ats"], {"blind": False, "moment": "close", "every": 60.0, "port": 9}),
        ("nfl", None, {"blind": False, "moment": "close", "every": 1.0}),
    ]


@pytest.mark.parametrize(
    "options",
    [
        ["--port", "9"],
        ["--host", "::1"],
        ["--every", "60", "--through", "2020"],
        ["--every", "60", "--as-of", "2020-11-01"],
    ],
)
def test_options_that_do_not_go_together_are_refused(busta_in, tmp_path, asked, options):
    answer = busta_in(tmp_path, "watch", "sim", *options)
    assert (answer.code, "--every SECONDS" in answer.err, asked) == (2, True, [])


def test_each_round_may_retrain(busta_in, tmp_path, asked, monkeypatch, caplog):
    failed = {"model": "busta-sim-ats", "decision": "failed", "reason": "MLflow is down"}
    result = {"models": [failed | {"notes": {"decision": "it is not noted"}}], "notes": {"webhook": "it is away"}}
    monkeypatch.setattr("busta.workflows.retraining.retrain.retrain", lambda *_, **more: result | more)
    busta_in(tmp_path, "watch", "sim", "--every", "60", "--retrain", "--blind")
    ((_, _, how),) = asked
    assert how["then"]({"models": []})["watched"] == {"models": []}
    for said in ("busta-sim-ats: failed: MLflow is down", "it is not noted", "it is away"):
        assert said in caplog.text
