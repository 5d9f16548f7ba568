from __future__ import annotations

import shutil

import pytest

import busta
from asking import asking
from busta.workflows.prepare import prepare
from busta.workflows.serve import application
from workspaces import _no_variables, borrowed, trained

__all__ = ["_no_variables", "borrowed", "trained"]


@pytest.fixture(scope="session")
def served(trained, tmp_path_factory):
    """The settings of a workspace whose slates are made; not to be changed."""
    home = shutil.copytree(trained.settings.home, tmp_path_factory.mktemp("served") / "home")
    settings = busta.load(home=home)
    prepare(settings)
    return settings


@pytest.fixture(scope="module")
def client(served):
    with asking(application(served)) as client:
        yield client
