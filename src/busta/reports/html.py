"""What every page of busta is made of: templates, one style, and a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from busta.reports.charts import key, svg
from busta.reports.numbers import NONE, count, counted, figure, percent, span, tidy, words

if TYPE_CHECKING:
    from busta.reports.charts import Chart

__all__ = ["asset", "environment", "policy"]

_SIGNS = {"passed": "✓", "clean": "✓", "failed": "✗", "leak": "✗", "not proven": "?"}


def environment(*packages: str, autoescape: bool = True) -> Environment:
    """Templates of those packages, then of the reports; a name that is not there is an error.

    Args:
        packages: Each has a folder ``templates``.
        autoescape: Off for Markdown only, which has its own.
    """
    found = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in (*packages, "busta.reports")]),
        autoescape=autoescape,  # noqa: S701 - see above
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters |= {
        "count": count,
        "counted": counted,
        "figure": figure,
        "percent": percent,
        "sentence": lambda text: f"{text[:1].upper()}{text[1:]}." if text else "",
        "tidy": tidy,
        "words": words,
        "sign": lambda answer: _SIGNS.get(answer, "–"),  # noqa: RUF001 - a dash
    }
    found.globals |= {"span": span, "none_sign": NONE, "wide": svg, "narrow": _narrow, "key": key}
    return found


def _narrow(chart: Chart) -> Markup:
    """The chart drawn for a telephone: scaled down from the wide one, its labels could not be read."""
    return svg(chart, 360.0, "-narrow")


@cache
def asset(name: str, package: str = "busta.reports") -> Markup:
    """A style sheet or script among the templates of a package."""
    return Markup(resources.files(package).joinpath("templates", name).read_text())  # noqa: S704 - a file of ours


def policy(style: str, script: str, forms: str = "'none'") -> str:
    """Content-Security-Policy: nothing is loaded, and only this style and this script may run.

    Args:
        style: The text of the one style sheet.
        script: That of the one script.
        forms: Where forms may be sent.
    """
    hashes = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script))
    by_style, by_script = hashes
    return (
        f"default-src 'none'; style-src 'sha256-{by_style}'; script-src 'sha256-{by_script}'; "
        f"base-uri 'none'; form-action {forms}"
    )
