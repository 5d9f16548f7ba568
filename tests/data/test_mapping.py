"""A map is checked as a whole before any data is read."""

from __future__ import annotations

import pytest

from busta.data.mapping import read_map
from busta.errors import UsageError


@pytest.fixture
def said(tmp_path):
    """What a map of that text says."""

    def read(text):
        path = tmp_path / "map.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_map(path)

    return read


def test_an_empty_map_names_nothing(said):
    found = said("")
    assert (found.league, found.columns, found.teams, found.format.rows) == (None, {}, {}, "game")


def test_all_four_parts_are_read(said):
    found = said(
        '[league]\nzone = "Europe/Berlin"\nmargin_sd = 5.5\n[format]\nrows = "team"\nspread = "book"\n'
        '[columns]\nDatum = "date"\n[teams]\n"1. FC" = "FCK"\n'
    )
    assert (found.league.zone, found.league.margin_sd, found.league.home_edge) == ("Europe/Berlin", 5.5, None)
    assert (found.format.rows, found.format.spread) == ("team", "book")
    assert (found.columns, found.teams) == ({"Datum": "date"}, {"1. FC": "FCK"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[leag]\n", "unknown key 'leag'; allowed there: columns, format, league, teams"),
        (
            "[league]\ntitel = 'x'\n",
            "unknown key 'league.titel'; allowed there: home_edge, margin_sd",
        ),
        ("[format]\nrow = 'team'\n", "unknown key 'format.row'; allowed there: away, date, home, kickoff, odds, rows"),
        ("[league]\nzone = 'Berlin'\n", "league.zone = 'Berlin': 'berlin' is no time zone such as europe/berlin"),
        ("[league]\nzone = '../etc/passwd'\n", "league.zone = '../etc/passwd'"),
        ("[league]\nmargin_sd = 0\n", "league.margin_sd = '0': input should be greater than 0"),
        ("[league]\nmargin_sd = nan\n", "league.margin_sd = 'nan'"),
        ("[league]\nseason_starts = 13\n", "league.season_starts = '13': input should be less than or equal to 12"),
        ("[format]\nrows = 'both'\n", "format.rows = 'both': input should be 'game' or 'team'"),
        ("[format]\nodds = 'hongkong'\n", "format.odds = 'hongkong'"),
        ("[columns]\nDate = 5\n", "columns.Date = '5': input should be a valid string"),
        ("columns = 5\n", "columns = '5'"),
        ("[columns\n", "is not valid TOML"),
        (b"\xff\xfe", "is not valid TOML"),
    ],
)
def test_a_map_that_cannot_be_right_is_refused_with_what_is_allowed(said, text, reason):
    with pytest.raises(UsageError) as caught:
        said(text)
    assert "map.toml" in str(caught.value)
    assert reason in str(caught.value)


def test_a_map_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"cannot read the map .*none\.toml: No such file"):
        read_map(tmp_path / "none.toml")
