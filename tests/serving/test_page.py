"""The page, asked as a browser asks for it."""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import parse_qs, urlsplit

import pytest

import busta
from asking import asking
from browsing import HTML, fields, words
from busta.serving.page.html import american
from busta.workflows.serving.serve import application
from support import play

pytestmark = pytest.mark.usefixtures("here")


def unfolded(client, row):
    return client.get("/", params={"game": row["game_id"]})


def record(client, row, **changed):
    given = fields(unfolded(client, row), "/bets") | {"book": "Pinnacle"} | changed
    return client.post("/bets", data=given)


def test_the_verdict_comes_first_then_bets_to_take_then_every_game_of_the_coming_week(browser, row):
    answer = browser.get("/")
    assert answer.status_code == 200
    said = words(answer)
    assert said.index("Not with money.") < said.index("Bets to take") < said.index("All games")
    games = browser.get("/v1/games", params={"week": "2014-18"}).json()["games"]
    assert len(games) > 10
    for game in games:
        assert f"{game['away_team']} @ {game['home_team']}" in said
    assert american(row["price"]) in said
    assert f"{row['edge']:+.1%}" in said


def test_every_better_side_stands_beside_what_the_book_pays(browser, served):
    said = words(browser.get("/"))
    for row in busta.predict(served, "moneyline", busta.Wanted(week="2014-18"), "sim")["predictions"]:
        assert f"book {american(row['price'])}, fair {american(row['fair_price'])}" in said


def test_another_week_season_and_kind_are_shown_and_what_is_not_there_is_the_nearest(browser):
    assert "Week 3 of 2013" in words(browser.get("/?season=2013&week=3"))
    assert "Week 18 of 2014" in words(browser.get("/?season=2050&week=99"))
    assert "Week 18 of 2014" in words(browser.get("/?season=x&week=-1"))
    blind = words(browser.get("/?kind=blind-close"))
    assert "sees no price of the game, at the close" in blind


def test_the_first_view_is_small_loads_nothing_and_runs_only_what_is_its_own(browser):
    answer = browser.get("/")
    assert len(answer.content) < 100_000
    policy = answer.headers["content-security-policy"]
    for kind in ("style", "script"):
        (text,) = re.findall(rf"(?s)<{kind}>(.*?)</{kind}>", answer.text)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.findall(r'\s(?:src|style|on\w+)="', answer.text)
    assert not re.findall(r'href="(?:https?:)?//', answer.text)
    assert answer.headers["referrer-policy"] == "same-origin"


def test_a_game_unfolds_to_the_steps_of_its_forecasts(browser, row):
    answer = unfolded(browser, row)
    said = browser.get(f"/v1/explanations/{row['game_id']}", params={"market": row["market"]}).json()
    end = said["probability"] if row["side"] == said["side"] else 1 - said["probability"]
    name = f"{row['game_id']}-{row['market']}"
    block = re.search(rf'(?s)<details class="offer" id="{name}" open>.*?</details>', answer.text)
    shares = re.findall(r"<td>(\d+\.\d)%</td></tr>", block[0])
    assert float(shares[-1]) == pytest.approx(100 * end, abs=0.051)
    moved = re.findall(r"<td>([+−]\d+\.\d)</td>", block[0])  # noqa: RUF001
    total = sum(float(each.replace("−", "-")) for each in moved)  # noqa: RUF001
    assert float(shares[0]) + total == pytest.approx(float(shares[-1]), abs=0.5)


def test_models_and_freshness_are_said(browser, served):
    said = words(browser.get("/"))
    for row in busta.list_models(served, league_name="sim")[:1]:
        assert f"{row['model']} {row['version']}" in said
    assert "trained through" in said
    assert "No trial of these models is noted" in said


