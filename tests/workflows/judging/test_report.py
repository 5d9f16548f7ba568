"""busta report: gathers, writes, keeps."""

from __future__ import annotations

import json
import re
from pathlib import Path

import mlflow
import polars as pl
import pytest
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

import busta
from busta.errors import OutsideError, UsageError
from busta.registry.connect import connect
from busta.registry.versions import fetch_predictions, note, resolve
from busta.reports.numbers import figure
from busta.workflows.judging import report as module
from busta.workflows.judging.report import gather, report
from workspaces import KINDS


@pytest.fixture
def version(borrowed):
    return resolve(connect(borrowed), "busta-sim-moneyline")


def run(settings, kind="moneyline", **options):
    return report(settings, kind.partition("-")[0], "sim", **KINDS[kind], **options)


def test_both_files_stand_in_the_workspace_and_with_the_run(borrowed, kind):
    found = run(borrowed, kind)
    page, card = Path(found["report"]), Path(found["card"])

    assert page == borrowed.home / "reports" / f"busta-sim-{kind}-v1.html"
    assert card == page.with_suffix(".md")
    assert found["notes"] == {}
    json.dumps(found, allow_nan=False)
    registry = connect(borrowed)
    run_id = resolve(registry, f"busta-sim-{kind}").run_id
    uri = registry.client.get_run(run_id).info.artifact_uri
    kept = {Path(file.path).name for file in mlflow.artifacts.list_artifacts(f"{uri}/report")}
    assert kept == {page.name, card.name}
    assert found["sentence"] in page.read_text()
    assert len(page.read_bytes()) < 1_500_000


def test_its_figures_are_those_of_gate_back_test_and_evaluation(trained, kind):
    market, options = kind.partition("-")[0], KINDS[kind]
    registry = trained.registry
    found = gather(trained.settings, registry, resolve(registry, f"busta-sim-{kind}"))
    tested = busta.backtest(trained.settings, market, "sim", **options)
    scored = busta.evaluate(trained.settings, market, "sim", **options)

    assert found.money.items() >= {name: tested[name] for name in ("figures", "strategies", "same_bets")}.items()
    assert found.money["rules"] == tested["rules"]
    assert found.evaluation["metrics"] == scored["metrics"]
    assert found.evaluation["differences"] == scored["differences"]
    codes = [check["code"] for check in found.verdict["checks"]]
    assert codes == [check["code"] for check in trained.results[kind]["checks"]]
    if "closing line" in found.reliability:
        assert sum(row["count"] for row in found.reliability["model"]) == sum(
            row["count"] for row in found.reliability["closing line"]
        )


def test_the_gate_says_the_same(borrowed, version):
    found = gather(borrowed, connect(borrowed), version)
    judged = busta.gate(borrowed, "moneyline", "sim")
    wanted = [check for check in judged["checks"] if check["code"] != "BST010"]  # which measures time

    assert [check for check in found.verdict["checks"] if check["code"] != "BST010"] == wanted
    assert found.verdict["verdict"] == judged["verdict"]
    assert found.verdict["trials"] == judged["trials"]


def test_the_verdict_noted_with_the_version_stays(borrowed, version):
    before = dict(version.tags)
    run(borrowed)
    assert resolve(connect(borrowed), version.name).tags == before


def test_out_names_the_file_and_the_card_stands_beside_it(borrowed, tmp_path):
    found = run(borrowed, out=tmp_path / "new" / "mine.html")
    assert Path(found["report"]) == tmp_path / "new" / "mine.html"
    assert Path(found["card"]) == tmp_path / "new" / "mine.md"
    assert (tmp_path / "new" / "mine.md").read_text().startswith("# Model card: busta-sim-moneyline version 1")


@pytest.mark.parametrize("name", [".", "mine.md"])
def test_a_folder_or_the_cards_own_name_is_refused(trained, tmp_path, name):
    with pytest.raises(UsageError, match="cannot be the report"):
        report(trained.settings, "ats", "sim", out=tmp_path / name)


def test_where_the_registry_takes_no_files_the_report_stands_and_says_so(borrowed, monkeypatch):
    def refuse(*_):
        raise OSError("read-only file system")

    monkeypatch.setattr(LocalArtifactRepository, "log_artifact", refuse)
    found = run(borrowed)
    assert Path(found["report"]).exists()
    assert found["artifacts"] is None
    assert found["notes"] == {"artifacts": "not kept with the run: read-only file system"}


