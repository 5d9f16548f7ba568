from __future__ import annotations

import json

import polars as pl
import pytest

import busta
from busta.data.tables import Tables
from busta.workflows.bets.slip import Board
from support import play

OVER = ("--price", "-110", "--stake", "5", "--book", "pinnacle", "--league", "sim")


@pytest.fixture
def home(tmp_path, world):
    """A workspace that has the tables of a small simulated league, and nothing else."""
    Tables(busta.load(home=tmp_path).tables / "sim").update(world)
    return tmp_path


@pytest.fixture
def run(busta_in, home):
    return lambda *arguments: busta_in(home, *arguments)


@pytest.fixture
def game(home):
    games = Board(busta.load(home=home), "sim").games
    return games.filter(pl.col("home_score").is_null()).sort("kickoff")["game_id"][0]


def test_a_bet_goes_from_its_record_to_a_figure(run, game):
    first = run("bets", "record", "totals", game, "over 44.5", *OVER, "--real")
    assert (first.code, first.out.splitlines()[0][:10]) == (0, "recorded: ")
    assert f"{game} over 44.5 -110, 5 real at pinnacle, key " in first.out
    again = run("bets", "record", "over-under", game, "over 44.5", *OVER, "--real")
    assert again.out.startswith("recorded already: ")
    paper = run("bets", "record", "moneyline", game, "home", *OVER, "--paper", "--json").json
    assert paper["recorded"] == 1

    assert "0 settled, 0 settled anew, 2 waiting" in run("bets", "settle").out
    key = paper["bets"][0]["key"]
    assert f"void: {game} " in run("bets", "void", key, "--reason", "abandoned").out
    shown = run("bets", "show").out
    assert "real: bankroll 100.00 (begun with 100.00), open bets: 1 with 5.00 on them" in shown
    assert "paper: bankroll 100.00" in shown
    assert run("bets", "show", "--json").json["bets"][1]["state"] == "void"


def test_a_late_bet_is_settled_and_shown(run, home):
    played = Board(busta.load(home=home), "sim").games.filter(pl.col("home_score").is_not_null()).row(-1, named=True)
    bet = ("bets", "record", "totals", played["game_id"], "over 44.5", *OVER, "--real")
    refused = run(*bet)
    assert (refused.code, "--late TIME says when" in refused.err) == (2, True)
    early = f"{played['kickoff']:%Y-%m-%d}T00:00Z"
    assert run(*bet, "--late", early).code == 0
    assert "1 settled, 0 settled anew, 0 waiting" in run("bets", "settle").out
    shown = run("bets", "show").out
    assert "draw-down" in shown
    assert "fewer than 20 bets with a stake" in shown


def test_what_was_settled_anew_is_shown_with_what_it_was(run, home, game):
    settings = busta.load(home=home)
    (home / "busta.toml").write_text("[ledger]\nbooks = { pinnacle = 2.0 }\n")
    said = run("bets", "record", "totals", game, "over 44.5", *OVER, "--real")
    assert "note: stake 5 is above the 2 that pinnacle takes by ledger.books" in said.out
    play(settings, **{game: (30, 20)})
    assert f"won +4.55: {game} over 44.5 -110, 5 real at pinnacle, result 50" in run("bets", "settle").out
    play(settings, **{game: (20, 20)})
    anew = run("bets", "settle").out
    assert f"settled anew: {game} over 44.5 -110, 5 real at pinnacle: was +4.55 at 50, is -5.00 at 40" in anew
    play(settings, **{game: None})
    assert "is - at no score" in run("bets", "settle").out


def test_money_is_put_in_and_taken_out(run):
    assert "moved +50: bankroll 150.00" in run("bets", "bankroll", "+50", "--key", "a").out
    assert "moved already +50" in run("bets", "bankroll", "50", "--key", "a").out
    assert run("bets", "bankroll", "-30", "--paper", "--json").json["bankroll"] == 70
    assert run("bets", "bankroll", "-300").code == 2


