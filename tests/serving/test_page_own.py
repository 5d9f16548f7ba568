"""Bets that a person placed by their own judgement, and voids, as a browser without a script sends them."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

import busta
from asking import asking
from browsing import HTML, fields, words
from busta.serving.page.own import own_bet, picks
from busta.workflows.serving.serve import add_key, application
from support import play

pytestmark = pytest.mark.usefixtures("here")

MINE = {"pick": "ats away", "line": "+3.5", "price": "-110", "amount": "12.50", "book": "Pinnacle", "on": "money"}


def form(client, row):
    """The form for a bet of one's own on that game, as it stands when the game is opened."""
    return fields(client.get("/", params={"game": row["game_id"]}), "/bets/own")


def record(client, row, **changed):
    return client.post("/bets/own", data=form(client, row) | MINE | changed)


def bets(settings):
    return busta.show_bets(settings)["bets"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, ("ats", "away", 3.5, 21 / 11, False)),
        ({"pick": "ats home", "line": "−3.5", "price": "1.95"}, ("ats", "home", 3.5, 1.95, False)),  # noqa: RUF001
        ({"pick": "ats home", "line": "pk", "on": "paper"}, ("ats", "home", 0.0, 21 / 11, True)),
        ({"pick": "totals over", "line": " 44.5 ", "price": "5/2"}, ("totals", "over", 44.5, 3.5, False)),
        ({"pick": "moneyline home", "line": "", "price": "+150"}, ("moneyline", "home", None, 2.5, False)),
    ],
)
def test_a_bet_of_ones_own_is_recorded_as_the_book_words_it(opened, row, given, kept):
    client, settings = opened
    answer = record(client, row, **given)
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("#said")
    assert "Recorded: " in words(client.get(answer.headers["location"]))
    (bet,) = bets(settings)
    assert tuple(bet[name] for name in ("market", "side", "line", "price", "paper")) == pytest.approx(kept)
    assert (bet["game_id"], bet["stake"], bet["book"], bet["source"]) == (row["game_id"], 12.5, "Pinnacle", "manual")
    assert bet["model"] is bet["probability"] is bet["edge"] is None


def test_every_market_of_every_game_can_be_bet_on_whatever_the_models_think(browser):
    game = browser.get("/v1/games", params={"week": "2014-18"}).json()["games"][-1]
    page = browser.get("/", params={"game": game["game_id"]}).text
    assert [value for value, _ in picks(game)] == re.findall(r'<option value="(\w+ \w+)"', page)
    assert f"Against the spread: {game['home_team']}" in page
    assert dict(picks(game))["totals over"] in page


