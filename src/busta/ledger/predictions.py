"""Predictions as the ledger keeps them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from busta.ledger.chain import Draft

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["prediction"]


def prediction(body: Mapping[str, Any]) -> Draft:
    """The entry of a prediction; the same one twice is one entry.

    Args:
        body: A row of ``busta predict --json`` and what it is of: ``league``, ``information``, ``moment``,
            ``gold_version``, ``model``.
    """
    said = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
    return Draft("prediction", f"{body['game_id']} {body['market']} {said}", body)
