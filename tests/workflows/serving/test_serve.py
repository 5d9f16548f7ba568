"""What the server does for those who ask."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from busta.errors import OutsideError, UsageError
from busta.workflows.serving import notes
from busta.workflows.serving.notes import Notes
from busta.workflows.serving.serve import _note, record


def test_a_bet_over_http_on_a_league_that_is_not_here_makes_the_server_download_nothing(settings):
    bet = {"league": "nfl", "market": "ats", "game": "2022_18_DET_GB", "side": "DET +4.5", "price": -110}
    with pytest.raises(UsageError, match="there are no games of nfl here"):
        record(settings.model_dump(), bet | {"stake": 1.0, "book": "b", "paper": True})


@pytest.mark.parametrize(("error", "level"), [(OutsideError("the ledger is down"), "INFO"), (ValueError(), "ERROR")])
def test_what_cannot_be_noted_is_logged_and_ends_nothing(settings, monkeypatch, caplog, error, level):
    caplog.set_level("INFO", logger="busta.workflows.serving.serve")
    monkeypatch.setattr(notes, "_made_of", Mock(side_effect=error))
    noting = Notes(settings)
    _note(noting)
    assert [(record.levelname, "nothing was noted" in record.message) for record in caplog.records] == [(level, True)]


def test_a_ledger_that_is_down_is_not_asked_again_at_once(settings, monkeypatch):
    asked = Mock(side_effect=OutsideError("the ledger is down"))
    monkeypatch.setattr(notes, "_made_of", asked)
    monkeypatch.setattr(notes, "PAUSE", 1e9)
    noting = Notes(settings)
    for _ in range(2):
        _note(noting)
    assert asked.call_count == 1
