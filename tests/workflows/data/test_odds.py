"""Odds fetched from a server on this machine that answers as The Odds API documents, and the line history of a game."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

import busta
from busta.betting.odds import remove_vig
from busta.cli import main
from busta.data.fetch import fetch
from busta.data.schema import BEST, CONSENSUS, INSTANT
from busta.data.source import Batch
from busta.data.tables import Tables
from busta.errors import DataError, OutsideError, UsageError
from busta.features.build import build_events, every_feature
from busta.features.store import MemoryGold
from busta.leagues.nfl import LEAGUE
from busta.markets.dataset import assemble
from busta.plugins import pick
from odds import answer_of, book, event
from replay import answer
from support import game, games_of, quotes_of

KEY = "0123456789abcdef0123456789abcdef"
PATH = "/v4/sports/americanfootball_nfl/odds"
QUOTA = {"X_Requests_Remaining": "497", "X_Requests_Used": "3", "X_Requests_Last": "3"}
NOW = datetime.now(UTC).replace(microsecond=0)
KICKOFF = NOW + timedelta(days=5)


def said(*books, minutes_ago=2, **more):
    """An answer of now about the coming game."""
    text = json.dumps([event(*books, commence_time=f"{KICKOFF:%Y-%m-%dT%H:%M:%SZ}", **more)])
    last = NOW - timedelta(minutes=minutes_ago)
    return text.replace("2026-09-08T11:58:00Z", f"{last:%Y-%m-%dT%H:%M:%SZ}").encode()


@pytest.fixture
def home(tmp_path, monkeypatch, site):
    """A workspace that knows one coming game, and a key in the environment."""
    for name, value in {"KEY": KEY, "URL": site.at("")}.items():
        monkeypatch.setenv(f"BUSTA_ODDS_API__{name}", value)
    monkeypatch.setenv("BUSTA_HOME", str(tmp_path))
    monkeypatch.setenv("BUSTA_DATA__RETRIES", "0")
    monkeypatch.setenv("BUSTA_DATA__TIMEOUT", "2")
    coming = game("BUF", "KC", f"{KICKOFF:%Y-%m-%dT%H:%M:%S}", game_id="2026_14_KC_BUF", week=14, season=KICKOFF.year)
    Tables(tmp_path / "data/tables/nfl").update(Batch(games_of(coming), quotes_of()))
    site.routes = {PATH: [answer(body=said(book("alpha"), book("beta", ats=(1.95, 1.87))), **QUOTA)]}
    return tmp_path


def test_an_answer_becomes_snapshots_and_the_quotes_of_the_coming_game(home, site):
    result = busta.fetch_odds(busta.load(), "nfl")
    assert site.paths == [
        f"{PATH}?regions=us&markets=h2h%2Cspreads%2Ctotals&oddsFormat=decimal&dateFormat=iso&apiKey={KEY}"
    ]
    assert result["quota"] == {"remaining": 497, "used": 3, "last": 3}
    assert result["counts"]["snapshots"]["new"] == 6
    tables = Tables(home / "data/tables/nfl").read()
    assert tables.quotes.height == 12
    assert set(tables.quotes["book"]) == {CONSENSUS, BEST}
    assert tables.meta["files"][-1]["origin"] == site.at(PATH)


def test_books_of_ones_own_are_asked_for_in_place_of_regions(home, site):
    busta.fetch_odds(busta.load(odds_api={"bookmakers": ("alpha", "beta")}), "nfl")
    assert site.paths[0].startswith(f"{PATH}?bookmakers=alpha%2Cbeta&markets=")


def test_the_coming_game_has_its_opinion_from_the_consensus_and_its_price_from_the_best(home):
    busta.fetch_odds(busta.load(), "nfl")
    tables = Tables(home / "data/tables/nfl").read()
    events = build_events(tables.games, tables.quotes, LEAGUE)
    gold = MemoryGold(tables.games, tables.quotes, events, every_feature(), {"features": [{}]}, tables.facts)
    data = assemble(gold, LEAGUE, pick("market", "ats"))
    assert (data.line.tolist(), data.prices.tolist()) == ([3.5], [[1.95, 1.91]])
    assert remove_vig(data.closing_prices)[0, 0] == pytest.approx(1 / (1 + np.exp(-data.closing_log_odds[0])))
    opinions = [1.91 / (1.91 + 1.91), 1.87 / (1.95 + 1.87)]
    assert 1 / (1 + np.exp(-data.market_log_odds[0])) == pytest.approx(sum(opinions) / 2)
    assert data.games["decision_time"].to_list() == [NOW - timedelta(minutes=2) + timedelta(seconds=1)]


def test_the_key_is_in_no_file_name_log_or_output(home, site, caplog, capsys):
    caplog.set_level(0)
    site.routes[PATH] = [
        answer(body=said(book()), **QUOTA),
        answer(401, b'{"message": "no"}'),
        answer(500),
        answer(422),
    ]
    for _ in range(4):
        with pytest.raises(SystemExit):
            main(["odds", "fetch", "nfl", "--debug"])
    with pytest.raises(SystemExit):
        main(["doctor"])
    printed = capsys.readouterr()
    kept = [(str(path), path.read_bytes()) for path in home.rglob("*") if path.is_file()]
    assert not [name for name, content in kept if KEY in name or KEY.encode() in content]
    assert KEY not in printed.out + printed.err + caplog.text
    assert "AnswerError" in printed.err
    assert KEY not in repr(busta.load()) + busta.load().model_dump_json()


def test_without_a_key_nothing_is_asked(home, site, monkeypatch):
    monkeypatch.delenv("BUSTA_ODDS_API__KEY")
    with pytest.raises(UsageError, match="no key of The Odds API; set the variable BUSTA_ODDS_API__KEY"):
        busta.fetch_odds(busta.load(), "nfl")
    assert site.paths == []


def test_the_key_comes_from_a_file_of_secrets_as_well(home, site, monkeypatch):
    monkeypatch.delenv("BUSTA_ODDS_API__KEY")
    (home / "secrets").mkdir()
    (home / "secrets" / "BUSTA_ODDS_API__KEY").write_text(f"{KEY}\n")
    monkeypatch.setenv("BUSTA_SECRETS_DIR", str(home / "secrets"))
    busta.fetch_odds(busta.load(), "nfl")
    assert site.paths[0].endswith(f"apiKey={KEY}")


def test_a_key_in_the_settings_file_is_refused_without_showing_it(home):
    (home / "busta.toml").write_text(f'[odds_api]\nkey = "{KEY}"\n')
    with pytest.raises(UsageError, match=r"odds_api\.key is a secret; give it as the variable") as caught:
        busta.load()
    (home / "busta.toml").write_text("[odds_api]\nkey = 12345678\n")
    with pytest.raises(UsageError) as typed:
        busta.load()
    assert KEY not in str(caught.value)
    assert "12345678" not in str(typed.value)


def test_a_league_that_is_no_sport_of_the_api_is_refused(home):
    with pytest.raises(UsageError, match="sim is no sport of The Odds API"):
        busta.fetch_odds(busta.load(), "sim")


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_is_said(home, site, status):
    site.routes[PATH] = [answer(status, b'{"message": "Usage quota has been reached", "error_code": "X"}')]
    with pytest.raises(OutsideError, match=rf"The Odds API refuses the key \({status}\): it is wrong, or its quota"):
        busta.fetch_odds(busta.load(), "nfl")


@pytest.mark.parametrize("status", [404, 422])
def test_an_answer_that_nothing_follows_from_is_said(home, site, status):
    site.routes[PATH] = [answer(status, b"{}")]
    with pytest.raises(OutsideError, match=f"the server answered {status}"):
        busta.fetch_odds(busta.load(), "nfl")


def test_a_busy_server_is_asked_again_after_as_long_as_it_says(home, site, monkeypatch):
    waits = []
    monkeypatch.setitem(fetch.__kwdefaults__, "sleep", waits.append)
    monkeypatch.setenv("BUSTA_DATA__RETRIES", "3")
    good = answer(body=said(book()), **QUOTA)
    site.routes[PATH] = [
        answer(429, b"", Retry_After="4"),
        answer(502, b""),
        answer(200, b"[", Content_Length="9"),
        good,
    ]
    assert busta.fetch_odds(busta.load(), "nfl")["counts"]["snapshots"]["new"] == 3
    assert waits == [4.0, 1.0, 2.0]


def before_and_after(home):
    return {path: path.read_bytes() for path in home.rglob("*.parquet")}


@pytest.mark.parametrize("trouble", ["429", "500", "truncated", "slow"])
def test_a_server_that_fails_changes_nothing(home, site, monkeypatch, trouble):
    over = threading.Event()
    troubles = {
        "429": answer(429, b""),
        "500": answer(500, b""),
        "truncated": answer(body=b"[{", Content_Length="100"),
        "slow": lambda _handler: over.wait(5) and None,
    }
    monkeypatch.setenv("BUSTA_DATA__TIMEOUT", "0.2")
    site.routes[PATH] = [troubles[trouble]]
    before = before_and_after(home)
    with pytest.raises(OutsideError, match="cannot fetch http"):
        busta.fetch_odds(busta.load(), "nfl")
    over.set()
    assert before_and_after(home) == before


@pytest.mark.parametrize("body", [b"<html>", b"[{]", b"{}", b'{"message": "maintenance"}', answer_of(7)])
def test_an_answer_that_is_none_changes_nothing(home, site, body):
    site.routes[PATH] = [answer(body=body)]
    before = before_and_after(home)
    with pytest.raises(DataError):
        busta.fetch_odds(busta.load(), "nfl")
    assert before_and_after(home) == before


def test_no_game_on_offer_is_no_error(home, site):
    site.routes[PATH] = [answer(body=b"[]", **QUOTA)]
    result = busta.fetch_odds(busta.load(), "nfl")
    assert (result["written"], result["warnings"]) == (False, ("no game is offered at the moment",))


def test_a_saved_answer_is_read_without_a_key_or_a_server(home, site, tmp_path, monkeypatch):
    monkeypatch.delenv("BUSTA_ODDS_API__KEY")
    (tmp_path / "odds.json").write_bytes(said(book()))
    result = busta.fetch_odds(busta.load(), "nfl", path=str(tmp_path / "odds.json"))
    assert (site.paths, result["counts"]["snapshots"]["new"], result["quota"]["remaining"]) == ([], 3, None)
    with pytest.raises(UsageError, match="no file or folder"):
        busta.fetch_odds(busta.load(), "nfl", path=tmp_path / "none.json")


@pytest.fixture
def moved(home, site):
    """Two fetches: a book that moved its line, and one that stood still and offers the best price of one side."""
    first = said(book("alpha", line=3.0), book("beta", line=3.0, ats=(1.87, 1.97)), minutes_ago=300)
    second = said(book("alpha"), book("beta", ats=(1.87, 1.97)), minutes_ago=2)
    site.routes[PATH] = [answer(body=first), answer(body=second)]
    for _ in range(2):
        busta.fetch_odds(busta.load(), "nfl")
    return home


def test_the_line_history_says_what_each_book_offered_first_and_offers_now(moved):
    found = busta.show_odds(busta.load(), "KC@BUF")
    assert (found["game_id"], [each["market"] for each in found["markets"]]) == (
        "2026_14_KC_BUF",
        ["moneyline", "ats", "totals"],
    )
    ats = found["markets"][1]
    alpha = ats["books"][0]
    assert (alpha["book"], alpha["snapshots"], alpha["open"]["line"], alpha["now"]["line"]) == ("alpha", 2, 3.0, 3.5)
    assert alpha["open"]["age_minutes"] - alpha["now"]["age_minutes"] == 298
    assert alpha["now"]["age_minutes"] >= 2
    assert [ats["consensus"][name]["line"] for name in ("open", "now")] == [3.0, 3.5]
    assert ats["consensus"]["now"]["books"] == 2
    assert ats["best"] == {
        "line": 3.5,
        "first": {"price": 1.91, "book": "alpha"},
        "second": {"price": 1.97, "book": "beta"},
    }


def test_the_line_history_of_a_game_without_odds_says_how_to_get_them(home):
    with pytest.raises(UsageError, match="no odds of 2026_14_KC_BUF were fetched; `busta odds fetch nfl` does it"):
        busta.show_odds(busta.load(), "KC@BUF")


def test_after_the_start_the_age_is_that_of_the_close(moved):
    tables = Tables(moved / "data/tables/nfl")
    started = tables.read().games.with_columns(pl.lit(NOW - timedelta(minutes=1), INSTANT).alias("kickoff"))
    tables.update(Batch(started, quotes_of()))
    now = busta.show_odds(busta.load(), "2026_14_KC_BUF")["markets"][0]["consensus"]["now"]
    assert now["age_minutes"] == 1


def test_the_commands_print_it_for_people_and_programs(moved, site, capsys):
    site.routes[PATH] = [answer(body=said(book("gamma"), minutes_ago=1), **QUOTA)]
    printed = {}
    for words in (["odds", "fetch", "nfl"], ["odds", "show", "KC@BUF"], ["odds", "show", "KC@BUF", "--json"]):
        with pytest.raises(SystemExit) as done:
            main(words)
        assert done.value.code == 0
        printed[words[1], len(words)] = capsys.readouterr().out
    assert "quota of The Odds API: 497 requests left; this fetch cost 3" in printed["fetch", 3]
    shown = printed["show", 3]
    assert "ats, BUF / KC" in shown
    assert "BUF -3.5  1.91 / 1.91" in shown
    assert "best: BUF -3.5 1.91 at gamma, KC +3.5 1.91 at gamma" in shown
    assert "over 47.5" in shown
    assert json.loads(printed["show", 4])["markets"][0]["sides"] == ["home", "away"]
