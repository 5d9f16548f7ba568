"""A table as an audit sees it."""

from dataclasses import replace

import numpy as np


def test_monday_night_is_of_the_week_before(made):
    table = made().table
    nights = np.array(
        ["2022-09-11T17:00", "2022-09-13T00:15", "2022-09-16T00:15", "2022-09-20T00:15"], "datetime64[us]"
    )
    weeks = replace(table, time=nights).weeks
    assert (weeks - weeks[0]).tolist() == [0, 0, 1, 1]


def test_rows_are_taken_from_every_array_alike(made):
    table = replace(made().table, known_at={"rest": made().table.time})
    some = table.take(np.arange(len(table)) % 3 == 0)
    assert len(some) == some.teams.shape[0] == some.known_at["rest"].size == len(range(0, len(table), 3))
    assert (some.take(np.array([1, 0])).y == table.y[[3, 0]]).all()
    assert some.names == table.names
    assert some.categorical.size == len(table.names)
