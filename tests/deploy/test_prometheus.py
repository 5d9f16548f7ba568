"""What Prometheus and Alertmanager are told to do, by their own tools (`make prometheus` installs them)."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from busta.watch.families import FAMILIES
from busta.watch.metrics import text
from figures import figures, served

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES, TESTS = (sorted((DEPLOY / "prometheus" / name).glob("*.yml")) for name in ("rules", "tests"))
OTHERS = {"up", "process_resident_memory_bytes"}


def tool(*command, **options):
    return subprocess.run([*map(str, command)], capture_output=True, check=False, **options)


def rules():
    for file in RULES:
        for group in yaml.safe_load(file.read_text())["groups"]:
            yield from group["rules"]


ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}


@pytest.mark.parametrize("said", [served(), text(figures())], ids=["serve", "watch"])
def test_prometheus_has_nothing_to_say_against_the_names_of_metrics(said):
    done = tool("promtool", "check", "metrics", input=said)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_configuration_is_one(tmp_path):
    done = tool("promtool", "check", "config", "--syntax-only", DEPLOY / "prometheus" / "prometheus.yml")
    assert done.returncode == 0, done.stderr
    done = tool("amtool", "check-config", DEPLOY / "alertmanager" / "alertmanager.yml")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", RULES, ids=lambda file: file.stem)
def test_the_rules_are_rules(file):
    done = tool("promtool", "check", "rules", file)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_alerts_fire_on_histories_with_their_fault_and_on_no_other(file):
    done = tool("promtool", "test", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_seen_to_fire():
    fired = set(re.findall(r'alertname="(\w+)"', "".join(file.read_text() for file in TESTS)))
    assert set(ALERTS) == fired


def test_every_alert_says_what_is_wrong_what_to_do_and_how_bad_it_is():
    for name, rule in ALERTS.items():
        assert rule["labels"]["severity"] in ("critical", "warning", "info"), name
        assert set(rule["annotations"]) == {"summary", "action"}, name
        assert rule["annotations"]["action"].endswith("."), name
        assert not rule["annotations"]["summary"].endswith("."), name


def test_rules_ask_only_for_what_is_told():
    told = set(FAMILIES) | OTHERS | {rule["record"] for rule in rules() if "record" in rule}
    told |= set(re.findall(r"^(busta_\w+)(?:\{| )", served().decode(), re.MULTILINE))
    asked = {name for rule in rules() for name in re.findall(r"[a-z_]*:?busta_[a-z0-9_]+(?::\w+)?", rule["expr"])}
    assert asked - told == set()
    assert len(asked) > 30


def test_what_follows_from_something_worse_is_an_alert_that_there_is():
    kept = (DEPLOY / "alertmanager" / "alertmanager.yml").read_text()
    assert set(re.findall(r"Busta\w+", kept)) <= set(ALERTS)
