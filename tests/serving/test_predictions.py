from __future__ import annotations

import json

import mlflow
import numpy as np
import pandas as pd
import pytest

import busta
from busta.betting.distribution import Discretised
from busta.data.publish import current
from busta.ledger.storage import Ledger
from busta.models.portable import LINE, OFFSET
from busta.registry.connect import connect
from busta.serving import slate
from workspaces import CURRENT, KINDS

KIND = {"information": "anchored", "price": "close"}


def kind_of(name):
    options = KINDS[name]
    return {
        "information": "blind" if options.get("blind") else "anchored",
        "price": options.get("moment", "close"),
    }


def post(client, **body):
    return client.post("/v1/predictions", json=body)


def slate_of(settings, kind):
    return slate.read(current(settings.home / "serving" / f"sim-{kind['information']}-{kind['price']}"))


@pytest.mark.parametrize("name", KINDS)
def test_features_get_the_answer_of_the_registered_pyfunc(client, served, name):
    market, kind = name.partition("-")[0], kind_of(name)
    model = slate_of(served, kind).markets[market]
    rng, features = np.random.default_rng(0), model.about["features"]
    frame = pd.DataFrame(rng.normal(size=(40, len(features))) * 3, columns=features)
    frame = frame.mask(rng.random(frame.shape) < 0.1)
    frame[OFFSET] = rng.normal(size=40)
    frame[LINE] = np.round(rng.normal(0 if market == "ats" else 45, 6, 40) * 2) / 2
    mlflow.set_tracking_uri(connect(served).uri)
    registered = mlflow.pyfunc.load_model(f"models:/{model.about['model']}/{model.about['version']}")
    signed = registered.metadata.signature.inputs.input_names()
    wanted = registered.predict(frame[signed])

    rows = json.loads(frame.to_json(orient="records", double_precision=15))
    inputs = [{"market": market, "features": row, "line": row[LINE]} for row in rows]
    answer = post(client, inputs=inputs, **kind).json()["predictions"]

    given = np.array([row["given_no_push"] for row in answer])
    assert np.abs(given - wanted).max() < 1e-6
    distribution = Discretised.from_dict(model.model.portable.spec["distribution"])
    line = frame[LINE].to_numpy() if model.about["has_line"] else np.zeros(40)
    triples = np.array([list(row["probability"].values()) for row in answer])
    assert np.abs(triples - distribution.split(wanted, line)).max() < 1e-6
    missing = [list(frame.columns[:-2][row]) for row in frame[features].isna().to_numpy()]
    assert [row["missing"] for row in answer] == missing


def test_one_game_alone_gets_the_bits_it_gets_among_others(client):
    inputs = [
        {"market": "ats", "features": {"power_rating_diff": x}, "line": 3, "prices": [1.9, 2.0]} for x in (1, 2, 3)
    ]
    together = post(client, inputs=inputs).json()["predictions"]
    alone = [post(client, **each).json()["predictions"][0] for each in inputs]
    assert together == alone


def test_prices_are_freed_of_their_vig_as_the_version_learned(client):
    by_price = post(client, market="moneyline", features={}, prices=[1.8, 2.2]).json()["predictions"][0]
    p = (1 / 1.8) / (1 / 1.8 + 1 / 2.2)
    told = post(client, market="moneyline", features={OFFSET: float(np.log(p / (1 - p)))}).json()["predictions"][0]
    assert by_price["given_no_push"] == pytest.approx(told["given_no_push"], abs=1e-12)


@pytest.mark.parametrize("name", KINDS)
def test_games_get_what_predict_says(client, served, name):
    market, options = name.partition("-")[0], KINDS[name]
    for week in (f"{CURRENT}-03", f"{CURRENT - 1}-05"):
        said = busta.predict(served, market, busta.Wanted(week=week), "sim", **options)
        ids = [row["game_id"] for row in said["predictions"]]
        answer = post(client, games=ids, markets=[market], **kind_of(name)).json()
        assert answer["versions"][market] == said["model_version"]
        for row, other in zip(answer["predictions"], said["predictions"], strict=True):
            assert set(row) - {"missing"} == set(other)
            assert row["probability"] == pytest.approx(other["probability"], abs=1e-12)
            assert {k: row[k] for k in ("side", "line", "price", "out_of_fold", "read_from", "abstain_reason")} == {
                k: other[k] for k in ("side", "line", "price", "out_of_fold", "read_from", "abstain_reason")
            }


