"""Dashboards as few words: panels and rows become the JSON that Grafana reads (schema version 39)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = [
    "BAD_IF_OFF",
    "BAD_IF_ON",
    "DAY",
    "LEAGUE",
    "MODEL",
    "RED",
    "YELLOW",
    "Dashboard",
    "Row",
    "Variable",
    "bars",
    "heat",
    "lines",
    "stat",
    "states",
    "table",
    "text",
]

SOURCE = {"type": "prometheus", "uid": "busta"}
WIDTH = 24
GREEN, YELLOW, RED = "green", "orange", "red"
DAY = 86400
LEAGUE, MODEL = 'league=~"$league"', 'league=~"$league", market=~"$market"'
"""Which series: of the leagues, and of the markets, that a reader chose."""

Panel = dict[str, Any]
Steps = tuple[tuple[float, str], ...]
"""Colours from a value on; below the first one it is green."""
BAD_IF_ON: Steps = ((1, RED),)
BAD_IF_OFF: Steps = ((0, RED), (1, GREEN))


@dataclass(frozen=True)
class Row:
    """Panels side by side under a heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Variable:
    """What a reader chooses on top: values of a label.

    Attributes:
        name: Of the variable.
        metric: Whose label it is.
        many: Whether several may be chosen at once, and at first are.
    """

    name: str
    metric: str
    many: bool = True

    def json(self) -> dict[str, Any]:
        """As Grafana reads it."""
        query = f"label_values({self.metric}, {self.name})"
        every = {"allValue": ".*", "current": {"text": "All", "value": "$__all"}}
        one = {"current": {"text": "paper", "value": "paper"}}
        return {
            "name": self.name,
            "label": self.name,
            "type": "query",
            "datasource": SOURCE,
            "query": {"query": query, "refId": self.name},
            "refresh": 2,
            "sort": 1,
            "multi": self.many,
            "includeAll": self.many,
            **(every if self.many else one),
        }


@dataclass(frozen=True)
class Dashboard:
    """A page of rows."""

    uid: str
    title: str
    about: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = ()
    hours: int = 24
    others: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        """As Grafana reads it; ids and places follow from the order."""
        panels, top = [], 0
        for row in self.rows:
            panels.append(_row(row.title, top))
            placed, height = _placed(row.panels, top + 1)
            panels += placed
            top += 1 + height
        for number, panel in enumerate(panels, 1):
            panel["id"] = number
        return {
            "uid": f"busta-{self.uid}",
            "title": f"busta: {self.title}",
            "description": self.about,
            "tags": ["busta"],
            "schemaVersion": 39,
            "version": 1,
            "editable": False,
            "graphTooltip": 1,
            "timezone": "utc",
            "time": {"from": f"now-{self.hours}h", "to": "now"},
            "refresh": "1m",
            "templating": {"list": [each.json() for each in self.variables]},
            "annotations": {"list": [_alerts()]},
            "links": [_link(uid) for uid in self.others],
            "panels": panels,
        }


def _row(title: str, top: int) -> Panel:
    place = {"x": 0, "y": top, "w": WIDTH, "h": 1}
    return {"type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}


def _placed(panels: tuple[Panel, ...], top: int) -> tuple[list[Panel], int]:
    """Panels from left to right, line by line, and how high they are together."""
    placed, x, y, high = [], 0, 0, 0
    for panel in panels:
        width, height = panel["size"]
        if x + width > WIDTH:
            x, y, high = 0, y + high, 0
        own = {name: value for name, value in panel.items() if name != "size"}
        placed.append(own | {"gridPos": {"x": x, "y": top + y, "w": width, "h": height}})
        x, high = x + width, max(high, height)
    return placed, y + high


def _link(uid: str) -> dict[str, Any]:
    return {
        "type": "link",
        "title": uid.capitalize(),
        "url": f"/d/busta-{uid}",
        "icon": "external link",
        "tooltip": "",
        "tags": [],
        "asDropdown": False,
        "targetBlank": False,
        "includeVars": True,
        "keepTime": True,
    }


def _alerts() -> dict[str, Any]:
    """Marks on every graph where an alert began to fire."""
    return {
        "name": "Alerts",
        "datasource": SOURCE,
        "enable": True,
        "iconColor": RED,
        "target": {"refId": "Alerts", "expr": 'ALERTS{alertname=~"Busta.*", alertstate="firing"}'},
    }


def _panel(kind: str, title: str, about: str, asked: Any, unit: str, size: tuple[int, int], **more: Any) -> Panel:
    """What all panels have; ``asked`` is an expression, or expressions by their legends."""
    queries = {"": asked} if isinstance(asked, str) else asked
    defaults = {"unit": unit, "thresholds": _thresholds(more.pop("steps", ())), "color": {"mode": "palette-classic"}}
    defaults |= {name: more.pop(name) for name in ("min", "max", "custom", "mappings", "decimals") if name in more}
    if kind in ("stat", "bargauge"):
        defaults["color"] = {"mode": "thresholds"}
    how = {"instant": True, "range": False} if more.pop("now", False) else {"instant": False, "range": True}
    targets = [
        {"refId": chr(65 + i), "datasource": SOURCE, "expr": expr, "legendFormat": legend or "__auto", **how}
        for i, (legend, expr) in enumerate(queries.items())
    ]
    return {
        "type": kind,
        "title": title,
        "description": about,
        "datasource": SOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "size": size,
        **more,
    }


def _thresholds(steps: Steps) -> dict[str, Any]:
    rows = [{"value": None, "color": GREEN}, *({"value": value, "color": color} for value, color in steps)]
    return {"mode": "absolute", "steps": rows}


def lines(
    title: str, about: str, asked: Any, unit: str = "short", *, width: int = 12, steps: Steps = (), **more: Any
) -> Panel:
    """Values over time; thresholds are drawn as lines."""
    style = {"mode": "dashed" if steps else "off"}
    custom = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 5, "spanNulls": True, "thresholdsStyle": style}
    options = {
        "legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull"]},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return _panel(
        "timeseries", title, about, asked, unit, (width, 8), custom=custom, options=options, steps=steps, **more
    )


