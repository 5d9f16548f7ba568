"""What the server does for those who ask."""

from __future__ import annotations

import pytest

from busta.errors import UsageError
from busta.workflows.serving.serve import record


def test_a_bet_over_http_on_a_league_that_is_not_here_makes_the_server_download_nothing(settings):
    bet = {"league": "nfl", "market": "ats", "game": "2022_18_DET_GB", "side": "DET +4.5", "price": -110}
    with pytest.raises(UsageError, match="there are no games of nfl here"):
        record(settings.model_dump(), bet | {"stake": 1.0, "book": "b", "paper": True})