def test_a_game_the_model_learned_from_gets_what_was_said_before_it_had(client, served):
    game = busta.predict(served, "ats", busta.Wanted(week=f"{CURRENT - 1}-05"), "sim")["predictions"][0]["game_id"]
    (row,) = post(client, games=[game], markets=["ats"]).json()["predictions"]
    assert row["out_of_fold"]
    assert row["read_from"] == "stored"


def test_every_market_answers_unless_some_are_named(client):
    game = client.get("/v1/games").json()["games"][0]["game_id"]
    assert [row["market"] for row in post(client, games=[game]).json()["predictions"]] == ["moneyline", "ats", "totals"]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({}, 422, "give one of games, features and inputs"),
        ({"games": ["x"], "inputs": [{"market": "ats", "features": {}}]}, 422, "not games and inputs"),
        ({"games": ["nobody"]}, 404, "no game 'nobody'; give an id such as"),
        ({"games": []}, 422, "at least 1"),
        ({"games": ["x"], "markets": ["ats2"]}, 400, "did you mean 'ats'"),
        ({"games": ["x"], "league": "nba"}, 400, "Allowed: sim"),
        ({"games": ["x"], "price": "noon"}, 422, "'close' or 'open'"),
        ({"games": ["x"] * 1001}, 413, "at most 1000"),
        ({"games": ["x"], "gmaes": 1}, 422, "gmaes"),
        ({"market": "ats", "features": {"nonsense": 1}, "line": 1, "prices": [2, 2]}, 400, "it reads: "),
        ({"market": "ats", "features": {}, "prices": [2, 2]}, 400, "give line"),
        ({"market": "ats", "features": {LINE: 3.3}, "prices": [2, 2]}, 400, "neither whole nor half"),
        ({"market": "ats", "features": {}, "line": 3.25, "prices": [2, 2]}, 422, "multiple of 0.5"),
        ({"market": "ats", "features": {}, "line": 3}, 400, "give both prices"),
        ({"market": "ats", "features": {}, "line": 3, "prices": [2, 1]}, 422, "greater than 1"),
        ({"market": "ats", "features": {"elo_diff": "7"}, "line": 3}, 422, "valid number"),
        ({"features": {}}, 422, "market and features"),
        ({"games": ["x"], "line": 3}, 422, "go with features"),
        ({"market": "ats", "features": {}, "record": True}, 422, "go with games"),
    ],
)
def test_what_cannot_be_right_is_told_what_is_allowed(client, body, status, says):
    answer = post(client, **body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{", b'{"games":', b'"games"', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000,
        b'{"games":["x"],"league":' + b"9" * 100_000 + b"}",
        b'{"market":"ats","features":{"elo_diff":NaN},"line":3}',
        b'{"market":"ats","features":{"elo_diff":Infinity},"line":3}',
        b'{"market":"ats","features":{"elo_diff":1e999},"line":3}',
        b'{"market":"ats","features":{"elo_diff":' + b"9" * 5000 + b'},"line":3}',
        b'{"games":["\\ud800"]}', b'{"games":["a\\u0000b"]}',
    ],
)  # fmt: skip
def test_a_hostile_body_is_the_clients_mistake(client, body):
    answer = client.post("/v1/predictions", content=body, headers={"content-type": "application/json"})
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_recorded_is_recorded_once(client, served):
    game = client.get("/v1/games").json()["games"][0]["game_id"]
    recorded = []
    for _ in range(2):
        answer = post(client, games=[game], markets=["ats"], record=True).json()
        recorded.append(answer["recorded"])
    with Ledger.open(served.home / "ledger.db") as ledger:
        found = [entry for entry in ledger.read("prediction") if entry.body["game_id"] == game]
        assert ledger.verify().problems == ()
    (entry,) = found
    said = {"seq": entry.seq, "key": entry.key, "hash": entry.hash}
    assert recorded == [[said | {"new": True}], [said | {"new": False}]]
    assert entry.body["gold_version"] == answer["gold_version"]
    assert {**answer["predictions"][0], "league": "sim"}.items() <= entry.body.items()
