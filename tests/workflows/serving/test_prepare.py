from __future__ import annotations

import json
import sqlite3

import numpy as np
import pytest

import busta
from busta.data.publish import current
from busta.errors import OutsideError, UsageError
from busta.registry.connect import connect
from busta.registry.glance import glance
from busta.registry.publish import CHAMPION, point
from busta.registry.versions import fetch_model, resolve
from busta.serving import slate
from busta.workflows.serving import prepare as module
from busta.workflows.serving.prepare import prepare
from busta.workflows.serving.serve import _made_of, add_key, list_keys, require_key, revoke_key, serve
from workspaces import register_again

ATS = "busta-sim-ats"


def by_kind(found):
    return {f"{row['information']}-{row['price']}": row for row in found}


def about(settings, kind="anchored-close"):
    return json.loads((current(settings.home / "serving" / f"sim-{kind}") / "about.json").read_text())


@pytest.fixture
def prepared(slated, tmp_path):
    return slated.copy(tmp_path / "prepared"), by_kind(slated.made)


def test_each_kind_gets_a_slate_that_is_made_anew_where_something_changed(prepared):
    settings, first = prepared
    assert set(first) == {"anchored-close", "blind-close", "anchored-open", "blind-open"}
    assert first["anchored-close"]["versions"] == {"moneyline": "1", "ats": "1", "totals": "1"}
    assert all(row["new"] and not row["refused"] for row in first.values())
    seen = _made_of(settings)
    assert not any(row["new"] for row in prepare(settings))
    registry = connect(settings)
    register_again(registry, resolve(registry, ATS, "1"))
    point(registry, ATS, CHAMPION, "2")
    assert _made_of(settings) != seen
    again = by_kind(prepare(settings))
    assert again["anchored-close"]["versions"]["ats"] == "2"
    assert about(settings)["markets"]["ats"]["role"] == "champion"
    assert [row["new"] for row in again.values()] == [name == "anchored-close" for name in again]


@pytest.mark.parametrize(
    "what",
    [
        "features",
        *(pytest.param(what, marks=pytest.mark.slow) for what in ("information", "gone", "signature", "trees")),
    ],
)
def test_a_version_that_does_not_fit_is_refused_and_the_last_good_one_stays(prepared, monkeypatch, what):
    settings, _ = prepared
    registry = connect(settings)
    register_again(registry, resolve(registry, ATS, "1"))
    point(registry, ATS, CHAMPION, "2")
    break_it(monkeypatch, what)
    found = by_kind(prepare(settings))["anchored-close"]
    assert found["versions"]["ats"] == "1"
    assert found["refused"]["ats"].startswith("version 2: ")
    served = slate.read(current(settings.home / "serving" / "sim-anchored-close"))
    assert served.about["refused"] == found["refused"]
    assert served.markets["ats"].about["version"] == "1"
    assert not by_kind(prepare(settings))["anchored-close"]["new"]


def break_it(monkeypatch, what):
    """Has version 2 of the spread's model be of another kind than it should."""
    changes = {"features": {"features": ["moon"]}, "information": {"information": "blind"}, "trees": {}}

    def fetched(registry, version):
        found = fetch_model(registry, version)
        if (version.name, version.number) == (ATS, "2"):
            if what == "gone":
                raise OutsideError("it is of format 1, this reads 2; train again")
            found.spec |= changes.get(what, {})
            found.features = found.spec["features"]
        return found

    def signed(registry, version):
        real = module_signature(registry, version)
        return real | {"moon"} if what == "signature" and (version.name, version.number) == (ATS, "2") else real

    def compared(said):
        if what == "trees" and (said.version.name, said.version.number) == (ATS, "2"):
            monkeypatch.setattr(module, "CLOSE", -1.0)
        real_compare(said)
        monkeypatch.setattr(module, "CLOSE", 1e-6)

    module_signature, real_compare = module.signature, module._compare
    monkeypatch.setattr(module, "fetch_model", fetched)
    monkeypatch.setattr(module, "signature", signed)
    if what == "trees":
        monkeypatch.setattr(module, "_compare", compared)


def test_with_mlflow_down_all_stays_as_it_was(prepared):
    settings, _ = prepared
    before = current(settings.home / "serving" / "sim-anchored-close")
    (settings.home / "mlflow.db").write_bytes(b"no database")
    with pytest.raises(OutsideError):
        prepare(settings)
    with pytest.raises(OutsideError, match="cannot be read"):
        glance(settings)
    assert current(settings.home / "serving" / "sim-anchored-close") == before


def test_a_glance_sees_aliases_and_verdicts(borrowed):
    seen = glance(borrowed)
    assert ATS in seen
    with sqlite3.connect(borrowed.home / "mlflow.db") as connection:
        connection.execute("UPDATE model_version_tags SET value = 'fit to bet' WHERE key = 'verdict'")
    assert glance(borrowed) != seen
    elsewhere = borrowed.tracking.model_copy(update={"tracking_uri": "http://127.0.0.1:9"})
    assert glance(borrowed.model_copy(update={"tracking": elsewhere})) is None


def test_a_game_s_missing_features_are_named(prepared):
    settings, _ = prepared
    served = slate.read(current(settings.home / "serving" / "sim-anchored-close"))
    answers = served.markets["moneyline"]
    names = np.array(answers.model.portable.features)
    values = answers._arrays["values"]
    for game, row in list(answers._place.items())[:50]:
        said = json.loads(answers.predictions[game])
        assert said["missing"] == names[np.isnan(values[row])].tolist()


def test_others_are_served_only_with_a_key(settings):
    open_to_all = settings.model_copy(update={"serve": settings.serve.model_copy(update={"host": "0.0.0.0"})})  # noqa: S104
    with pytest.raises(UsageError, match="busta keys add"):
        serve(open_to_all)
    made = add_key(open_to_all, "write", "laptop")
    require_key(open_to_all)
    assert [row["id"] for row in list_keys(open_to_all)] == [made["id"]]
    revoke_key(open_to_all, made["id"])
    with pytest.raises(UsageError, match="busta keys add"):
        require_key(open_to_all)


def test_an_address_that_is_taken_is_told(settings):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        limits = settings.serve.model_copy(update={"port": taken.getsockname()[1]})
        with pytest.raises(OutsideError, match="choose another"):
            busta.serve(settings.model_copy(update={"serve": limits}))
