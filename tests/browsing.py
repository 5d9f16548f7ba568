"""The page as a browser without a script sees it: what a person reads, and the fields of its forms."""

from __future__ import annotations

import re
from html import unescape

HTML = {"accept": "text/html,application/xhtml+xml"}


def words(answer):
    """What a person reads."""
    text = re.search(r"(?s)<main.*</main>", answer.text)[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


def fields(answer, action):
    """The fields of the first form that is sent there, as they stand; of a choice, what is chosen."""
    form = re.search(rf'(?s)<form[^>]* action="{action}".*?</form>', answer.text)[0]
    tags = re.findall(r"<input [^>]+>", form)
    found = [dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in tags if not _left_open(tag)]
    chosen = re.findall(r'(?s)<select[^>]* name="(\w+)".*?</select>', form)
    picked = [re.search(r'(?s)<option value="([^"]*)" selected', form) for _ in chosen]
    both = {name: unescape(each[1]) if each else "" for name, each in zip(chosen, picked, strict=True)}
    return {each["name"]: unescape(each.get("value", "")) for each in found} | both


def _left_open(tag):
    """Whether it is a radio button or a box that is not ticked."""
    return re.search('type="(radio|checkbox)"', tag) is not None and " checked" not in tag
