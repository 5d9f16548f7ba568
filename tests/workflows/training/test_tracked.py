"""What a pipeline tracks of a training, an evaluation and a gate."""

from __future__ import annotations

import json

import polars as pl
import pytest

import busta
from busta.cli import main
from busta.errors import UsageError
from busta.registry.connect import connect
from busta.registry.versions import resolve
from busta.workflows.judging.gate import gate
from busta.workflows.training.tracked import write_trained
from workspaces import register_again

NEVER = ("run_id", "seconds", "peak_rss", "model_version", "created", "judged_at", "milliseconds")
"""What is another one each time."""


def written(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def all_of(settings, folder):
    write_trained(folder / "train.json", busta.train(settings, "moneyline", "sim"))
    busta.evaluate(settings, "moneyline", "sim", model=str(folder / "train.json"), out=folder)
    return written(folder)


@pytest.fixture(scope="module")
def file(trained, tmp_path_factory):
    """What names the shared training of moneyline."""
    path = tmp_path_factory.mktemp("tracked") / "train.json"
    write_trained(path, trained.results["moneyline"])
    return path


def test_what_is_tracked_is_the_same_when_it_is_made_again(settings, trained, file, tmp_path):
    busta.evaluate(trained.settings, "moneyline", "sim", model=str(file), out=file.parent)
    first = written(file.parent)

    assert all_of(settings, tmp_path / "again") == first

    assert set(first) == {"train.json", "metrics.json", "calibration.csv", "seasons.csv", "profit.csv"}
    text = b"".join(first.values()).decode()
    assert not [name for name in NEVER if name in text]


def test_the_figures_are_those_of_evaluate(trained, file, tmp_path):
    result = busta.evaluate(trained.settings, "moneyline", "sim", model=str(file), out=tmp_path / "new" / "folder")

    found = json.loads((tmp_path / "new" / "folder" / "metrics.json").read_text())
    seasons = pl.read_csv(tmp_path / "new" / "folder" / "seasons.csv")
    profit = pl.read_csv(tmp_path / "new" / "folder" / "profit.csv")
    curve = pl.read_csv(tmp_path / "new" / "folder" / "calibration.csv")

    assert found["log_loss"] == result["metrics"]["log_loss"]
    assert found["closing_line"]["brier"] == result["baselines"]["closing_line"]["brier"]
    assert found[f"log_loss_less_{result['bar']}"]["low"] == result["difference"]["low"]
    assert None not in found.values()
    assert seasons["log_loss"].to_list() == [row["log_loss"] for row in result["by_season"]]
    assert profit["profit"].to_list()[0] == 0
    assert profit["profit"].to_list()[-1] == pytest.approx(result["metrics"]["unit_profit"])
    assert profit["bets"].to_list()[-1] == result["metrics"]["bets"]
    assert curve["count"].to_list() == [row["count"] for row in result["reliability"]]


def test_without_a_bet_the_profit_starts_and_ends_at_nothing(trained, tmp_path):
    settings = trained.settings.model_copy(update={"bets": trained.settings.bets.model_copy(update={"min_edge": 0.9})})

    result = busta.evaluate(settings, "totals", "sim", out=tmp_path)

    assert result["metrics"]["bets"] == 0
    assert pl.read_csv(tmp_path / "profit.csv").select("bets", "profit").rows() == [(0.0, 0.0)]
    assert "roi" not in json.loads((tmp_path / "metrics.json").read_text())


def test_the_file_of_a_training_names_its_version_among_others(borrowed, file):
    registry = connect(borrowed)
    first = resolve(registry, "busta-sim-moneyline", "1")
    register_again(registry, first, tags=False)

    assert resolve(registry, "busta-sim-moneyline").number == "1"
    assert resolve(registry, "busta-sim-moneyline", str(file)).number == "1"
    register_again(registry, first)
    assert resolve(registry, "busta-sim-moneyline", str(file)).number == "3"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, r"no file .*; `busta train … --out .*` writes it"),
        (b"{", "cannot be read as JSON"),
        (b"\xff", "cannot be read as JSON"),
        (b"[]", "is no file of a training"),
        (b'{"model": "busta-sim-moneyline"}', "is no file of a training"),
        (b'{"model": "busta-sim-ats", "recipe": "a", "digest": "b"}', "is of a training of busta-sim-ats, and not of"),
        (
            b'{"model": "busta-sim-moneyline", "recipe": "a", "digest": "b"}',
            r"no version .*recipe a, digest b\)\n.*dvc repro --force",
        ),
    ],
)
def test_a_file_that_names_no_version_is_refused(trained, tmp_path, content, says):
    path = tmp_path / "train.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UsageError, match=says):
        resolve(trained.registry, "busta-sim-moneyline", str(path))


def test_the_verdict_is_kept_with_the_trials_it_counted(borrowed, file, tmp_path):
    result = gate(borrowed, "moneyline", "sim", model=str(file), out=tmp_path / "gate.json")

    found = json.loads((tmp_path / "gate.json").read_text())

    assert (found["verdict"], found["trials"]) == (result["verdict"], result["trials"])
    assert found["checks"] == {check["code"]: check["answer"] for check in result["checks"]}
    assert not [name for name in NEVER if name in str(found)]


def test_a_no_ends_with_3_unless_a_pipeline_takes_it_as_a_result(borrowed, monkeypatch, capsys):
    monkeypatch.setenv("BUSTA_GATE__LINE_MARGIN", "0.00001")
    monkeypatch.setenv("BUSTA_HOME", str(borrowed.home))
    codes = []
    for more in ([], ["--exit-zero"]):
        with pytest.raises(SystemExit) as ended:
            main(["gate", "moneyline", "--league", "sim", *more])
        codes.append(ended.value.code)
    assert "rejected" in capsys.readouterr().out
    assert codes == [3, 0]


def test_what_can_be_no_file_or_folder_is_refused_before_any_work(trained, tmp_path):
    settings, (file, other) = trained.settings, (tmp_path / "file.json", tmp_path / "other.txt")
    file.write_text("")
    for call in (busta.train, busta.gate):
        for out in (tmp_path, other):
            with pytest.raises(UsageError, match="cannot be the file of figures"):
                call(settings, "moneyline", "sim", out=out)
    with pytest.raises(UsageError, match="cannot be the folder of figures"):
        busta.evaluate(settings, "moneyline", "sim", out=file)
