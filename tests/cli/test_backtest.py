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
    scores = next(place for place, line in enumerate(lines) if "games scored" in line)
    for name in ("model ", "closing line ", "opening line "):
        assert row_of(lines[scores:], name).count(" to ") == 2  # intervals of log loss and accuracy
    assert "sensitivity: one flat unit a bet, whatever the stakes" in answer.out
    assert "vig removed: odds ratio" in answer.out
    assert "prices pay 5% less" in answer.out
    assert "flat stakes from a bankroll of 100" in answer.out
    assert "note, champion: there is no champion yet" in answer.out
    assert "note, by_season" not in answer.out


def row_of(lines, name):
    """The first row of that name."""
    return next(line for line in lines if line.lstrip().startswith(name))


def test_a_hit_rate_stands_beside_the_one_to_break_even(run):
    figures = run("backtest", "moneyline", *SIM, "--blind", "--json").json["figures"]
    lines = run("backtest", "moneyline", *SIM, "--blind").out.splitlines()

    assert "hit rate  break-even  line's" in row_of(lines, "bets")
    rates = [f"{figures[name]:.1%}" for name in ("hit_rate", "break_even_hit_rate", "closing_line_hit_rate")]
    assert row_of(lines, "model").split()[3:6] == rates


def test_closing_line_value_has_its_interval_and_coverage_where_there_is_a_later_close(run):
    blind = ("backtest", "moneyline", *SIM, "--blind", "--price")
    at_open, at_close = run(*blind, "open"), run(*blind, "close")
    figures = run(*blind, "open", "--json").json["figures"]

    lines = at_open.out.splitlines()
    assert row_of(lines, "bets").split()[-6:] == ["CLV", "95", "%", "of", "CLV", "closes"]
    value, low, to, high, coverage = row_of(lines, "model").split()[-5:]
    assert [value, low, to, high] == [
        f"{figures['clv']:+.1%}",
        f"{figures['clv_low']:+.1%}",
        "to",
        f"{figures['clv_high']:+.1%}",
    ]
    assert coverage == f"{figures['clv_coverage']:.0%}"
    assert "CLV" not in at_close.out


def test_rules_that_are_not_those_of_the_training_are_said(run):
    answer = run("backtest", "ats", *SIM, "--min-edge", "0.03")
    says = "bets by today's min_edge = 0.03; the version was judged by min_edge = 0.02"

    assert f"note, rules: {says}" in answer.out
    assert run("backtest", "ats", *SIM, "--min-edge", "0.03", "--json").json["notes"]["rules"] == says
    assert "rules" not in run("backtest", "ats", *SIM, "--json").json["notes"]


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


def test_no_bets_print_why_and_little_else(run):
    answer = run("backtest", "totals", *SIM, "--min-edge", "0.9")

    assert answer.code == 0, answer.err
    *_, why, rules = answer.out.splitlines()
    assert why.startswith("no bet was placed: ")
    assert why.endswith("edge below 90.0%")
    assert rules.startswith("note, rules: bets by today's min_edge = 0.9")
    for word in ("same bets", "stakes from", "sensitivity", "Sharpe", "needed", "not bet"):
        assert word not in answer.out


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
