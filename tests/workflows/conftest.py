from __future__ import annotations

import shutil

import pytest

import busta
from workspaces import (
    KINDS,
    _no_variables,
    _template,
    borrowed,
    forget_variables,
    home,
    registry,
    settings,
    slated,
    trained,
)

__all__ = ["_no_variables", "borrowed", "home", "registry", "settings", "slated", "trained"]


@pytest.fixture(params=list(KINDS))
def kind(request):
    """Each market, blind and anchored, at the open and at the close."""
    return request.param


@pytest.fixture(scope="session")
def _through_2012(tmp_path_factory):
    """A workspace with a moneyline model of the seasons up to 2012; not to be changed."""
    home = shutil.copytree(_template(tmp_path_factory.getbasetemp()), tmp_path_factory.mktemp("through") / "home")
    with pytest.MonkeyPatch.context() as patch:
        forget_variables(patch)
        busta.train(busta.load(home=home), "moneyline", "sim", through=2012)
    return home


@pytest.fixture
def until_2012(_through_2012, tmp_path):
    """The settings of a copy of it."""
    return busta.load(home=shutil.copytree(_through_2012, tmp_path / "until_2012"))
