"""The pipeline that init writes, run by a real DVC on a small simulated league."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import busta
from workspaces import forget_variables, variables

pytestmark = pytest.mark.slow
MARKETS = ("moneyline", "totals")
STAGES = ("train", "evaluate", "gate", "report")
IDENTITY = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


class Pipeline:
    """DVC and git in one folder."""

    def __init__(self, folder):
        self.folder = folder
        here = str(Path(sys.executable).parent)
        paths = os.pathsep.join([here, os.environ.get("PATH", "")])
        self.variables = variables(folder, PATH=paths, DVC_NO_ANALYTICS="1", OMP_NUM_THREADS="1") | IDENTITY

    def run(self, *words):
        done = subprocess.run(words, cwd=self.folder, env=self.variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout + done.stderr

    def dvc(self, *words):
        return self.run(sys.executable, "-m", "dvc", *words)

    def repro(self, *words):
        """The stages that were run."""
        return re.findall(r"^Running stage '(.*)':$", self.dvc(*(words or ("repro",))), re.MULTILINE)

    def commit(self):
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", "state")

    def change(self, change):
        file = self.folder / "params.yaml"
        content = yaml.safe_load(file.read_text())
        change(content)
        file.write_text(yaml.safe_dump(content, sort_keys=False))

    def tracked(self):
        """What is the same wherever it is made: the gate's verdict counts the trials of its own MLflow."""
        files = sorted((self.folder / "metrics").rglob("*.*"))
        return {str(file.relative_to(self.folder)): file.read_bytes() for file in files if file.name != "gate.json"}

    def files(self):
        return {path: path.read_bytes() for path in sorted((self.folder / "data").rglob("*.parquet"))}

    def tags(self, name):
        """Values of a tag of all versions, oldest first."""
        with sqlite3.connect(self.folder / "mlflow.db") as database:
            rows = database.execute(f"select value from model_version_tags where key = '{name}' order by name, version")
            return [value for (value,) in rows]


def small(content):
    content["pipeline"]["markets"] = list(MARKETS)
    content["sim"]["seasons"] = 4
    content["train"] |= {"first_test_season": 2013, "jobs": 1}


