"""What a walk forward is worth."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from busta.models.walk import Walk, walk
from busta.performance.evaluation import evaluate
from busta.scoring.proper import log_loss
from busta.settings import Bets, Train
from support import planted

DATA = planted(seasons=4, weeks=12, per_week=16, signal=0.8)
TRUTH = 1 / (1 + np.exp(-(DATA.market_log_odds + 0.8 * DATA.X[:, 0])))
CLOSE = 1 / (1 + np.exp(-DATA.market_log_odds))


def walk_of(p, data=DATA):
    """A walk forward that came out with these probabilities."""
    count = len(data)
    close = 1 / (1 + np.exp(-data.market_log_odds))
    opening = {"opening_line": close} if data.moment == "open" else {}
    others = {
        "closing_line": close,
        **opening,
        "elo": np.full(count, 0.45),
        "favourite": close,
        "home": np.full(count, 0.55),
    }
    return Walk(
        folds=[],
        rows=np.arange(count),
        fold=np.zeros(count, dtype=np.int64),
        probability=p,
        triples=np.column_stack([p, np.zeros(count), 1 - p]),
        baselines=others,
        closing=np.column_stack([close, np.zeros(count), 1 - close]),
        member_log_odds=np.zeros((count, 2)),
        weights=np.zeros((1, 2)),
        importances=np.zeros((1, 4)),
        final=None,
    )


@pytest.fixture(scope="module")
def found():
    """The evaluation of a model that knows the truth."""
    return evaluate(walk_of(TRUTH), DATA, Bets())


def worse():
    return 1 / (1 + np.exp(-(DATA.market_log_odds - 0.8 * DATA.X[:, 0])))


@pytest.mark.parametrize(
    ("p", "says"),
    [
        (TRUTH, "better than the closing line on these games; not yet put to a gate"),
        (worse(), "worse than the closing line"),
        (CLOSE, "not proven: no better and no worse than the closing line"),
    ],
    ids=["better", "worse", "equal"],
)
def test_the_verdict_says_what_was_planted(p, says):
    assert evaluate(walk_of(p), DATA, Bets()).verdict == says


def test_the_difference_is_that_of_the_two_log_losses_with_its_interval(found):
    y = DATA.y
    gap = found.metrics["log_loss"] - found.baselines["closing_line"]["log_loss"]
    assert found.metrics["log_loss"] == log_loss(TRUTH, y)
    assert found.difference["log_loss"] == pytest.approx(gap)
    assert found.difference["low"] < gap < found.difference["high"] < 0


def test_a_single_week_proves_nothing():
    week = DATA.take(DATA.weeks == DATA.weeks[0])
    told = evaluate(walk_of(TRUTH[: len(week)], week), week, Bets())
    assert told.verdict == "not proven: too few games"
    assert told.difference["low"] is None
    assert "single week" in told.notes["roi_low"] == told.notes["roi_high"]


def test_the_closing_line_stands_beside_the_model_in_every_score(found):
    scores = ("log_loss", "brier", "accuracy", "precision", "recall", "auc", "ece", "calibration_slope")
    assert tuple(found.baselines) == ("closing_line", "elo", "favourite", "home")
    for name in scores:
        assert found.metrics[name] is not None
        assert found.baselines["closing_line"][name] is not None
    assert found.metrics["auc"] > found.baselines["closing_line"]["auc"]
    for row in found.by_season:
        assert row["closing_line_log_loss"] > row["log_loss"]
        assert row["closing_line_brier"] > row["brier"]


def test_model_and_baselines_have_the_same_figures(found):
    for figures in found.baselines.values():
        assert figures.keys() == found.metrics.keys()
    wanted = {"bets", "pushes", "turnover", "unit_profit", "roi", "roi_low", "roi_high", "kelly_growth",
              "max_drawdown", "clv", "clv_coverage"}  # fmt: skip
    assert wanted <= found.metrics.keys()


def missing_notes(told):
    """Figures that are null without a reason."""
    missing = [name for name, value in told.metrics.items() if value is None and not told.notes.get(name)]
    for name, figures in told.baselines.items():
        reason = told.notes.get(f"baselines.{name}", "") + " ".join(
            n for n in ("clv", "clv_coverage") if n in told.notes
        )
        missing += [f"{name}.{figure}" for figure, value in figures.items() if value is None and figure not in reason]
    seasons = {name for row in told.by_season for name, value in row.items() if value is None}
    return missing + [f"by_season.{name}" for name in seasons if name not in told.notes.get("by_season", "")]


def unpriced():
    odds = DATA.market_log_odds.copy()
    odds[::3] = np.nan
    return replace(DATA, market_log_odds=odds, blind=True)


@pytest.mark.parametrize(
    ("p", "data", "settings"),
    [
        (TRUTH, DATA, Bets()),
        (CLOSE, DATA, Bets()),
        (TRUTH, DATA, Bets(min_edge=0.99)),
        (np.full(len(DATA), 0.5), DATA, Bets()),
        (np.full(len(DATA), 0.4), DATA, Bets()),
        (TRUTH, unpriced(), Bets()),
        (TRUTH, replace(DATA, prices=np.full((len(DATA), 2), np.nan)), Bets()),
        (TRUTH, replace(DATA, moment="open"), Bets()),
        (TRUTH, replace(DATA, y=np.zeros(len(DATA)), value=np.full(len(DATA), -3.0)), Bets()),
        (TRUTH, replace(DATA, y=np.full(len(DATA), np.nan), value=np.zeros(len(DATA))), Bets()),
        (TRUTH, replace(DATA, market_log_odds=np.full(len(DATA), np.nan), blind=True), Bets()),
    ],
    ids=["plain", "as the close", "no bet", "a half", "never first", "unpriced", "no prices", "open", "lost", "pushed",
         "no market"],
)  # fmt: skip
def test_every_figure_that_is_null_has_its_reason_and_all_of_it_is_json(p, data, settings):
    told = evaluate(walk_of(p, data), data, settings)
    assert missing_notes(told) == []
    plain = {name: value for name, value in asdict(told).items() if name != "bets"}
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert all(told.notes.values())


def test_no_bet_is_the_reason_where_no_bet_was_made():
    told = evaluate(walk_of(TRUTH), DATA, Bets(min_edge=0.99))
    assert told.metrics["bets"] == 0
    assert told.metrics["turnover"] == 0
    for name in ("roi", "roi_low", "roi_high", "hit_rate", "kelly_growth", "max_drawdown"):
        assert told.metrics[name] is None
        assert told.notes[name].startswith("no bet had the edge asked for")
    assert "kelly_growth, max_drawdown: no bet had the edge" in told.notes["by_season"]


def test_without_any_price_of_the_market_the_model_is_scored_and_the_closing_line_is_not():
    nothing = np.full(len(DATA), np.nan)
    data = replace(DATA, market_log_odds=nothing, closing_log_odds=nothing, blind=True)
    told = evaluate(walk_of(TRUTH, data), data, Bets())
    assert told.metrics["log_loss"] == log_loss(TRUTH, data.y)
    assert told.baselines["closing_line"]["log_loss"] is None
    assert "log_loss, brier" in told.notes["baselines.closing_line"]
    assert "closing_line_auc" in told.notes["by_season"]
    assert "there is no closing line" in told.notes["by_season"]
    assert told.verdict == "not proven: there is no closing line to compare with"


def test_seasons_add_up_to_the_whole(found):
    season = DATA.games["season"].to_numpy()
    assert [row["season"] for row in found.by_season] == sorted(set(season))
    assert sum(row["games"] for row in found.by_season) == len(DATA)
    for name, whole in (("log_loss", found.metrics), ("brier", found.metrics)):
        mean = sum(row[name] * row["games"] for row in found.by_season) / len(DATA)
        assert mean == pytest.approx(whole[name])
        close = sum(row[f"closing_line_{name}"] * row["games"] for row in found.by_season) / len(DATA)
        assert close == pytest.approx(found.baselines["closing_line"][name])
    assert sum(row["bets"] for row in found.by_season) == found.metrics["bets"] == len(found.bets)
    profit = sum(row["roi"] * row["bets"] for row in found.by_season)
    assert profit == pytest.approx(found.metrics["unit_profit"])


def test_a_model_that_knows_earns_and_the_roi_is_profit_over_turnover(found):
    assert found.metrics["roi"] == pytest.approx(found.metrics["unit_profit"] / found.metrics["turnover"])
    assert 0 < found.metrics["roi_low"] < found.metrics["roi"] < found.metrics["roi_high"]


def test_a_game_without_a_price_of_the_market_is_in_no_score():
    data = unpriced()
    priced = ~np.isnan(data.market_log_odds)
    told = evaluate(walk_of(TRUTH, data), data, Bets())
    assert told.metrics["log_loss"] == log_loss(TRUTH[priced], data.y[priced])
    assert told.baselines["home"]["log_loss"] == log_loss(np.full(priced.sum(), 0.55), data.y[priced])
    assert told.notes["games"] == f"{(~priced).sum()} games without a closing price are in no score"
    assert sum(row["games"] for row in told.by_season) == priced.sum()


def test_pushes_are_in_the_turnover_but_in_no_score():
    y, value = DATA.y.copy(), DATA.value.copy()
    y[::5], value[::5] = np.nan, 0.0
    told = evaluate(walk_of(TRUTH), replace(DATA, y=y, value=value), Bets())
    plain = evaluate(walk_of(TRUTH), DATA, Bets())
    assert told.metrics["pushes"] > 0 == plain.metrics["pushes"]
    assert told.metrics["turnover"] == plain.metrics["turnover"]
    assert told.metrics["log_loss"] == log_loss(TRUTH, y)
    assert sum(row["games"] for row in told.by_season) == (~np.isnan(y)).sum()


def test_games_without_quoted_prices_are_counted_and_not_bet():
    prices = DATA.prices.copy()
    prices[:100, 0] = np.nan
    prices[:50, 1] = np.nan
    told = evaluate(walk_of(TRUTH), replace(DATA, prices=prices), Bets())
    assert told.notes["prices"].startswith("100 games")
    assert told.bets.game.min() >= 50


def test_at_the_close_the_closing_line_never_bets_and_says_why(found):
    assert found.baselines["closing_line"]["bets"] is None
    assert "never differs from its own price" in found.notes["baselines.closing_line"]
    assert "no later line" in found.notes["clv"]


def test_at_the_open_neither_line_bets_and_the_bets_are_held_against_the_close():
    at_open = replace(DATA, moment="open")
    opened = evaluate(walk_of(TRUTH, at_open), at_open, Bets())
    assert opened.baselines["closing_line"]["bets"] is None
    assert "not known when the open is bet" in opened.notes["baselines.closing_line"]
    assert "never differs from its own price" in opened.notes["baselines.opening_line"]
    assert opened.verdict.startswith("better than the opening line")
    assert opened.metrics["clv_coverage"] == 1.0
    close = np.column_stack([CLOSE, 1 - CLOSE])[opened.bets.game, np.where(opened.bets.first_side, 0, 1)]
    assert opened.metrics["clv"] == pytest.approx(float(np.mean(close * opened.bets.price - 1)))


def test_figures_are_those_of_the_tested_games_of_a_real_walk():
    forward = walk(DATA, Train(jobs=1))
    told = evaluate(forward, DATA, Bets())
    assert told.metrics["log_loss"] == log_loss(forward.probability, DATA.y[forward.rows])
    assert [row["season"] for row in told.by_season] == [fold.season for fold in forward.folds]
    assert sum(row["games"] for row in told.by_season) == forward.rows.size < len(DATA)
