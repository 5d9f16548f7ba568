"""The files of a pipeline: what is in them holds together."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import yaml

import busta
from busta.errors import UsageError
from busta.plugins import league_names, market_names
from busta.settings import Settings
from busta.workflows.init import init, parameters
from busta.workflows.watching.kept import place

ROOT = Path(__file__).parents[2]


def read(file):
    return yaml.safe_load(file.read_text())


def keys(content, prefix=""):
    for name, value in content.items():
        yield prefix + name
        if isinstance(value, dict):
            yield from keys(value, f"{prefix}{name}.")


def test_the_parameters_as_they_are_written_are_the_defaults(tmp_path):
    init(tmp_path)

    found, default = busta.load(tmp_path / "params.yaml").model_dump(), Settings().model_dump()

    assert found["train"].pop("markets") == {name: {} for name in market_names()}
    assert default["train"].pop("markets") == {}
    assert found == default


def test_the_parameters_start_with_the_settings_that_are_in_force(tmp_path):
    (tmp_path / "busta.toml").write_text("[train]\nseed = 3\n[train.markets.ats]\nseed = 4\n[serve]\nport = 9")

    result = init(tmp_path)

    found = read(tmp_path / "params.yaml")
    assert str(tmp_path / "busta.toml") in result["kept"]
    assert (found["train"]["seed"], found["train"]["markets"]) == (
        3,
        {"moneyline": {}, "ats": {"seed": 4}, "totals": {}},
    )
    assert "serve" not in found


def test_no_address_gets_into_the_parameters(monkeypatch):
    monkeypatch.setenv("BUSTA_TUNE__STORAGE", "postgresql://me:secret@host/db")
    monkeypatch.setenv("BUSTA_TRAIN__CLUSTER", "tcp://me:secret@host")
    monkeypatch.setenv("BUSTA_ODDS_API__KEY", "secret")
    monkeypatch.setenv("BUSTA_TRAIN__SEED", "3")

    found = parameters(busta.load())

    assert "secret" not in found
    assert "seed: 3" in found


def test_every_parameter_that_a_stage_names_is_one(tmp_path):
    init(tmp_path)
    known = set(keys(read(tmp_path / "params.yaml")))

    for stage in read(tmp_path / "dvc.yaml")["stages"].values():
        named = {name.replace("${item.market}", "ats") for name in stage["params"]}
        assert named
        assert named <= known


def test_every_setting_that_shapes_a_model_is_a_parameter_of_its_training(tmp_path):
    init(tmp_path)
    stage = read(tmp_path / "dvc.yaml")["stages"]["train"]

    named = {name.removesuffix(".${item.market}") for name in stage["params"]}

    elsewhere = {"train.jobs", "train.cluster", "train.blind", "tune.storage"}  # change nothing of an anchored model
    for section in ("train", "tune"):
        fields = {f"{section}.{name}" for name in type(getattr(Settings(), section)).model_fields}
        assert fields - elsewhere == {name for name in named if name.startswith(f"{section}.")}
    rules = {"min_edge", "max_edge", "strongest", "assumed_prices", "slippage", "vig_method"}
    assert {name for name in named if name.startswith("bets.")} == {f"bets.{name}" for name in rules}


def test_the_pipeline_runs_leagues_and_markets_that_there_are():
    assert set(Settings().pipeline.leagues) <= set(league_names())
    assert set(Settings().pipeline.markets) == set(market_names())


def test_init_says_how_to_run_the_pipeline_and_what_that_needs(tmp_path, monkeypatch):
    assert "dvc init" in init(tmp_path / "with")["notes"]["pipeline"]

    monkeypatch.setattr("busta.workflows.init.find_spec", {}.get)
    said = init(tmp_path / "without")

    assert 'DVC is not installed: pip install "busta[pipeline]"' in said["notes"]["pipeline"]
    assert (tmp_path / "without" / "dvc.yaml").is_file()
    assert importlib.util.find_spec("dvc")


@pytest.mark.parametrize("folder", ["taken", "taken/below"])
def test_a_file_is_no_folder_for_a_workspace(tmp_path, folder):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(UsageError, match="there is a file"):
        init(tmp_path / folder)
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_setting_that_is_not_allowed_keeps_init_from_writing_parameters(tmp_path):
    (tmp_path / "busta.toml").write_text("[train]\nseed = -3")

    with pytest.raises(UsageError, match=r"train\.seed = -3"):
        init(tmp_path)

    assert not (tmp_path / "params.yaml").exists()


def test_the_repository_runs_the_pipeline_that_init_writes(tmp_path):
    init(tmp_path)

    for name in ("dvc.yaml", "params.yaml", ".dvcignore"):
        assert (ROOT / name).read_text() == (tmp_path / name).read_text()


def test_git_keeps_nothing_of_what_a_watch_leaves(tmp_path):
    init(tmp_path)

    left = place(busta.load(home=tmp_path), "sim").relative_to(tmp_path.resolve())

    assert f"/{left.parts[0]}/" in (tmp_path / ".gitignore").read_text().splitlines()