def test_a_version_that_was_never_judged_is_judged_for_the_report(borrowed, version):
    registry = connect(borrowed)
    for tag in ("verdict", "judged_at"):
        registry.client.delete_model_version_tag(version.name, version.number, tag)
    assert "was never judged before this report" in Path(run(borrowed)["report"]).read_text()


def test_bets_are_those_the_version_was_judged_by_and_another_rule_is_noted(borrowed, version):
    today = busta.load(home=borrowed.home, bets={"min_edge": 0.09})
    registry = connect(today)
    found = gather(today, registry, version)
    assert found.money["rules"]["min_edge"] == 0.02
    assert "today's settings have others" in found.notes["rules"]


def test_a_version_without_bets_has_a_report(borrowed, version):
    registry = connect(borrowed)
    rules = json.loads(version.tags["hyperparameters"]) | {"bets.min_edge": "0.9"}
    note(registry, version, {"hyperparameters": json.dumps(rules)})
    text = Path(run(borrowed)["report"]).read_text()
    assert "No bet was placed" in text
    assert 'id="profit-chart' not in text


def test_the_audit_noted_with_the_version_is_shown_and_a_damaged_one_is_not(borrowed, version):
    registry = connect(borrowed)
    row = {"name": "replay", "title": "t", "answer": "clean", "figure": 0.0, "threshold": 0.0, "words": "same bytes"}
    about = {"at": "2026-01-02T03:04:05Z", "gold_version": "x", "quick": True, "leaks": []}
    note(registry, version, {"audit": json.dumps(about | {"findings": [row | {"columns": []}]})})
    assert "same bytes" in Path(run(borrowed)["report"]).read_text()
    note(registry, version, {"audit": "{"})
    result = run(borrowed)
    assert "same bytes" not in Path(result["report"]).read_text()
    assert "cannot be read" in Path(result["report"]).read_text()


@pytest.mark.slow
def test_what_was_trained_by_other_settings_is_written_down(borrowed):
    train = busta.load(home=borrowed.home, train={"seed": 99})
    busta.train(train, "totals", "sim")
    registry = connect(borrowed)
    found = gather(borrowed, registry, resolve(registry, "busta-sim-totals", "2"))
    assert "seed = 99" in found.changed
    assert found.changed.index("seed = 99") > found.changed.index("[train]")
    assert [(row["number"], row["this"]) for row in found.tried if row["model"] == "busta-sim-totals"][-2:] == [
        (1, False),
        (2, True),
    ]
    assert found.lineage["seed"] == "99"
    assert any(line.startswith("busta train totals --league sim  ") for line in found.commands)


def test_files_of_the_run_that_are_gone_are_noted(borrowed, version, monkeypatch, tmp_path):
    (tmp_path / "gold.json").write_text("{ cut")

    def gone(_registry, _version, name):
        if name == "gold.json":
            return tmp_path / name
        raise OutsideError(f"no {name}\nrestore it")

    monkeypatch.setattr(module, "fetch", gone)
    found = gather(borrowed, connect(borrowed), version)
    assert found.importances == []
    assert found.notes["importances.csv"] == "the run's importances.csv cannot be read: no importances.csv"
    assert found.notes["gold.json"].startswith("the run's gold.json cannot be read: ")
    assert "The run names no source files" in module.page(found) or found.lineage["data"]


def test_without_any_closing_line_the_model_has_a_curve_of_its_own(borrowed, version, monkeypatch):
    path = fetch_predictions(connect(borrowed), version)
    changed = borrowed.home / "changed.parquet"
    pl.read_parquet(path).with_columns(baseline_closing_line=pl.lit(None, pl.Float64)).write_parquet(changed)
    monkeypatch.setattr("busta.workflows.predicting.forecast.fetch_predictions", lambda *_: changed)
    found = gather(borrowed, connect(borrowed), version)
    assert list(found.reliability) == ["model"]
    assert figure(found.evaluation["metrics"]["log_loss"]) in module.page(found)


def test_a_model_that_was_never_trained_is_refused(trained):
    with pytest.raises(UsageError, match="there is no model busta-nfl-ats yet"):
        report(trained.settings, "ats")


def test_the_page_names_nothing_of_this_machine(borrowed, version):
    text = module.page(gather(borrowed, connect(borrowed), version))
    assert str(borrowed.home) not in text
    assert not re.search(r"file:/", text)
