"""The report as one HTML file that opens anywhere, and the model card beside it."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import metadata, resources
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from busta.reports import measures, notes, plots, reproduce, tables
from busta.reports.charts import key, svg
from busta.reports.evidence import evidence
from busta.reports.ingested import facts_of
from busta.reports.numbers import NONE, count, counted, figure, percent, span, tidy, words
from busta.reports.tiles import tiles
from busta.reports.verdict import share_of_alpha, verdict_of

if TYPE_CHECKING:
    from busta.reports.charts import Chart
    from busta.reports.material import Material

__all__ = ["card", "page"]

_SPECIAL = re.compile(r"([\\`*_\[\]|#~])")
_SIGNS = {"passed": "✓", "clean": "✓", "failed": "✗", "leak": "✗", "not proven": "?"}


def page(material: Material) -> str:
    """The report: no address is loaded, nothing but its own style and script runs."""
    style, script = _asset("style.css"), _asset("script.js")
    return (
        _html()
        .get_template("report.html")
        .render(_context(material), style=style, script=script, policy=_policy(style, script))
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
    environment = _environment(autoescape=True)
    environment.globals |= {"wide": svg, "narrow": _narrow, "key": key}
    environment.filters["code"] = _code
    return environment


@cache
def _markdown() -> Environment:
    environment = _environment(autoescape=False)
    environment.filters["md"] = _plain_markdown
    return environment


def _environment(*, autoescape: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("busta.reports"),
        autoescape=autoescape,  # noqa: S701 - off for Markdown only, which has its own
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "count": count,
        "counted": counted,
        "figure": figure,
        "percent": percent,
        "sentence": lambda text: f"{text[:1].upper()}{text[1:]}." if text else "",
        "tidy": tidy,
        "words": words,
        "sign": lambda answer: _SIGNS.get(answer, "–"),  # noqa: RUF001 - a dash
    }
    environment.globals |= {
        "span": span,
        "held": measures.held,
        "told": measures.told,
        "none_sign": NONE,
        "audit_in_short": measures.audit_in_short,
    }
    return environment


def _code(text: str) -> Markup:
    """What stands between backticks as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def _narrow(chart: Chart) -> Markup:
    """The chart drawn for a telephone: scaled down from the wide one, its labels could not be read."""
    return svg(chart, 360.0, "-narrow")


@cache
def _asset(name: str) -> Markup:
    return Markup(resources.files("busta.reports").joinpath("templates", name).read_text())  # noqa: S704 - a file of ours


def _policy(style: str, script: str) -> str:
    """Content-Security-Policy: nothing is loaded, and only this style and this script may run."""
    hashes = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script))
    by_style, by_script = hashes
    return (
        f"default-src 'none'; style-src 'sha256-{by_style}'; script-src 'sha256-{by_script}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _plain_markdown(text: Any) -> str:
    """A text that Markdown takes for itself: one line, nothing in it marks anything up."""
    flat = " ".join(str(text).split())
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        flat = flat.replace(sign, entity)
    return _SPECIAL.sub(r"\\\1", flat)
