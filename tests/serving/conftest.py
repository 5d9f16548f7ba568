from __future__ import annotations

import pytest

import busta
from asking import Here, asking
from browsing import HTML
from busta.workflows.serving.serve import application
from workspaces import _no_variables, borrowed, slated, trained

__all__ = ["_no_variables", "borrowed", "slated", "trained"]


@pytest.fixture(scope="session")
def served(slated, tmp_path_factory):
    """The settings of a workspace whose slates are made; predictions are recorded in its ledger."""
    return slated.copy(tmp_path_factory.mktemp("served") / "home")


@pytest.fixture(scope="module")
def client(served):
    with asking(application(served)) as client:
        yield client


@pytest.fixture(scope="module")
def here():
    """A clerk that is no other process: that one is tried in its own tests and in a real browser."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("busta.serving.clerk.Clerk", Here)
        yield


@pytest.fixture(scope="module")
def browser(served, here):
    """A client that takes pages; its workspace is not to be changed."""
    with asking(application(served)) as client:
        client.headers.update(HTML)
        yield client


@pytest.fixture
def own(slated, tmp_path):
    """A workspace of the test's own, with all that is served and an empty ledger."""
    return slated.copy(tmp_path / "own")


@pytest.fixture
def opened(own, here):
    """A browser and the workspace it may change."""
    with asking(application(own)) as client:
        client.headers.update(HTML)
        yield client, own


@pytest.fixture(scope="module")
def row(served):
    """The best bet of the coming week."""
    week = busta.Wanted(week="2014-18")
    said = [busta.predict(served, name, week, "sim") for name in ("moneyline", "ats", "totals")]
    staked = [row for each in said for row in each["predictions"] if row["stake"]]
    return max(staked, key=lambda each: each["edge"])