def test_a_form_sent_twice_is_one_bet_and_a_second_equal_bet_says_that_it_is_one(opened, row):
    client, settings = opened
    given = form(client, row) | MINE
    assert "second" not in given
    assert "a second bet" not in words(client.get("/", params={"game": row["game_id"]}))
    first, again = (client.post("/bets/own", data=given) for _ in range(2))  # a double click
    assert first.status_code == again.status_code == 303
    assert "Recorded already, so nothing was added" in words(client.get(again.headers["location"]))
    assert len(bets(settings)) == 1
    assert record(client, row).status_code == 303  # the page was opened anew, and the same typed once more
    assert len(bets(settings)) == 1
    assert "a second bet" in words(client.get("/", params={"game": row["game_id"]}))
    second = form(client, row) | MINE | {"second": "1"}
    for _ in range(2):
        assert client.post("/bets/own", data=second).status_code == 303
    assert [bet["stake"] for bet in bets(settings)] == [12.5, 12.5]
    assert bets(settings)[1]["key"] == second["key"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"pick": ""}, "say what the bet is on"),
        ({"pick": "corners home"}, "corners"),
        ({"pick": "totals home"}, "side of totals"),
        ({"line": ""}, "needs its points, as the book gives them for that side"),
        ({"pick": "totals over", "line": ""}, "needs its points, as 45.5"),
        ({"line": "KC -3.5"}, "give a number alone"),
        ({"line": "nan"}, "cannot be right"),
        ({"line": "3.25"}, "two bets in one"),
        ({"pick": "totals over", "line": "-44"}, "a total is above 0"),
        ({"pick": "moneyline home", "line": "-3.5"}, "a moneyline has no line; given is -3.5"),
        ({"price": "-50"}, "price '-50' cannot be right"),
        ({"price": ""}, "price '' cannot be right"),
        ({"amount": "1e99"}, "stake 1e99 cannot be right"),
        ({"amount": "-5"}, "stake -5 cannot be right"),
        ({"book": " "}, "book"),
        ({"on": ""}, "say whether there is real money on it"),
        ({"placed": "yesterday"}, "cannot be right"),
        ({"placed": "2100-01-01T12:00"}, "is of the future"),
        ({"game": "nobody"}, "no game 'nobody'"),
    ],
)
def test_what_cannot_be_right_is_said_in_words_and_what_was_typed_is_kept(opened, row, changed, says):
    client, settings = opened
    given = form(client, row) | MINE | changed
    answer = client.post("/bets/own", data=given)
    assert answer.status_code == 422
    assert "Nothing was recorded" in words(answer)
    assert says in words(answer)
    assert bets(settings) == []
    if given["game"] == row["game_id"]:
        kept = fields(answer, "/bets/own")
        typed = {"line", "price", "amount", "book", "placed", "key"} & given.keys()
        assert {name: kept[name] for name in typed} == {name: given[name] for name in typed}
        assert kept["pick"] == (given["pick"] if given["pick"] in dict(picks(row)) else "")
        assert kept.get("on", "") == given["on"]


@pytest.mark.parametrize("left", ["pick", "line", "price", "amount", "book", "on", "game", "token"])
def test_a_form_that_lacks_a_field_is_a_no_and_no_fault(opened, row, left):
    client, settings = opened
    given = form(client, row) | MINE
    del given[left]
    assert client.post("/bets/own", data=given).status_code == (403 if left == "token" else 422)
    assert bets(settings) == []


def test_a_bet_on_a_game_that_has_begun_takes_the_time_it_was_placed_at(opened, row):
    client, settings = opened
    given = form(client, row) | MINE
    play(settings, **{row["game_id"]: (20, 17)})
    late = client.post("/bets/own", data=given)
    assert late.status_code == 422
    assert "began at" in words(late)
    assert "before the start" in words(late)
    start = re.search(r"began at (\S+) (\S+) UTC", words(late))
    assert client.post("/bets/own", data=given | {"placed": f"{start[1]}T{start[2]}"}).status_code == 422
    day = f"{start[1][:8]}01T12:00"
    assert client.post("/bets/own", data=given | {"placed": day}).status_code == 303
    (bet,) = bets(settings)
    assert bet["late"]
    assert bet["placed_at"].startswith(day)


def test_neither_form_is_taken_from_elsewhere_nor_by_a_key_that_only_reads(own, row):
    busta.record_bet(
        own, "moneyline", row["game_id"], "home", price=2.0, stake=1, book="b", paper=True, league_name="sim"
    )
    (bet,) = bets(own)
    keys = {scope: add_key(own, scope)["key"] for scope in ("read", "write")}
    sent = {"/bets/own": MINE | {"game": row["game_id"]}, "/bets/void": {"bet": bet["key"], "reason": "postponed"}}
    for scope, key in keys.items():
        with asking(application(own)) as client:
            client.headers.update(HTML)
            token = fields(client.get("/login"), "/login")["token"]
            assert client.post("/login", data={"token": token, "key": key}).status_code == 303
            page = client.get("/", params={"game": row["game_id"]})
            token = fields(page, "/logout")["token"]
            for action, given in sent.items():
                assert (f'action="{action}"' in page.text) == (scope == "write")
                assert client.post(action, data=given | {"token": "0" * 64}).status_code == 403
                headers = {"sec-fetch-site": "cross-site"}
                assert client.post(action, data=given | {"token": token}, headers=headers).status_code == 403
                if scope == "read":
                    assert client.post(action, data=given | {"token": token}).status_code == 403
    assert bets(own) == [bet]


