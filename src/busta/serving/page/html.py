"""Pages as bytes, with the policy under which a browser runs them."""

from __future__ import annotations

from functools import cache
from math import isclose
from typing import TYPE_CHECKING, Any

from busta.betting.odds import format_american, parse_price
from busta.reports.html import asset, environment, policy
from busta.reports.numbers import NONE
from busta.serving.words import bet_name

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

__all__ = ["problem_page", "render"]

FORMS = "'self'"


def render(template: str, **context: Any) -> tuple[bytes, str]:
    """A page and its Content-Security-Policy."""
    style, script = _style(), asset("script.js") + asset("page.js", "busta.serving")
    text = _templates().get_template(template).render(context, style=style, script=script)
    return text.encode(), policy(style, script, FORMS) + "; frame-ancestors 'none'"


def problem_page(problem: Any, token: str | None = None) -> tuple[bytes, str]:
    """A problem as a page; with the token of a form, one to sign in by."""
    return render("problem.html", problem=problem, token=token)


def american(price: float | None) -> str:
    """A decimal price in the American way; a dash where there is none."""
    return NONE if price is None else format_american(price).replace("-", "\N{MINUS SIGN}")


def typed(price: float) -> str:
    """A decimal price as a person would type it: American where that loses nothing.

    >>> typed(2.5), typed(1.9319)
    ('+150', '1.9319')
    """
    text = format_american(price)
    return text if isclose(parse_price(text), price, rel_tol=1e-9) else f"{price:.6g}"


@cache
def _style() -> Markup:
    return asset("style.css") + asset("page.css", "busta.serving")


@cache
def _templates() -> Environment:
    found = environment("busta.serving")
    found.filters |= {
        "american": american,
        "typed": typed,
        "bet": lambda row: bet_name(row).replace("-", "\N{MINUS SIGN}"),
    }
    return found
