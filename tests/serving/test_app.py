from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

import busta
from busta.serving import app
from workspaces import CURRENT


@pytest.fixture(scope="module")
def game(served):
    return busta.predict(served, "ats", busta.Wanted(week=f"{CURRENT}-03"), "sim")["predictions"][0]["game_id"]


@pytest.mark.parametrize("kind", [("anchored", "close"), ("blind", "close")])
def test_prices_are_those_of_busta_price(client, served, game, kind):
    said = busta.price(served, game, "sim", blind=kind[0] == "blind", spreads=["-3"], totals=[44.5])
    about = {"information": kind[0], "price": kind[1]}
    answer = client.get(f"/v1/prices/{game}", params={"spread": "-3", "total": 44.5, **about}).json()
    assert answer["fair"] == pytest.approx(said["fair"])
    for name in ("prices", "parlays", "team_totals", "winning_margins"):
        assert len(answer[name]) == len(said[name])
        for row, other in zip(answer[name], said[name], strict=True):
            assert row["probability"] == pytest.approx(other["probability"], abs=1e-9)
    assert answer["out_of_fold"] == said["out_of_fold"]
    assert answer["notes"] == said["notes"]


@pytest.mark.parametrize("market", ["moneyline", "ats", "totals"])
@pytest.mark.parametrize("week", [f"{CURRENT}-03", f"{CURRENT - 1}-05"])
def test_explanations_are_those_of_busta_explain(client, served, market, week):
    game = busta.predict(served, market, busta.Wanted(week=week), "sim")["predictions"][0]["game_id"]
    said = busta.explain(served, market, game, "sim")
    answer = client.get(f"/v1/explanations/{game}", params={"market": market}).json()
    assert answer["parts"] == pytest.approx(said["parts"], abs=1e-9)
    assert answer["probability"] == pytest.approx(said["probability"])
    assert [row["feature"] for row in answer["features"]] == [row["feature"] for row in said["features"]]
    assert answer["log_odds"] == pytest.approx(sum(answer["parts"].values()))


def test_games_are_listed_by_week_and_by_day(client):
    week = client.get("/v1/games", params={"week": f"{CURRENT}-3"}).json()["games"]
    assert {(row["season"], row["week"]) for row in week} == {(CURRENT, 3)}
    day = client.get("/v1/games", params={"date": week[0]["day"]}).json()["games"]
    assert {row["day"] for row in day} == {week[0]["day"]}
    assert client.get("/v1/games", params={"week": "1900-01"}).json()["games"] == []
    assert client.get("/v1/games", params={"week": f"{CURRENT}-3", "date": "2014-01-01"}).status_code == 400


def test_markets_and_models_are_listed(client, served):
    markets = client.get("/v1/markets").json()["markets"]
    assert {row["market"] for row in markets} == {"moneyline", "ats", "totals"}
    models = client.get("/v1/models", params={"league": "sim"}).json()
    assert {row["model"] for row in models["models"]} == {row["model"] for row in busta.list_models(served)}
    assert models["refused"] == []


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/v1/prices/nobody", 404, "no game 'nobody'"),
        ("/v1/explanations/nobody", 404, "no game 'nobody'"),
        ("/v1/games?week=x", 422, "week"),
        ("/v1/games?league=nba", 400, "Allowed: sim"),
        ("/v1/models?league=nba", 400, "Allowed: sim"),
        ("/v1/nothing", 404, "Not Found"),
        ("/v2/games", 404, "Not Found"),
        ("/docs", 404, "Not Found"),
    ],
)
def test_what_is_not_there_is_said_to_be_so(client, path, status, says):
    answer = client.get(path)
    assert answer.status_code == status
    assert says in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_market_that_is_no_name_is_told_the_names(client, game):
    assert "did you mean" in client.get(f"/v1/explanations/{game}?market=moneylin").json()["detail"]
    assert "cannot be right" in client.get(f"/v1/prices/{game}?spread=-3.3").json()["detail"]
    assert client.post(f"/v1/prices/{game}").status_code == 405


def test_health_and_metrics_tell_what_is_served(client):
    assert client.get("/health/live").json() == {"status": "live"}
    ready = client.get("/health/ready").json()
    assert ready["slates"]["sim-anchored-close"] == {"moneyline": "1", "ats": "1", "totals": "1"}
    text = client.get("/metrics").text
    assert 'busta_model_info{model="busta-sim-ats",role="challenger",version="1"} 1.0' in text
    assert 'route="/health/ready",status="200"' in text
    assert "nobody" not in text  # what a client makes up is no label


def test_the_document_describes_what_is_there(client):
    document = client.get("/openapi.json").json()
    assert set(document["paths"]) == {
        "/v1/predictions", "/v1/bets", "/v1/games", "/v1/markets", "/v1/models", "/v1/prices/{game}",
        "/v1/explanations/{game}", "/v1/keys", "/v1/keys/{key}", "/health/live", "/health/ready", "/metrics",
    }  # fmt: skip
    body = document["paths"]["/v1/predictions"]["post"]["requestBody"]["content"]["application/json"]
    assert body["examples"]["games"]["value"]["games"]


def test_a_worker_of_several_shares_its_counts_again_and_again(monkeypatch):
    monkeypatch.setattr(app, "SECONDS", 0.0)
    told = []

    class Counts:
        @property
        def shared(self):
            return len(told) < 3

        def tell(self):
            told.append(1)

    asyncio.run(app._tell(SimpleNamespace(metrics=Counts())))
    assert len(told) == 3