def test_verify_exits_3_where_the_chain_is_not_sound(run, game):
    run("bets", "record", "totals", game, "over 44.5", *OVER, "--real")
    sound = run("bets", "verify")
    assert (sound.code, "1 entries, the chain is sound" in sound.out) == (0, True)
    head = run("bets", "verify", "--json").json["head"]
    assert run("bets", "verify", "--head", head).code == 0
    assert run("bets", "verify", "--head", "abc").code == 2
    wrong = run("bets", "verify", "--head", "f" * 64)
    assert (wrong.code, "its end was cut off or rewritten" in wrong.out) == (3, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("record",), "MARKET, GAME, PICK, --price, --stake, --paper or --real, --book missing"),
        (("record", "totals", "--from", "f.json", "--book", "x"), "with --from, MARKET cannot be given"),
        (("record", "--from", "nosuch.json", "--book", "x"), "cannot read nosuch.json"),
        (("void",), "say which bets"),
        (("bankroll", "much"), "amount much cannot be right"),
    ],
)
def test_a_command_that_cannot_be_right_says_what_is_needed(run, arguments, words):
    answer = run("bets", *arguments)

    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err


def test_a_file_that_is_no_recommendation_is_refused(run, tmp_path):
    for text, code, words in (
        ("{", 4, "is no JSON"),
        ("[]", 2, "nothing `busta bets recommend"),
        ("{}", 2, "is missing"),
    ):
        (tmp_path / "slate.json").write_text(text)
        answer = run("bets", "record", "--from", tmp_path / "slate.json", "--book", "x")
        assert (answer.code, words in answer.err) == (code, True)


def test_an_address_with_a_password_is_never_shown(run, monkeypatch):
    monkeypatch.setenv("BUSTA_LEDGER__URL", "postgresql://me:hunter2@127.0.0.1:9/db")
    for extra in ((), ("--debug",)):
        answer = run("bets", "show", *extra)
        assert answer.code == 5
        assert "check ledger.url and that the database runs" in answer.err
        assert "hunter2" not in answer.err + answer.out


def test_what_is_printed_for_programs_is_one_object(run, game):
    answer = run("bets", "record", "totals", game, "over 44.5", *OVER, "--real", "--json")

    assert json.loads(answer.out)["bets"][0]["key"]


def test_bets_are_recommended_shown_and_recorded_from_the_file_of_the_recommendation(busta_in, borrowed, tmp_path):
    home, week = borrowed.home, ("--week", "2014-18", "--league", "sim")
    (home / "busta.toml").write_text(
        (home / "busta.toml").read_text() + "[bets]\nmin_edge = 0.0\nkelly_fraction = 1.0\n"
    )
    shown = busta_in(home, "bets", "recommend", *week)
    assert shown.code == 0
    assert "real: 0 bets, 0.00 of 100.00" in shown.out
    assert " not bet: edge < 0.0%" in shown.out
    answer = busta_in(home, "bets", "recommend", "totals", "over-under", *week, "--book", "x", "--json")
    (tmp_path / "slate.json").write_text(answer.out)
    count = len(answer.json["bets"])
    assert count > 0

    written = busta_in(home, "bets", "record", "--from", tmp_path / "slate.json", "--book", "x")
    assert written.out.count("recorded: ") == count
    again = busta_in(home, "bets", "record", "--from", tmp_path / "slate.json", "--book", "x")
    assert again.out.count("recorded already: ") == count
    assert f"open bets: {count} with " in busta_in(home, "bets", "show").out


def test_bets_go_out_to_a_file_and_come_in_from_one(run, game, home, tmp_path):
    run("bets", "record", "totals", game, "over 44.5", *OVER, "--real")
    assert run("bets", "export", tmp_path / "bets.csv").out.startswith(
        f"wrote 1 bets to {tmp_path / 'bets.csv'}; head "
    )
    fields = ("key", "market", "pick", "price", "stake", "book", "placed_at", "paper")
    mapping = '[columns]\ngame = "game_id"\n' + "\n".join(f'{field} = "{field}"' for field in fields)
    (tmp_path / "map.toml").write_text(f'{mapping}\n[defaults]\nleague = "sim"\n')
    answer = run("bets", "import", tmp_path / "bets.csv", "--map", tmp_path / "map.toml")

    assert answer.out.startswith("1 rows: 0 recorded, 1 there already, 0 refused; head ")
