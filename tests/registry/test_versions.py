from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import busta
from busta.errors import OutsideError, UsageError
from busta.registry import versions as module
from busta.registry.connect import connect
from busta.registry.publish import publish
from busta.registry.trials import Trial, trials
from busta.registry.versions import (
    _before,
    fetch_model,
    fetch_predictions,
    model_name,
    note,
    now,
    promote,
    resolve,
    rollback,
    versions,
)
from workspaces import forget_variables, register_again, variables

NAME = "busta-sim-moneyline"


@pytest.fixture(scope="module")
def eleven(tmp_path_factory, make_record):
    """A workspace of nothing but a registry with eleven versions of one model, the last of them challenger."""
    home = tmp_path_factory.mktemp("eleven")
    with pytest.MonkeyPatch.context() as patch:
        forget_variables(patch)
        registry = connect(busta.load(home=home))
    publish(registry, make_record())
    (first,) = versions(registry, NAME)
    for _ in range(10):
        register_again(registry, first, tags=False)
    registry.client.set_registered_model_alias(NAME, "challenger", "11")
    return home


@pytest.fixture
def copied(eleven, tmp_path):
    """A copy of it."""
    return shutil.copytree(eleven, tmp_path / "copied")


@pytest.fixture
def trained(copied):
    """The registry in that copy."""
    return connect(busta.load(home=copied))


def champion(registry):
    return [version.number for version in versions(registry, NAME) if "champion" in version.aliases]


def history(registry):
    tags = registry.client.get_registered_model(NAME).tags
    return [tags[key].split()[0] for key in sorted(tags)]


def test_versions_come_newest_first_by_number(trained):
    assert [version.number for version in versions(trained, NAME)] == [str(n) for n in range(11, 0, -1)]


def test_a_model_that_was_never_trained_has_no_versions(registry):
    assert versions(registry, NAME) == []
    with pytest.raises(UsageError, match="there is no model busta-sim-moneyline yet; `busta train`"):
        resolve(registry, NAME)


def test_of_models_whose_names_start_alike_each_has_its_own_versions(trained):
    assert versions(trained, NAME + "-blind") == []
    assert versions(trained, "busta-sim") == []


def test_a_version_is_found_by_number_or_alias(trained):
    promote(trained, resolve(trained, NAME, "3"))

    assert resolve(trained, NAME, "7").number == resolve(trained, NAME, 7).number == "7"
    assert resolve(trained, NAME, "challenger").number == "11"
    assert resolve(trained, NAME, "champion").number == "3"


def test_by_default_it_is_the_champion_and_before_there_is_one_the_challenger(trained):
    assert resolve(trained, NAME).number == "11"
    promote(trained, resolve(trained, NAME, "3"))
    assert resolve(trained, NAME).number == "3"


@pytest.mark.parametrize("wanted", ["12", "champion", "0", "v3", "", 0, 12, 1.5, ["1"]])
def test_a_version_that_is_not_there_is_refused_with_those_that_are(trained, wanted):
    with pytest.raises(
        UsageError, match=f"no version {re.escape(repr(wanted))}; it has: 11, 10, .*, 1, and aliases challenger"
    ):
        resolve(trained, NAME, wanted)


def test_promoting_says_who_was_champion_before_and_keeps_the_history(trained):
    assert promote(trained, resolve(trained, NAME, "3")) is None
    assert promote(trained, resolve(trained, NAME, "5")) == "3"
    assert champion(trained) == ["5"]
    assert history(trained) == ["3", "5"]
    assert resolve(trained, NAME, "challenger").number == "11"


def test_promoting_the_champion_again_changes_nothing(trained):
    promote(trained, resolve(trained, NAME, "3"))
    assert promote(trained, resolve(trained, NAME, "3")) == "3"
    assert history(trained) == ["3"]


def test_a_roll_back_goes_one_champion_back_each_time_and_is_itself_history(trained):
    for number in ("2", "5", "9"):
        promote(trained, resolve(trained, NAME, number))

    assert rollback(trained, NAME) == ("5", "9")
    assert rollback(trained, NAME) == ("2", "5")
    assert champion(trained) == ["2"]
    assert history(trained) == ["2", "5", "9", "5", "2"]
    with pytest.raises(UsageError, match="no champion before version 2"):
        rollback(trained, NAME)
    assert champion(trained) == ["2"]


def test_after_a_roll_back_a_promotion_starts_from_there(trained):
    for number in ("2", "5"):
        promote(trained, resolve(trained, NAME, number))
    rollback(trained, NAME)
    promote(trained, resolve(trained, NAME, "9"))

    assert rollback(trained, NAME) == ("2", "9")