def test_a_bet_is_recorded_and_twice_is_once(opened, row):
    client, settings = opened
    given = fields(unfolded(client, row), "/bets") | {"book": "Pinnacle", "amount": "5"}
    first, again = (client.post("/bets", data=given) for _ in range(2))  # a double click
    assert first.status_code == again.status_code == 303
    assert "Recorded: " in words(client.get(first.headers["location"]))
    assert "Recorded already" in words(client.get(again.headers["location"]))
    assert 'action="/bets"' not in unfolded(client, row).text
    (bet,) = busta.show_bets(settings)["bets"]
    assert (bet["game_id"], bet["market"], bet["side"], bet["line"]) == tuple(
        row[name] for name in ("game_id", "market", "side", "line")
    )
    assert (bet["stake"], bet["book"], bet["paper"], bet["source"]) == (5.0, "Pinnacle", True, "recommended")
    assert bet["probability"] == row["probability"]
    assert bet["model_version"] == row["model_version"]


def test_another_price_is_recorded_with_its_own_edge_and_never_as_real_money(opened, row):
    client, settings = opened
    assert record(client, row, price="+100", amount="3", on="money").status_code == 303
    (bet,) = busta.show_bets(settings)["bets"]
    assert bet["price"] == 2.0
    assert bet["edge"] == pytest.approx(row["probability"]["win"] - row["probability"]["lose"])
    assert bet["paper"] is True


@pytest.mark.parametrize(
    ("changed", "says"),
    [({"price": "-50"}, "price '-50' cannot be right"), ({"amount": "0"}, "stake 0"), ({"book": " "}, "book")],
)
def test_what_cannot_be_right_is_said_beside_the_form_and_kept(opened, row, changed, says):
    client, settings = opened
    answer = record(client, row, **changed)
    assert answer.status_code == 422
    assert says in words(answer)
    name, value = next(iter(changed.items()))
    assert fields(answer, "/bets")[name] == value
    assert busta.show_bets(settings)["bets"] == []


def test_a_forecast_that_has_changed_since_is_not_recorded(opened, row):
    client, settings = opened
    answer = record(client, row, said="home 3.5 9")
    assert answer.status_code == 409
    assert "has changed" in words(answer)
    assert record(client, row, game="nobody").status_code == 404
    assert busta.show_bets(settings)["bets"] == []


