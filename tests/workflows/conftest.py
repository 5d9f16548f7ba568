from __future__ import annotations

import pytest

from workspaces import KINDS, _no_variables, borrowed, home, registry, settings, trained

__all__ = ["_no_variables", "borrowed", "home", "registry", "settings", "trained"]


@pytest.fixture(params=list(KINDS))
def kind(request):
    """Each market, blind and anchored, at the open and at the close."""
    return request.param
