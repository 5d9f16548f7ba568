from __future__ import annotations

import pytest

from asking import asking
from busta.workflows.serving.serve import application
from workspaces import _no_variables, borrowed, slated, trained

__all__ = ["_no_variables", "borrowed", "slated", "trained"]


@pytest.fixture(scope="session")
def served(slated):
    """The settings of a workspace whose slates are made; not to be changed."""
    return slated.settings


@pytest.fixture(scope="module")
def client(served):
    with asking(application(served)) as client:
        yield client
