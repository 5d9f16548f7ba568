"""What the last watch found, on the page."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

import busta
from browsing import words
from busta.errors import DataError
from busta.serving.page.drift import MOST, drift_of

pytestmark = pytest.mark.usefixtures("here")

SCORES = {"games": 32, "log_loss": 0.6, "closing_log_loss": 0.61, "ece": 0.031, "closing_ece": 0.028}


def feature(name, **changed):
    return {
        "feature": name,
        "group": "form",
        "read_by": ["moneyline"],
        "psi": 0.05,
        "psi_critical": 0.3,
        "p": 0.4,
        "shift": 0.1,
        "missing": 0.0,
        "missing_before": 0.0,
        "alarm": False,
    } | changed


def model(**changed):
    return {
        "market": "moneyline",
        "model": "busta-sim-moneyline",
        "version": 1,
        "games": 32,
        "rolling": SCORES,
        "predictions": {"psi": 0.04, "psi_critical": 0.2, "alarm": False},
        "decay": {"e_value": 0.8, "threshold": 20.0, "alarm": False, "since": None},
        "triggers": [],
    } | changed


def found(**changed):
    looked_at = datetime.now(UTC) - timedelta(hours=2, minutes=5)
    return {
        "league": "sim",
        "information": "anchored",
        "price": "close",
        "looked_at": looked_at.isoformat(timespec="seconds"),
        "last_result": "2014-12-28T18:00:00+00:00",
        "weeks": ["2014-12-09", "2014-12-23"],
        "alarms": 0,
        "features": [feature("elo_diff"), feature("rest_days_diff")],
        "groups": [{"group": "form", "age_hours": 90.0, "age_hours_before": 80.0, "alarm": False}],
        "models": [model()],
    } | changed


def slate(version="1", **about):
    served = SimpleNamespace(about={"model": "busta-sim-moneyline", "version": version})
    kind = {"league": "sim", "information": "anchored", "price": "close"} | about
    return SimpleNamespace(about=kind, markets={"moneyline": served})


def told(result, last_score="2014-12-29", **served):
    return drift_of(lambda _: result, slate(**served), last_score)


def test_a_watch_without_alarm_says_when_it_looked_and_at_what():
    said = told(found())
    assert (said.tone, said.answer, said.changed) == ("yes", "no alarm", ())
    assert said.sentence.startswith("Looked 2 hours ago (")
    assert "at the weeks from 2014-12-09 to 2014-12-23, 2 features and 1 model." in said.sentence
    (one,) = said.models
    assert (one.title, one.version, one.served) == ("Moneyline", "1", True)
    assert [sign for sign, _, _ in one.answers] == ["passed"] * 3
    assert one.lately == "log loss 0.6000, the close 0.6100; calibration error 0.031, the close 0.028; 32 games"


def test_alarms_of_features_predictions_and_forecasts_are_each_told_with_their_figures():
    rows = [feature(f"f_{i}", alarm=True, p=10.0**-i, shift=1.5, missing=0.25) for i in range(MOST + 2)]
    old = [{"group": "prices", "age_hours": 1400.0, "age_hours_before": 80.0, "alarm": True}]
    wrong = model(
        triggers=["drift", "decay", "prediction"],
        predictions={"psi": 0.5, "psi_critical": 0.2, "alarm": True},
        decay={"e_value": 55.0, "threshold": 20.0, "alarm": True, "since": "2014-11-04"},
    )
    said = told(found(alarms=MOST + 4, features=rows, groups=old, models=[wrong]))
    assert (said.tone, said.answer, said.more) == ("no", f"{MOST + 4} alarms", 2)
    assert said.models[0].answers == (
        ("failed", "drifted", f"{MOST + 2} of {MOST + 2} features"),
        ("failed", "changed", "PSI 0.500, alarm at 0.200"),
        ("failed", "worse since 2014-11-04", "evidence of decay 55.00, alarm at 20"),
    )
    names = [name for name, _ in said.changed]
    assert names[:2] == ["all of prices", f"f {MOST + 1}"]
    assert said.changed[0][1] == "1,400 hours old when bets are decided; in training 80"
    assert "mean moved by +1.50 sd" in said.changed[1][1]
    assert "missing in 25%, before in 0%; read by moneyline" in said.changed[1][1]
    assert told(found(alarms=1)).answer == "1 alarm"


@pytest.mark.parametrize(
    ("result", "served", "says"),
    [
        (None, {}, "Nobody has looked"),
        (found(), {"version": "2"}, "Other versions are served by now"),
        (found(), {"information": "blind"}, "models of another kind: anchored, at the close"),
        (found(), {"last_score": "2015-01-20"}, "The last result it knew is of 2014-12-28; there are newer ones"),
        ({"league": "sim"}, {}, "written by another version of busta"),
        ([], {}, "written by another version of busta"),
        (found(looked_at="soon"), {}, "written by another version of busta"),
    ],
)
def test_where_nobody_knows_the_page_says_why_and_what_looks(result, served, says):
    said = told(result, **served)
    assert said.tone == "notyet"
    assert says in said.sentence
    assert said.command == "busta watch sim" + (" --blind" if served.get("information") == "blind" else "")


def test_a_watch_with_nothing_to_go_by_yet_is_no_alarm_and_no_praise():
    nothing = model(
        games=0,
        rolling=dict.fromkeys(SCORES) | {"games": 0},
        predictions={"psi": None, "psi_critical": None, "alarm": False},
    )
    said = told(found(weeks=[], features=[], groups=[], last_result=None, models=[nothing]))
    assert "before a week was over" in said.sentence
    assert {sign for sign, _, _ in said.models[0].answers} == {"not-applicable"}
    assert said.models[0].lately == "no game yet"


def test_a_result_that_cannot_be_read_says_so():
    def broken(_):
        raise DataError("sim.json is no JSON")

    said = drift_of(broken, slate(), None)
    assert (said.tone, said.answer) == ("notyet", "not known")
    assert "sim.json is no JSON" in said.sentence


def test_the_page_says_that_nobody_has_looked_then_what_the_watch_found_then_what_alarms(opened):
    client, settings = opened
    said = words(client.get("/"))
    assert "The watch: not looked yet" in said
    assert "busta watch sim looks" in said

    for market in ("moneyline", "totals"):
        busta.promote_version(settings, market, "1", "sim", force=True)
    result = busta.watch_champions(settings, "sim")
    said = words(client.get("/"))
    assert "The watch: no alarm Looked just now" in said
    assert f"{len(result['features'])} features and 2 models" in said
    assert "not served" not in said

    file = settings.home / "watch" / "sim.json"
    many = [feature(f"feature_{i}", alarm=True, read_by=["moneyline", "ats", "totals"]) for i in range(80)]
    file.write_text(json.dumps(found(alarms=80, features=many)))
    answer = client.get("/")
    assert len(answer.content) < 100_000
    said = words(answer)
    assert "The watch has 80 alarms" in said
    assert f"And {80 - MOST} features more" in said
    assert "✓ no worse" in said

    file.write_text("{")
    assert "cannot be read" in words(client.get("/"))
    with pytest.raises(DataError, match="no JSON"):
        busta.last_watch(settings, "sim")
