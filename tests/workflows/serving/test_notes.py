from __future__ import annotations

import pytest

import busta
from busta.workflows.serving import notes
from busta.workflows.serving.notes import Notes, read_notes

KIND = "sim-anchored-close"


@pytest.fixture(scope="module")
def settings(slated, tmp_path_factory):
    """A workspace with slates that may be changed."""
    return slated.copy(tmp_path_factory.mktemp("noted") / "home")


@pytest.mark.slow
def test_stakes_of_the_coming_week_are_those_of_recommend_until_a_bet_changes_them(settings, monkeypatch):
    monkeypatch.setattr(notes, "PAUSE", -1.0)
    assert read_notes(settings) == {"stakes": {}, "trials": []}
    Notes(settings).refresh()
    found = read_notes(settings)
    said = busta.recommend(settings, [], busta.Wanted(week="2014-18"), "sim")
    assert said["bets"]
    for row in said["bets"]:
        noted = found["stakes"][KIND]["bets"][f"{row['game_id']}-{row['market']}"]
        assert noted == {name: row[name] for name in noted}
    assert found["trials"] == []
    assert set(found["stakes"]) > {KIND, "sim-blind-close"}

    busta.record_recommended(settings, said, book="Pinnacle")
    Notes(settings).refresh()
    row = said["bets"][0]
    after = read_notes(settings)["stakes"][KIND]["bets"][f"{row['game_id']}-{row['market']}"]
    assert after["stake"] == 0
    assert "bet already" in after["abstain_reason"]


def test_nothing_is_worked_out_again_where_nothing_has_changed_or_just_after_it_was(settings, monkeypatch):
    Notes(settings).refresh()
    worked = []
    monkeypatch.setattr(notes, "_noted", lambda _: worked.append(1) or {"stakes": {}, "trials": []})
    Notes(settings).refresh()
    assert worked == []
    same = Notes(settings)
    busta.move_bankroll(settings, 50, paper=True)
    same.refresh()
    busta.move_bankroll(settings, 50, paper=True)
    monkeypatch.setattr(same, "_next", float("inf"))
    same.refresh()
    assert worked == [1]


def test_a_kind_that_cannot_be_recommended_says_why(settings, monkeypatch):
    about = {"markets": ["moneyline"], "league": "sim", "information": "anchored", "price": "close"}
    monkeypatch.setattr(notes, "coming", lambda _: (1999, 1))
    found = notes._stakes(settings, KIND, about)
    assert found["bets"] == {}
    assert "1999" in found["error"]
