from __future__ import annotations

from functools import cache
from html.parser import HTMLParser

import pytest

from busta.registry.versions import resolve
from busta.reports.page import page
from busta.workflows.judging.report import gather
from workspaces import KINDS, _no_variables, borrowed, home, trained

__all__ = ["_no_variables", "borrowed", "home", "trained"]

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Document(HTMLParser):
    """A page taken apart: ids, headings, addresses and words; raises where tags do not nest."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.headings, self.addresses, self.attributes, self.tags = [], [], [], [], [], []
        self.words, self._heading = "", None
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        self.attributes += found.items()
        self.ids += [found["id"]] if "id" in found else []
        self.addresses += [found[name] for name in ("href", "src", "action", "data") if name in found]
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("h1", "h2", "h3"):
            self._heading = (tag, [])

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> in the wrong place"
        self.words += " " if tag in ("td", "th", "dt", "dd", "li", "p") else ""
        if tag in ("h1", "h2", "h3"):
            self.headings.append((tag, " ".join("".join(self._heading[1]).split())))
            self._heading = None

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.words += data
            if self._heading:
                self._heading[1].append(data)


@pytest.fixture(scope="session")
def material_of(trained):
    """What is known of the version of each kind; gathered once."""
    registry = trained.registry
    return cache(lambda kind: gather(trained.settings, registry, resolve(registry, f"busta-sim-{kind}")))


@pytest.fixture(params=list(KINDS))
def kind(request):
    return request.param


@pytest.fixture
def material(material_of, kind):
    return material_of(kind)


@pytest.fixture
def parse():
    """Takes the page of a material apart."""
    return lambda material: Document(page(material))


@pytest.fixture
def document(material, parse):
    return parse(material)