@pytest.mark.parametrize("train_first", [True, False])
def test_without_a_champion_there_is_nothing_to_roll_back(registry, make_record, train_first):
    if train_first:
        publish(registry, make_record())

    with pytest.raises(UsageError, match="has no champion; `busta promote`"):
        rollback(registry, NAME)


@given(st.lists(st.booleans(), max_size=12))
def test_rolling_back_undoes_promotions_as_a_stack_does(promotions):
    """Promotions are of ever newer versions; a roll-back with nothing before it is refused."""
    stack, written = ["0"], ["0"]
    for number, is_promotion in enumerate(promotions, start=1):
        if is_promotion:
            stack.append(str(number))
            written.append(str(number))
        elif len(stack) > 1:
            stack.pop()
            written.append(stack[-1])

    assert _before(written, stack[-1]) == (stack[-2] if len(stack) > 1 else None)


def test_a_model_whose_files_are_gone_is_an_outside_error(trained, copied):
    shutil.rmtree(copied / "mlruns")

    with pytest.raises(OutsideError, match=r"the model of version 11 .* cannot be read: model\.json is gone\nrestore"):
        fetch_model(trained, resolve(trained, NAME))


def test_predictions_are_read_where_they_lie_and_said_to_be_gone_when_they_are(trained, copied):
    version = resolve(trained, NAME)
    file = fetch_predictions(trained, version)

    assert file.is_relative_to(copied / "mlruns")
    (run,) = (trial for trial in trials(trained, "sim", "moneyline") if trial.run_id == version.run_id)
    assert fetch_predictions(trained, run) == file
    file.unlink()
    for kept in (version, run):
        with pytest.raises(OutsideError, match=r"No such artifact: 'predictions.parquet'"):
            fetch_predictions(trained, kept)


def test_predictions_that_lie_elsewhere_are_copied(trained, monkeypatch):
    asked = {}
    monkeypatch.setattr(
        "mlflow.artifacts.download_artifacts", lambda uri, **options: asked.update(options, uri=uri) or "x"
    )

    assert fetch_predictions(trained, Trial(NAME, "1", 1, "a", artifacts="mlflow-artifacts:/1/2?token=3")).name == "x"
    assert asked["uri"] == "mlflow-artifacts:/1/2/predictions.parquet?token=3"
    assert asked["tracking_uri"] == trained.uri
    assert Path(asked["dst_path"]).is_dir()


@pytest.mark.parametrize("file", ["model.json", "boosting.ubj"])
@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_model_with_a_damaged_file_is_an_outside_error_that_names_it(registry, make_record, home, file, damage):
    publish(registry, make_record())
    (path,) = (home / "mlruns").rglob(file)
    path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes()[:20])

    with pytest.raises(OutsideError, match=f"the model of version 1 of {NAME} cannot be read: .*\nrestore its files"):
        fetch_model(registry, resolve(registry, NAME))


def test_a_process_that_does_not_end_keeps_only_the_latest_downloads(trained, monkeypatch):
    asked = []
    monkeypatch.setattr(module, "DOWNLOADS", 2)
    monkeypatch.setattr(
        "mlflow.artifacts.download_artifacts", lambda *_, dst_path, **__: asked.append(Path(dst_path)) or "x"
    )
    for _ in range(5):
        fetch_predictions(trained, Trial(NAME, "1", 1, "a", artifacts="mlflow-artifacts:/1/2"))
    assert [folder.is_dir() for folder in asked] == [False, False, False, True, True]


@pytest.mark.slow
def test_downloads_leave_nothing_behind_when_the_process_ends(trained, copied, tmp_path):
    code = (
        "import busta\n"
        "from busta.registry import connect, versions as v\n"
        "registry = connect.connect(busta.load())\n"
        f"version = v.resolve(registry, {NAME!r})\n"
        "print(v.fetch_predictions(registry, version).stat().st_size, v.fetch_model(registry, version).features)"
    )
    (tmp_path / "tmp").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=variables(copied, TMPDIR=str(tmp_path / "tmp")),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "8 ['x']\n"
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_note_is_added_to_one_version_and_replaces_an_older_one(trained):
    note(trained, resolve(trained, NAME, "3"), {"verdict": "rejected", "forced": now()})
    note(trained, resolve(trained, NAME, "3"), {"verdict": "fit to serve"})

    tags = resolve(trained, NAME, "3").tags
    assert tags["verdict"] == "fit to serve"
    assert time.strptime(tags["forced"], "%Y-%m-%dT%H:%M:%SZ")
    assert "forced" not in resolve(trained, NAME, "4").tags


def test_another_moment_than_open_and_close_has_no_model():
    with pytest.raises(UsageError, match="price 'later'"):
        model_name("nfl", "ats", blind=False, moment="later")