def test_no_form_is_taken_from_elsewhere(opened, row):
    client, settings = opened
    given = fields(unfolded(client, row), "/bets") | {"book": "Pinnacle"}
    for headers in (
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        assert client.post("/bets", data=given, headers=headers).status_code == 403
    for token in ("", "0" * 64, "\N{SNOWMAN}"):
        assert client.post("/bets", data=given | {"token": token}).status_code == 403
        assert client.post("/settle", data={"token": token}).status_code == 403
    assert client.post("/bets", json=given).status_code == 415
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/bets", content="a&b&c", headers=form).status_code == 400
    assert busta.show_bets(settings)["bets"] == []
    fine = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
    assert client.post("/bets", data=given, headers=fine).status_code == 303


def test_names_that_are_markup_are_shown_as_they_are(opened, row):
    client, _ = opened
    hostile = '"><script>alert(1)</script>'
    answer = record(client, row, book=hostile)
    page = client.get(answer.headers["location"])
    assert "<script>alert" not in page.text
    assert hostile in words(page)
    assert "<script>alert" not in client.get("/bets").text
    assert "<script>alert" not in client.get("/", params={"league": hostile}).text
    assert "<script>alert" not in client.get("/", params={"game": hostile, "kind": hostile}).text


def test_a_score_settles_the_bet_and_the_page_has_its_profit(opened, row):
    client, settings = opened
    assert row["market"] == "totals"
    record(client, row, amount="5")
    play(settings, **{row["game_id"]: (10, 7) if row["side"] == "under" else (40, 37)})
    answer = client.post("/settle", data=fields(client.get("/"), "/settle"))
    assert parse_qs(urlsplit(answer.headers["location"]).query)["settled"] == ["1"]
    said = words(client.get(answer.headers["location"]))
    assert "Settled: 1 bet" in said
    profit = 5 * (row["price"] - 1)
    assert f"+{profit:.2f}" in said
    assert "won" in said
    assert 'action="/settle"' not in client.get("/").text


def test_all_bets_are_listed_by_pages_and_by_money(opened, row):
    client, settings = opened
    for stake in range(1, 53):
        terms = {"price": "-110", "stake": stake, "book": "b", "paper": stake > 1, "league_name": "sim"}
        busta.record_bet(settings, "totals", row["game_id"], "over 44.5", **terms)
    assert "52 bets, page 1 of 2" in words(client.get("/bets"))
    assert "52 bets, page 2 of 2" in words(client.get("/bets?page=99"))
    assert "1 bet, page 1 of 1" in words(client.get("/bets?which=real"))
    assert client.get("/").text.count("<tr role") < 60


def test_without_models_the_page_says_what_to_do_and_shows_the_ledger(tmp_path):
    with asking(application(busta.load(home=tmp_path))) as client:
        answer = client.get("/", headers=HTML)
    assert answer.status_code == 200
    assert "Nothing is served yet" in words(answer)
    assert "busta train" in words(answer)
    assert "My bets" in words(answer)


def test_a_ledger_that_cannot_be_read_leaves_the_games(own, row):
    (own.home / "ledger.db").write_bytes(b"this is no database" * 100)
    with asking(application(own)) as client:
        client.headers.update(HTML)
        said = words(client.get("/"))
        assert "The ledger cannot be read" in said
        assert "All games" in said
        assert "No bet can be recorded" in words(unfolded(client, row))
        assert client.get("/bets").status_code == 503


def test_what_is_not_there_is_said_in_html_to_a_person_and_in_json_to_a_program(browser):
    answer = browser.get("/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "To the week's games" in words(answer)
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    other = browser.get("/nothing", headers={"accept": "*/*"})
    assert other.headers["content-type"] == "application/problem+json"
    assert browser.get("/v1/nothing").headers["content-type"] == "application/problem+json"
    wrong = browser.get("/", params={"league": "nba"})
    assert wrong.status_code == 400
    assert "Allowed: sim" in words(wrong)


def test_mlflow_is_linked_where_it_has_pages_and_without_its_password(served):
    uri = "https://me:secret@mlflow.example:5000/x?token=1"
    settings = served.model_copy(update={"tracking": served.tracking.model_copy(update={"tracking_uri": uri})})
    with asking(application(settings)) as client:
        text = client.get("/", headers=HTML).text
    assert 'href="https://mlflow.example:5000/x"' in text
    assert "secret" not in text


def test_a_model_that_is_fit_to_bet_may_be_bet_for_money_or_on_paper(own, row):
    for file in own.home.glob("serving/*/*/*/answers"):
        file.write_text(file.read_text().replace('"paper": true', '"paper": false'))
    with asking(application(own)) as client:
        client.headers.update(HTML)
        page = unfolded(client, row)
        assert 'value="money" checked' in page.text
        given = fields(page, "/bets") | {"book": "Pinnacle"}
        for money, stake in (("money", "5"), ("paper", "6")):
            assert client.post("/bets", data=given | {"on": money, "amount": stake}).status_code == 303
        said = words(client.get("/"))
    assert [(bet["paper"], bet["stake"]) for bet in busta.show_bets(own)["bets"]] == [(False, 5.0), (True, 6.0)]
    assert said.index("Real money") < said.index("On paper")


@pytest.mark.parametrize("left", ["price", "amount", "book", "game", "market", "said", "league", "kind", "week"])
def test_a_form_that_lacks_a_field_is_a_no_and_no_fault(opened, row, left):
    client, settings = opened
    given = fields(unfolded(client, row), "/bets") | {"book": "Pinnacle"}
    del given[left]
    answer = client.post("/bets", data=given)
    assert answer.status_code in ((303,) if left in ("league", "kind", "week") else (404, 409, 422))
    assert len(busta.show_bets(settings)["bets"]) == (answer.status_code == 303)


def test_a_game_that_has_begun_since_the_page_was_opened_takes_no_bet(opened, row):
    client, settings = opened
    given = fields(unfolded(client, row), "/bets") | {"book": "Pinnacle"}
    play(settings, **{row["game_id"]: (20, 17)})
    later = client.post("/bets", data=given)
    assert later.status_code == 422
    assert "Nothing was recorded" in words(later)
    assert "began at" in words(later)
    assert busta.show_bets(settings)["bets"] == []