def stat(
    title: str, about: str, asked: Any, unit: str = "short", *, width: int = 4, steps: Steps = (), **more: Any
) -> Panel:
    """One value as it is now, and how it came there."""
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "area",
        "justifyMode": "auto",
        "orientation": "auto",
        "textMode": "auto",
    }
    return _panel("stat", title, about, asked, unit, (width, 4), options=options, steps=steps, **more)


def bars(
    title: str, about: str, asked: Any, unit: str = "short", *, width: int = 12, steps: Steps = (), **more: Any
) -> Panel:
    """Values beside each other as they are now."""
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "displayMode": "basic",
        "orientation": "horizontal",
        "showUnfilled": True,
        "valueMode": "color",
        "minVizHeight": 10,
        "minVizWidth": 0,
    }
    return _panel("bargauge", title, about, asked, unit, (width, 8), options=options, steps=steps, now=True, **more)


def states(title: str, about: str, asked: Any, words: tuple[str, str], *, width: int = 12, bad: int = 1) -> Panel:
    """What was on when: ``words`` for 0 and 1, one of them ``bad``."""
    result = {
        str(value): {"text": word, "color": RED if value == bad else GREEN, "index": value}
        for value, word in enumerate(words)
    }
    mappings = [{"type": "value", "options": result}]
    options = {
        "mergeValues": True,
        "showValue": "auto",
        "alignValue": "left",
        "rowHeight": 0.9,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return _panel(
        "state-timeline",
        title,
        about,
        asked,
        "short",
        (width, 8),
        options=options,
        mappings=mappings,
        custom={"fillOpacity": 70, "lineWidth": 0},
    )


def heat(title: str, about: str, asked: Any, unit: str = "short", *, width: int = 12) -> Panel:
    """How often each range of values came, over time; the query gives buckets by ``le``."""
    options = {
        "calculate": False,
        "color": {
            "mode": "scheme",
            "scheme": "Oranges",
            "steps": 64,
            "exponent": 0.5,
            "fill": "dark-orange",
            "reverse": False,
        },
        "yAxis": {"unit": unit, "axisPlacement": "left"},
        "cellGap": 1,
        "rowsFrame": {"layout": "auto"},
        "legend": {"show": True},
        "tooltip": {"mode": "single", "yHistogram": False, "showColorScale": False},
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "showValue": "never",
        "cellRadius": 0,
    }
    found = _panel("heatmap", title, about, {"{{le}}": asked}, unit, (width, 8), options=options)
    found["targets"][0]["format"] = "heatmap"
    return found


def table(title: str, about: str, asked: Any, hidden: tuple[str, ...] = (), *, width: int = 12) -> Panel:
    """Labels and values as they are now, a row a series."""
    out = dict.fromkeys(("Time", "__name__", "instance", "job", *hidden), True)
    several = not isinstance(asked, str)
    renamed = {f"Value #{chr(65 + i)}": name for i, name in enumerate(asked)} if several else {}
    steps: list[dict[str, Any]] = [{"id": "merge", "options": {}}] if several else []
    steps.append({"id": "organize", "options": {"excludeByName": out, "renameByName": renamed, "indexByName": {}}})
    options = {"showHeader": True, "cellHeight": "sm"}
    found = _panel("table", title, about, asked, "short", (width, 8), options=options, now=True, transformations=steps)
    for target in found["targets"]:
        target["format"] = "table"
    return found


def text(words: str, *, width: int = WIDTH, height: int = 3) -> Panel:
    """A few words in Markdown."""
    return {
        "type": "text",
        "title": "",
        "options": {"mode": "markdown", "content": words},
        "size": (width, height),
    }
