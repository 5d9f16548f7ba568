"""The reference page that is read from the server's OpenAPI document."""

from __future__ import annotations

import json
from typing import Any

from from_code import table

__all__ = ["routes"]


def routes() -> str:
    """Every path: what it does, what may be given, and an example."""
    from busta.serving.app import describe
    from busta.settings import load
    from busta.workflows.serving.serve import service_of

    paths = describe(service_of(load(home=".")))["paths"]
    return "\n\n".join(_route(path, method, about) for path, each in paths.items() for method, about in each.items())


def _route(path: str, method: str, about: dict[str, Any]) -> str:
    examples = [each["value"] for each in _body(about).get("examples", {}).values()]
    shown = [f"```json\n{json.dumps(each, indent=1)}\n```" for each in examples]
    return "\n\n".join(
        part for part in (f"## {method.upper()} {path}", about["description"], _given(about), *shown) if part
    )


def _given(about: dict[str, Any]) -> str:
    rows = [
        (f"`{each['name']}`", each["in"], _type(each["schema"]), each.get("description", ""))
        for each in about.get("parameters", ())
    ]
    schema = _body(about).get("schema", {})
    required = schema.get("required", ())
    for name, each in schema.get("properties", {}).items():
        where = "body, required" if name in required else "body"
        rows.append((f"`{name}`", where, _type(each), each.get("description", "")))
    return table(("Name", "Where", "Type", "What it is"), rows) if rows else ""


def _body(about: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = about.get("requestBody", {}).get("content", {}).get("application/json", {})
    return content


def _type(schema: dict[str, Any]) -> str:
    """In a few words."""
    if "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(each) for each in schema["anyOf"] if each.get("type") != "null"))
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}" if "items" in schema else "pair"
    return str(schema.get("type", schema.get("$ref", "object").rpartition("/")[2]))
