"""busta backtest."""

from __future__ import annotations

import pytest

SIM = ("--league", "sim")


def test_the_table_has_the_model_beside_every_strategy_and_the_closing_line(run):
    answer = run("backtest", "moneyline", *SIM, "--blind", "--price", "open")

    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    for name in ("model ", "home ", "away ", "favourite ", "underdog ", "coin ", "coin, same bets", "95 % of coin "):
        assert any(line.startswith(name) for line in lines), name
    assert "closing line: log loss" in answer.out
    assert "vig removed: odds ratio" in answer.out
    assert "prices pay 5% less" in answer.out
    assert "flat stakes from a bankroll of 100" in answer.out
    assert "note, champion: there is no champion yet" in answer.out


def test_options_are_the_rules_of_the_back_test(run):
    found = run(
        *("backtest", "ats", *SIM, "--stakes", "proportional", "--min-edge", "0.01", "--max-edge", "0.3"),
        *("--strongest", "0.8", "--no-assumed-prices", "--bankroll", "1000", "--slippage", "0.01"),
        *("--season", "2012", "--season", "2013", "--side", "home", "--underdog", "--model", "1", "--json"),
    ).json

    assert found["rules"] == found["rules"] | {
        "stakes": "proportional",
        "min_edge": 0.01,
        "max_edge": 0.3,
        "strongest": 0.8,
        "assumed_prices": False,
        "bankroll": 1000,
        "slippage": 0.01,
        "seasons": [2012, 2013],
        "side": "home",
        "role": "underdog",
    }


def test_a_favourite_is_one_word(run):
    assert run("backtest", "ats", *SIM, "--favourite", "--json").json["rules"]["role"] == "favourite"


def test_no_bets_print_dashes_and_their_reason(run):
    answer = run("backtest", "totals", *SIM, "--min-edge", "0.9")

    assert answer.code == 0, answer.err
    assert "no bet was placed" in answer.out
    assert "not bet: " in answer.out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--stakes", "all-in"), "bets.stakes = 'all-in'"),
        (("--min-edge", "nan"), "bets.min_edge"),
        (("--bankroll", "-5"), "bets.bankroll = -5"),
        (("--bankroll", "inf"), "bankroll"),
        (("--slippage", "1.5"), "bets.slippage"),
        (("--max-edge", "0.001"), "max edge 0.001 is below the min edge"),
        (("--season", "1999"), "unknown season '1999'"),
        (("--team", "nobody"), "unknown sim team 'nobody'"),
        (("--side", "over"), "unknown side of ats 'over'"),
        (("--model", "99"), "no version '99'"),
    ],
)
def test_what_cannot_be_is_refused_with_what_is_allowed(run, options, says):
    answer = run("backtest", "ats", *SIM, *options)

    assert answer.code == 2
    assert says in answer.err
    assert answer.out == ""
