"""Reference of what Prometheus is told and what it warns of: read from the code, and from the rules in `deploy/`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from from_code import table

__all__ = ["alerts", "served", "watched"]

RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "rules"
LABEL = re.compile(r"{{\s*\$labels\.(\w+)\s*}}")
VALUE = re.compile(r"{{[^}]*\$value[^}]*}}")
HEADS = ("metric", "labels", "what it is")


def alerts() -> str:
    """Every alert, by file: how bad, what is wrong, and what to do."""
    import yaml

    parts = []
    for file in sorted(RULES.glob("*.yml")):
        groups = yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
        rows = [_alert(rule) for group in groups for rule in group["rules"] if "alert" in rule]
        if rows:
            parts.append(f"### {file.stem.capitalize()}\n\n{table(('alert', 'severity', 'when', 'what to do'), rows)}")
    return "\n\n".join(parts)


def _alert(rule: dict[str, Any]) -> tuple[str, ...]:
    said = LABEL.sub(r"*\1*", VALUE.sub("*so much*", rule["annotations"]["summary"]))
    lasts = f", for {rule['for']}" if "for" in rule else ""
    words = said[0].upper() + said[1:] + lasts + "."
    action = LABEL.sub(lambda match: match[1].upper(), rule["annotations"]["action"])
    return f"`{rule['alert']}`", rule["labels"]["severity"], words, action


def watched() -> str:
    """Every metric of the watch."""
    from busta.watch.families import FAMILIES

    return table(HEADS, [_row(family.name, family.labels, family.what) for family in FAMILIES.values()])


def served() -> str:
    """Every metric of the server."""
    from prometheus_client.parser import text_string_to_metric_families

    rows = []
    for family in text_string_to_metric_families(_told()):
        first = family.samples[0]
        labels = tuple(name for name in first.labels if name != "le")
        name = first.name if family.type == "counter" else family.name
        if name.startswith("busta_"):
            rows.append(_row(name, labels, family.documentation))
    return table(HEADS, rows)


def _row(name: str, labels: tuple[str, ...], what: str) -> tuple[str, ...]:
    return f"`{name}`", ", ".join(f"`{label}`" for label in labels), what


def _told() -> str:
    """What a server tells that has seen one of everything."""
    from busta.telemetry.metrics import GAUGES, Metrics
    from busta.trials.metrics import FIGURES, trial_metrics

    metrics = Metrics()
    metrics.request("GET", "/", 200, 0.0)
    metrics.predicted("store", "nfl", "ats", 1)
    metrics.rows("written", 1)
    trial = trial_metrics({"decision": "running"} | dict.fromkeys((*FIGURES, "weeks"), 1.0))
    return metrics.text([("busta-nfl-ats", "1", "champion")], dict.fromkeys(GAUGES, 1.0), {"m": trial}).decode()
