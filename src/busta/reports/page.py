"""The report as one HTML file that opens anywhere, and the model card beside it."""

from __future__ import annotations

import re
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from busta.reports import measures, notes, plots, reproduce, tables
from busta.reports.evidence import evidence
from busta.reports.html import asset, environment, policy
from busta.reports.ingested import facts_of
from busta.reports.tiles import tiles
from busta.reports.verdict import share_of_alpha, verdict_of

if TYPE_CHECKING:
    from jinja2 import Environment

    from busta.reports.material import Material

__all__ = ["card", "page"]

_SPECIAL = re.compile(r"([\\`*_\[\]|#~])")


def page(material: Material) -> str:
    """The report: no address is loaded, nothing but its own style and script runs."""
    style, script = asset("style.css"), asset("script.js")
    return (
        _html()
        .get_template("report.html")
        .render(_context(material), style=style, script=script, policy=policy(style, script))
    )


def card(material: Material) -> str:
    """The model card (after Mitchell et al. 2019), Markdown."""
    return _markdown().get_template("card.md").render(_context(material))


def _context(material: Material) -> dict[str, Any]:
    drawn = {
        "calibration": plots.calibration(material),
        "profit": plots.profit(material),
        "drawdown": plots.drawdown(material),
        "seasons": plots.seasons(material),
        "parts": plots.parts(material),
        "closing_value": plots.closing_value(material),
        "importances": plots.importances(material),
        "evidence": evidence(material.trial),
    }
    sheets = (
        "baselines",
        "by_season",
        "model_facts",
        "returns",
        "sensitivity",
        "strategies",
        "use_facts",
        "vig_comment",
    )
    return {
        "m": material,
        "verdict": verdict_of(material),
        "share_of_alpha": share_of_alpha(material),
        "charts": drawn,
        "tiles": tiles(material),
        **{name: getattr(tables, name)(material) for name in sheets},
        "ingested": tuple(facts_of(material.lineage["ingested"])) if material.lineage.get("ingested") else (),
        "of_it": reproduce.words_for(material.about),
        "needs": reproduce.needs(material.lineage),
        "expected": reproduce.expected(material.about, material.evaluation["metrics"]),
        "notes": notes.notes(material),
        "reasons": lambda *about: notes.reasons(material, *about),
        "busta": metadata.version("busta"),
    }


@cache
def _html() -> Environment:
    found = _with_ours(environment())
    found.filters["code"] = _code
    return found


@cache
def _markdown() -> Environment:
    found = _with_ours(environment(autoescape=False))
    found.filters["md"] = _plain_markdown
    return found


def _with_ours(found: Environment) -> Environment:
    found.globals |= {"held": measures.held, "told": measures.told, "audit_in_short": measures.audit_in_short}
    return found


def _code(text: str) -> Markup:
    """What stands between backticks as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def _plain_markdown(text: Any) -> str:
    """A text that Markdown takes for itself: one line, nothing in it marks anything up."""
    flat = " ".join(str(text).split())
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        flat = flat.replace(sign, entity)
    return _SPECIAL.sub(r"\\\1", flat)
