from __future__ import annotations

import pytest

from asking import asking
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