def begun(folder):
    """A workspace with a pipeline that has not run yet."""
    with pytest.MonkeyPatch.context() as patch:
        forget_variables(patch)
        busta.init(folder)
    found = Pipeline(folder)
    found.run("git", "init", "--quiet")
    found.dvc("init", "--quiet")
    found.change(small)
    return found


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    """Everything run once and committed."""
    found = begun(tmp_path_factory.mktemp("pipeline") / "home")
    ran = found.repro()
    assert ran[:2] == ["ingest@sim", "build@sim"]
    assert sorted(ran[2:]) == sorted(f"{stage}@sim-{market}" for stage in STAGES for market in MARKETS)
    found.commit()
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The stages of the data alone."""
    found = begun(tmp_path_factory.mktemp("data") / "home")
    assert found.repro("repro", "build@sim") == ["ingest@sim", "build@sim"]
    return found


def test_nothing_is_run_a_second_time(pipeline):
    assert pipeline.repro() == []
    assert pipeline.run("git", "status", "--porcelain") == ""


def test_figures_and_plots_are_shown_by_dvc(pipeline, tmp_path):
    shown = json.loads(pipeline.dvc("metrics", "show", "--json"))[""]["data"]
    measured = shown["metrics/sim-totals/metrics.json"]["data"]
    assert measured["closing_line"]["log_loss"] == pytest.approx(0.693, abs=0.01)
    assert set(shown) == {f"metrics/sim-{market}/metrics.json" for market in MARKETS}

    pipeline.dvc("plots", "show", "--out", str(tmp_path))
    drawn = (tmp_path / "index.html").read_text()
    assert all(
        f"{name} of sim {market}" in drawn for name in ("Calibration", "Profit", "Seasons") for market in MARKETS
    )


def test_mlflow_names_the_state_of_the_pipeline(pipeline):
    assert sorted(pipeline.tags("dvc_stage")) == [f"train@sim-{market}" for market in MARKETS]
    lock = yaml.safe_load((pipeline.folder / "dvc.lock").read_text())
    kept = lock["stages"]["build@sim"]["outs"][0]["md5"]
    assert set(pipeline.tags("dvc_data")) == {kept}


def test_a_version_that_the_pipeline_made_is_reproduced_from_its_file(pipeline):
    words = ("totals", "metrics/sim-totals/train.json", "--league", "sim", "--config", "params.yaml", "--json")
    result = json.loads(pipeline.run("busta", "reproduce", *words).splitlines()[0])
    assert result["identical"]


def test_another_parameter_of_one_market_runs_its_stages_alone_and_a_clone_finds_the_same(pipeline, tmp_path):
    pipeline.change(lambda content: content["train"]["markets"]["totals"].update(seed=5))
    before = pipeline.tracked()

    assert sorted(pipeline.repro()) == sorted(f"{stage}@sim-totals" for stage in STAGES)

    after = pipeline.tracked()
    changed = {name.split("/")[1] for name in after if after[name] != before[name]}
    assert changed == {"sim-totals"}
    assert json.loads((pipeline.folder / "metrics/sim-totals/gate.json").read_text())["trials"]["count"] == 2
    pipeline.commit()

    pipeline.run("git", "clone", "--quiet", ".", str(tmp_path / "clone"))
    clone = Pipeline(tmp_path / "clone")
    shutil.rmtree(clone.folder / "metrics")  # what git brought would be what is to be found
    measured = [f"evaluate@sim-{market}" for market in MARKETS]
    assert len(clone.repro("repro", *measured)) == 6  # gate and reports are as long again, and no metrics
    assert clone.tracked() == after
    assert clone.repro("repro", *measured) == []


def test_an_experiment_is_run_and_named_in_mlflow(pipeline):
    ran = pipeline.repro("exp", "run", "--name", "slow-trees", "--set-param", "train.markets.totals.seed=6")

    assert sorted(ran) == sorted(f"{stage}@sim-totals" for stage in STAGES)
    assert "slow-trees" in pipeline.dvc("exp", "list", "--name-only")
    assert pipeline.tags("dvc_experiment") == ["slow-trees"]
    assert pipeline.run("git", "rev-parse", "HEAD").strip() in pipeline.tags("dvc_revision")


def test_what_the_registry_does_not_have_is_refused_with_what_to_do(pipeline, tmp_path):
    home = shutil.copytree(pipeline.folder, tmp_path / "home", ignore=shutil.ignore_patterns("mlflow.db", "mlruns"))
    lost = Pipeline(home)
    lost.change(lambda content: content["gate"].update(recent_weeks=35))

    done = subprocess.run(
        [sys.executable, "-m", "dvc", "repro", "gate@sim-totals"],
        cwd=home, env=lost.variables, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode != 0
    assert "`busta train` makes one" in done.stdout + done.stderr


@pytest.fixture
def bucket(monkeypatch):
    """An S3-compatible server on this machine with an empty bucket: its address."""
    import boto3
    from moto.server import ThreadedMotoServer

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    boto3.client("s3", endpoint_url=address, region_name="us-east-1").create_bucket(Bucket="bucket")
    yield address
    server.stop()


@pytest.mark.server
@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_data_comes_back_from_a_remote_and_nothing_is_run_again(data, tmp_path, bucket, kind):
    where = str(tmp_path / "remote") if kind == "folder" else "s3://bucket/busta"
    data.dvc("remote", "add", "--force", "--default", "store", where)
    if kind == "s3":
        data.dvc("remote", "modify", "store", "endpointurl", bucket)
        data.variables |= {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    before = data.files()
    assert len(before) > 8
    data.dvc("push")

    shutil.rmtree(data.folder / "data")
    shutil.rmtree(data.folder / ".dvc" / "cache")
    data.dvc("pull", "build@sim", "ingest@sim")

    assert data.files() == before
    assert data.repro("repro", "build@sim") == []
