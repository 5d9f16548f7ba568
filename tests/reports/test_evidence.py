"""The chart of a trial's evidence."""

from dataclasses import replace

from busta.reports.evidence import evidence
from busta.reports.page import page


def week(number, e_value, low=-0.01):
    high = None if low is None else 0.02
    return {
        "week": f"2026-09-{8 + 7 * number:02}",
        "games_so_far": 16 * number,
        "e_value": e_value,
        "low": low,
        "high": high,
    }


TRIAL = {
    "trial": 1,
    "champion": "1",
    "challenger": "2",
    "started": "2026-09-01T00:00:00Z",
    "decision": "running",
    "reason": "undecided after 32 games of 2800",
    "games": 32,
    "weeks": 3,
    "mean_gain": 0.004,
    "low": -0.01,
    "high": 0.02,
    "e_value": 2.5,
    "e_value_needed": 80.0,
    "rule": {"level": 0.0125},
    "by_week": [week(0, 1.0, None), week(1, 1e-9), week(2, 2.5)],
}


def test_every_week_is_a_spot_inside_the_axes_and_a_row_of_the_table():
    drawn = evidence(TRIAL)

    assert drawn is not None
    assert len(drawn.tips) == len(drawn.sheet.rows) == 3
    assert all(drawn.y.low <= tip.y <= drawn.y.high and drawn.x.low <= tip.x <= drawn.x.high for tip in drawn.tips)
    assert drawn.y.low < 0 < drawn.y.high
    assert "e-value 2.5 after 32 games, mean gain −0.0100 to +0.0200" in drawn.tips[2].words  # noqa: RUF001
    assert drawn.sheet.rows[0][3] == "–"  # noqa: RUF001


def test_before_the_first_week_there_is_nothing_to_draw():
    assert evidence(None) is None
    assert evidence(TRIAL | {"by_week": []}) is None


def test_a_report_has_a_section_of_the_trial_where_there_is_one(material_of):
    found = material_of("ats")
    assert 'id="trial"' not in page(found)

    text = page(replace(found, trial=TRIAL))

    assert 'href="#trial"' in text
    assert "Version 2 was tried against champion 1" in text
    assert "None of its weeks is over yet." in page(replace(found, trial=TRIAL | {"by_week": [], "games": 0}))
