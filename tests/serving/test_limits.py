from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.serving.limits import MOST, Buckets


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@given(st.floats(0.1, 100), st.floats(1, 50), st.lists(st.floats(0, 2), max_size=60))
def test_no_client_gets_more_than_the_rate_and_one_bucket(rate, burst, pauses):
    clock = Clock()
    buckets, taken = Buckets(rate, burst, clock), 0
    for pause in pauses:
        clock.now += pause
        taken += buckets.wait("me") == 0
        assert taken <= burst + rate * clock.now + 1e-6


def test_whoever_waits_as_told_is_let_in():
    clock = Clock()
    buckets = Buckets(2.0, 1.0, clock)
    assert buckets.wait("me") == 0
    wait = buckets.wait("me")
    assert wait == pytest.approx(0.5)
    assert buckets.wait("you") == 0
    assert buckets.empty("me")
    clock.now += wait
    assert not buckets.empty("me")
    assert buckets.wait("me") == 0


def test_clients_remembered_are_bounded():
    buckets = Buckets(1.0, 1.0, Clock())
    for number in range(MOST + 100):
        buckets.wait(str(number))
    assert len(buckets._buckets) == MOST
