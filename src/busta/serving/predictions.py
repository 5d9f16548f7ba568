"""Predictions asked for: a body of JSON in, a body of JSON out, in well under a millisecond."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from busta.errors import unknown
from busta.ledger.predictions import prediction
from busta.serving.model import Asked
from busta.serving.problems import Problem, of_validation
from busta.serving.schemas import PredictionRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from busta.ledger.chain import Draft, Entry
    from busta.serving.schemas import Input
    from busta.serving.slate import Slate

__all__ = ["asked_for", "drafts", "joined", "market", "of_features", "of_games", "the_game"]


def asked_for(body: bytes, most: int) -> PredictionRequest:
    """What the body asks for.

    Raises:
        Problem: It is no such request, or asks for more than so many games at once.
    """
    try:
        asked = PredictionRequest.model_validate_json(body)
    except ValidationError as exc:
        raise of_validation(exc) from exc
    count = len(asked.games or asked.inputs or ())
    if count > most:
        raise Problem(413, f"{count} games at once; at most {most} are allowed (serve.batch): ask for them in parts")
    return asked


def of_games(slate: Slate, games: Sequence[str], markets: Sequence[str] | None) -> list[bytes]:
    """The stored answers, a game after the other.

    Raises:
        Problem: There is no such game.
        UsageError: No such market is served.
    """
    wanted = [market(slate, name).predictions for name in markets or slate.markets]
    found: list[bytes] = []
    for game in games:
        for answers in wanted:
            answer = answers.get(game)
            if answer is None:
                raise the_game(slate, game)
            found.append(answer)
    return found


def the_game(slate: Slate, game: str) -> Problem:
    """The problem that there is no such game."""
    last = slate.games[-1]["game_id"] if slate.games else "none"
    league = slate.about["league"]
    return Problem(404, f"{league} has no game {game!r}; give an id such as {last}, /v1/games lists them")


def market(slate: Slate, name: str) -> Any:
    """What is said of a market.

    Raises:
        UsageError: It is not served.
    """
    found = slate.markets.get(name)
    if found is None:
        raise unknown("market", name, slate.markets)
    return found


def of_features(slate: Slate, inputs: Sequence[Input]) -> list[bytes]:
    """The models' own answers to features that are given, each as if it stood alone.

    Raises:
        UsageError: A market that is not served, a feature the model does not know, or no line or prices where it
            needs them.
    """
    places: dict[str, list[int]] = {}
    for place, each in enumerate(inputs):
        places.setdefault(each.market, []).append(place)
    found: dict[int, bytes] = {}
    for name, those in places.items():
        asked = [Asked(inputs[place].features, inputs[place].line, inputs[place].prices) for place in those]
        answers = market(slate, name).model.ask(asked)
        found |= {place: json.dumps(answer).encode() for place, answer in zip(those, answers, strict=True)}
    return [found[place] for place in range(len(inputs))]


def joined(slate: Slate, found: Sequence[bytes], recorded: Sequence[Entry] | None = None) -> bytes:
    """The whole answer, with the ledger's entries of what was recorded."""
    tail = b"]}"
    if recorded is not None:
        entries = [{"seq": each.seq, "key": each.key, "hash": each.hash, "new": each.new} for each in recorded]
        tail = b'], "recorded": ' + json.dumps(entries).encode() + b"}"
    return slate.head + b",".join(found) + tail


def drafts(slate: Slate, found: Sequence[bytes]) -> list[Draft]:
    """Those answers as the ledger keeps them; the same prediction twice is one entry."""
    of_all = {
        "league": slate.about["league"],
        "information": slate.about["information"],
        "moment": slate.about["price"],
        "gold_version": slate.about["gold_version"],
    }
    names = {name: answers.about["model"] for name, answers in slate.markets.items()}
    bodies = [of_all | {"model": names[row["market"]]} | row for row in map(json.loads, found)]
    return [prediction(body) for body in bodies]