@pytest.fixture
def placed(opened, row):
    """A browser, the workspace, and an open bet of 10 on the best game."""
    client, settings = opened
    record(client, row, amount="10")
    (bet,) = bets(settings)
    return client, settings, bet


def void(client, path="/", reason="postponed", **changed):
    return client.post("/bets/void", data=fields(client.get(path), "/bets/void") | {"reason": reason} | changed)


@pytest.mark.parametrize("path", ["/", "/bets?which=real&page=1"])
def test_an_open_bet_is_voided_for_a_reason_and_can_be_left_to_stand_again(placed, path):
    client, settings, bet = placed
    answer = void(client, path)
    assert answer.status_code == 303
    assert urlsplit(answer.headers["location"]).path == urlsplit(path).path
    said = words(client.get(answer.headers["location"]))
    assert "is void, and its stake is back (postponed)" in said
    assert "void: postponed" in said
    (found,) = bets(settings)
    assert (found["state"], found["reason"]) == ("void", "postponed")
    assert busta.show_bets(settings)["real"]["at_stake"] == 0

    back = void(client, path, "played after all")
    assert "Changed:" in words(client.get(back.headers["location"]))
    assert "stands (played after all)" in words(client.get(back.headers["location"]))
    assert bets(settings) == [bet | {"reason": "played after all"}]


def test_a_void_sent_twice_is_one_and_a_recommended_bet_may_be_recorded_once_its_bet_is_void(placed):
    client, settings, bet = placed
    given = fields(client.get("/"), "/bets/void") | {"reason": "postponed"}
    first, again = (client.post("/bets/void", data=given) for _ in range(2))
    assert parse_qs(urlsplit(first.headers["location"]).query)["voided"] == [bet["key"]]
    assert "Nothing was changed" in words(client.get(again.headers["location"]))
    assert busta.show_bets(settings)["entries"] == 2
    equal = record(client, bet, amount="10")
    said = words(client.get(equal.headers["location"]))
    assert "Recorded already" in said
    assert "That bet is void" in said


@pytest.mark.parametrize("path", ["/", "/bets"])
@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"reason": " "}, "reason ' ' cannot be right"),
        ({"reason": "x" * 101}, "up to 100 characters"),
        ({"bet": "nobody"}, "no such bet"),
        ({"bet": ""}, "no such bet"),
    ],
)
def test_a_void_that_cannot_be_is_said_where_it_was_asked_for(placed, path, changed, says):
    client, settings, bet = placed
    answer = void(client, path, **changed)
    assert answer.status_code == 422
    assert "Nothing was changed" in words(answer)
    assert says in words(answer)
    assert ("All bets" in words(answer)[:60]) == (path == "/bets")
    assert bets(settings) == [bet]


def test_a_bet_that_was_settled_since_the_page_was_opened_is_not_voided_by_it(placed):
    client, settings, bet = placed
    given = fields(client.get("/"), "/bets/void") | {"reason": "I lost"}
    play(settings, **{bet["game_id"]: (40, 0)})
    busta.settle_bets(settings)
    answer = client.post("/bets/void", data=given)
    assert answer.status_code == 422
    assert "is settled by now" in words(answer)
    assert bets(settings)[0]["state"] == "settled"
    assert 'action="/bets/void"' not in client.get("/").text


def test_reasons_that_are_markup_are_shown_as_they_are(placed):
    client, _, _ = placed
    hostile = '"><script>alert(1)</script>'
    page = client.get(void(client, reason=hostile).headers["location"])
    assert "<script>alert" not in page.text
    assert hostile in words(page)


def test_a_form_says_what_it_means_without_a_workspace():
    said = own_bet(MINE | {"game": "g", "key": "k", "second": "1"}, "nfl")
    assert (said["side"], said["line"], said["key"], said["paper"]) == ("away +3.5", None, "k", False)
    assert own_bet(MINE | {"key": "k"}, "nfl")["key"] is None
