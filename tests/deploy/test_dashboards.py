"""The dashboards of Grafana: what they are made of, and whether they ask for what is told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

GRAFANA = Path(__file__).parents[2] / "deploy" / "grafana"
FILES = sorted((GRAFANA / "dashboards").glob("*.json"))
KINDS = {"row", "text", "timeseries", "stat", "bargauge", "table", "heatmap", "state-timeline"}
CHOSEN = {"$__rate_interval": "5m", "$league": ".*", "$market": ".*", "$money": "paper"}
WIDTH = 24


def dashboard(file):
    return json.loads(file.read_text(encoding="utf-8"))


def panels(file):
    return [panel for panel in dashboard(file)["panels"] if panel["type"] != "row"]


def queries(file):
    """Every expression of a dashboard, with the variables as they are at first."""
    asked = [target["expr"] for panel in panels(file) for target in panel.get("targets", ())]
    asked += [each["target"]["expr"] for each in dashboard(file)["annotations"]["list"]]
    for expr in asked:
        for name, value in CHOSEN.items():
            expr = expr.replace(name, value)  # noqa: PLW2901
        yield expr


every = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def test_the_files_are_what_the_description_makes():
    code = "import build, json, sys; json.dump(build.dashboards(), sys.stdout)"
    done = subprocess.run([sys.executable, "-c", code], cwd=GRAFANA, capture_output=True, text=True, check=True)
    made = json.loads(done.stdout)
    assert {file.name: file.read_text(encoding="utf-8") for file in FILES} == made
    assert set(made) == {"service.json", "models.json", "money.json", "data.json"}


@every
def test_panels_are_of_kinds_that_grafana_has_and_lie_beside_each_other(file):
    taken = set()
    for panel in dashboard(file)["panels"]:
        assert panel["type"] in KINDS
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < WIDTH
        taken |= cells
    ids = [panel["id"] for panel in dashboard(file)["panels"]]
    assert len(ids) == len(set(ids))


@every
def test_every_panel_says_what_it_shows_and_in_which_unit(file):
    for panel in panels(file):
        if panel["type"] == "text":
            continue
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert all(target["datasource"]["uid"] == "busta" for target in panel["targets"])


@every
def test_a_dashboard_links_the_others_and_its_variables_are_used(file):
    found = dashboard(file)
    others = {f"/d/{dashboard(other)['uid']}" for other in FILES if other != file}
    assert {link["url"] for link in found["links"]} == others
    text = "".join(target["expr"] for panel in panels(file) for target in panel.get("targets", ()))
    for variable in found["templating"]["list"]:
        assert f"${variable['name']}" in text


@every
def test_every_query_is_one(file, tmp_path):
    rules = [{"record": f"query:number:{i}", "expr": expr} for i, expr in enumerate(queries(file))]
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", tmp_path / "queries.yml"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_closing_line_stands_beside_every_score_of_a_model():
    for panel in panels(GRAFANA / "dashboards" / "models.json"):
        asked = [target["expr"] for target in panel.get("targets", ())]
        scores = [expr for expr in asked if re.search(r"busta_rolling_(log_loss|brier_score|ece)\{", expr)]
        assert not scores or {'forecaster="model"', 'forecaster="closing_line"'} <= set(
            re.findall(r'forecaster="\w+"', " ".join(scores))
        )


def test_paper_and_real_money_are_never_in_one_panel():
    money = dashboard(GRAFANA / "dashboards" / "money.json")
    (variable,) = money["templating"]["list"]
    assert (variable["multi"], variable["includeAll"]) == (False, False)
    for file in FILES:
        for expr in queries(file):
            for name, labels in re.findall(r"busta_(bankroll|drawdown|roi|clv|bets|market)\w*(\{[^}]*\})?", expr):
                assert 'money="paper"' in labels, name


def test_what_grafana_is_provisioned_with_points_at_the_dashboards():
    source = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "busta.yaml").read_text())
    assert [each["uid"] for each in source["datasources"]] == ["busta"]
    provider = yaml.safe_load((GRAFANA / "provisioning" / "dashboards" / "busta.yaml").read_text())
    assert provider["providers"][0]["options"]["path"] == "/var/lib/grafana/dashboards"
