"""Reference pages that are read from the code: commands, settings, the Python API."""

from __future__ import annotations

import ast
import inspect
import re
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MEANINGS", "cell", "commands", "field_docs", "leaves", "python", "settings", "settings_fields", "table"]

MEANINGS = {  # of settings whose names alone were thought to say it
    "data.nflverse_url": "Where `busta ingest nfl` downloads from.",
    "odds_api.url": "Where it is.",
    "data.retries": "Tries after the first one that failed.",
    "rounds": "Trees (`num_boost_round`).",
    "max_depth": "Depth of a tree.",
    "eta": "Learning rate.",
    "subsample": "Share of the games each tree sees.",
    "colsample_bytree": "Share of the features each tree sees.",
    "min_child_weight": "Least sum of second derivatives in a leaf.",
    "reg_lambda": "Penalty on the squares of leaf values.",
    "max_bin": "Bins of a feature's histogram.",
    "train.min_train_games": "Fewest games to train on; earlier test seasons are left out.",
    "train.seed": "Of the trees, and of what is drawn at random in back-tests and audits.",
    "train.jobs": "Threads; changes no result.",
    "sim.seed": "Of the whole league.",
    "bets.min_edge": "Least edge (expected profit of one unit) of a bet.",
    "bets.kelly_fraction": "Share of the Kelly stake that is bet.",
    "bets.kelly_cap": "Most of the bankroll on one bet.",
    "bets.vig_method": "How the vig is taken out of prices.",
}


def commands() -> str:
    """Every command with its arguments and options."""
    import typer

    from busta.cli.app import app

    root = typer.main.get_command(app)
    parts = [_command(name, command) for name, command in sorted(leaves(root))]
    return "\n\n".join(["## For every command", _options(root.params), *parts])


def leaves(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """All commands by their words, those of groups included."""
    for name, child in command.commands.items():
        words = f"{path} {name}".strip()
        if hasattr(child, "commands"):
            yield from leaves(child, words)
        else:
            yield words, child


def _command(name: str, command: Any) -> str:
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [param for param in command.params if param.param_type_name == "option"]
    shown = " ".join(_argument(param) for param in arguments)
    usage = " ".join(part for part in ("busta", name, shown, "[OPTIONS]") if part)
    parts = [
        f"## busta {name} {{#{name.replace(' ', '-')}}}",
        command.help.strip(),
        f"```text\n{usage}\n```",
        table(("argument", "meaning"), [(f"`{_argument(p)}`", _help(p)) for p in arguments]) if arguments else "",
        _options(options),
        _example(command.epilog),
    ]
    return "\n\n".join(part for part in parts if part)


def _argument(param: Any) -> str:
    name = param.metavar or param.name.upper()
    return name if param.required or name.startswith("[") else f"[{name}]"


def _options(params: list[Any]) -> str:
    rows = [(_flags(param), _value(param), _help(param)) for param in params]
    return table(("option", "value", "meaning"), rows)


def _flags(param: Any) -> str:
    return ", ".join(f"`{flag}`" for flag in (*param.opts, *param.secondary_opts))


def _value(param: Any) -> str:
    if param.is_flag or param.is_bool_flag:
        return ""
    kind = next(iter(get_args(param.type_descriptor.annotation)), param.type_descriptor.annotation)
    choices = [member.value for member in kind] if hasattr(kind, "__members__") else []
    words = " or ".join(f"`{choice}`" for choice in choices) or _kind(param.metavar or kind)
    default = getattr(param.default, "value", param.default)
    return words if default in (None, False, []) else f"{words}, by default `{default}`"


def _kind(kind: Any) -> str:
    names = {str: "text", int: "whole number", float: "number"}
    return f"`{kind}`" if isinstance(kind, str) else names.get(kind, getattr(kind, "__name__", str(kind)).lower())


def _help(param: Any) -> str:
    variable = f" Variable: `{param.envvar}`." if param.envvar else ""
    return (param.help or "") + variable


def _example(epilog: str | None) -> str:
    lines = [re.sub(r"^Examples?: ", "", line) for line in (epilog or "").split("\n\n") if line.strip()]
    return "```text\n" + "\n".join(lines) + "\n```" if lines else ""


def settings() -> str:
    """Every setting with its default, what is allowed, its variable and its meaning, section by section."""
    sections: dict[str, list[tuple[str, ...]]] = {}
    for path, field, meaning in settings_fields():
        section, _, key = path.rpartition(".")
        variable = "BUSTA_" + path.upper().replace(".", "__")
        row = (f"`{key}`", f"`{_default(field)}`", _allowed(field), meaning, f"`{variable}`")
        sections.setdefault(section, []).append(row)
    heads = ("setting", "default", "allowed", "meaning", "variable")
    parts = [
        f"## {'[' + name + ']' if name else 'The workspace'} {{#{(name or 'home').replace('.', '-')}}}\n\n"
        f"{_about(name)}\n\n{table(heads, rows)}"
        for name, rows in sections.items()
    ]
    return "\n\n".join(parts)


def settings_fields() -> Iterator[tuple[str, Any, str]]:
    """Path, field and meaning of every setting."""
    from busta.settings import Settings

    yield from _fields(Settings(), "")


def _fields(section: Any, path: str) -> Iterator[tuple[str, Any, str]]:
    docs = field_docs(type(section))
    for name, field in type(section).model_fields.items():
        value, where = getattr(section, name), f"{path}.{name}".lstrip(".")
        if hasattr(type(value), "model_fields"):
            yield from _fields(value, where)
        else:
            meaning = docs.get(name) or MEANINGS.get(where) or MEANINGS.get(name, "")
            yield where, (field, value), meaning


def field_docs(kind: type) -> dict[str, str]:
    """The text that stands under each field of a class."""
    (body,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(body, ast.ClassDef)  # noqa: S101 - for the type checker
    found = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            found[ast.unparse(field.target)] = _code(str(text.value.value))
    return found


def _about(name: str) -> str:
    from busta.settings import Settings

    section: Any = Settings()
    docs: dict[str, str] = {}
    for part in name.split(".") if name else ():
        docs = field_docs(type(section))
        section = getattr(section, part)
        docs = {"text": docs.get(part) or _first_line(type(section))}
    return docs.get("text", "Where everything is kept; it has no section of its own in `busta.toml`.")


def _default(field: tuple[Any, Any]) -> str:
    value = field[1]
    if value is None:
        return "not set"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _allowed(field: tuple[Any, Any]) -> str:
    bounds = {"Ge": "at least", "Gt": "above", "Le": "at most", "Lt": "below"}
    kind = field[0].annotation
    for each in (kind, *get_args(kind)):
        if get_origin(each) is Literal:
            return ", ".join(f"`{choice}`" for choice in get_args(each))
    data = [*field[0].metadata, *(part for each in get_args(kind) for part in getattr(each, "__metadata__", ()))]
    data = [part for each in data for part in getattr(each, "metadata", [each])]
    limits = [
        f"{bounds[type(part).__name__]} {getattr(part, type(part).__name__.lower())}"
        for part in data
        if type(part).__name__ in bounds
    ]
    return " and ".join(limits) or _plain(kind)


def _plain(kind: Any) -> str:
    names = {
        "bool": "`true`, `false`",
        "str": "text",
        "SecretStr": "text, a secret",
        "Path": "a folder",
        "dict": "a table of texts",
        "float": "number",
    }
    inner = next(
        (each for each in (get_origin(kind), kind, *get_args(kind)) if getattr(each, "__name__", "") in names), 0
    )
    return names.get(getattr(inner, "__name__", ""), str(kind))


def python() -> str:
    """Every public name with its signature and the first line that is said of it."""
    import busta

    return "\n\n".join(_name(name, getattr(busta, name)) for name in busta.__all__)


def _name(name: str, found: Any) -> str:
    parts = [
        f"### {name} {{#{name}}}",
        _first_line(found) + (_where(found) or ""),
        f"```text\n{name}({_signature(found)})\n```",
    ]
    return "\n\n".join(parts)


def _signature(found: Any) -> str:
    parameters = [
        param.replace(annotation=_Shown(param.annotation), default=_Shown.default(param.default))
        for param in inspect.signature(found).parameters.values()
    ]
    return str(inspect.Signature(parameters))[1:-1]


class _Shown:
    """An annotation or default as a reader wants it: types without quotes, a function that does nothing as ``...``."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    @classmethod
    def default(cls, value: Any) -> Any:
        """The default, or that there is none."""
        return value if value is inspect.Parameter.empty else cls("..." if callable(value) else repr(value))


def _where(found: Any) -> str:
    return f" In `{found.__module__}`."


def _first_line(found: Any) -> str:
    return _code((inspect.getdoc(found) or "").partition("\n\n")[0].replace("\n", " "))


def _code(text: str) -> str:
    """Docstrings mark code with two ticks, pages with one."""
    return re.sub(r"``(.+?)``", r"`\1`", " ".join(text.split()))


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table; a bar within a cell is escaped."""
    lines = [heads, tuple("---" for _ in heads), *(tuple(cell(part) for part in row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(text: object) -> str:
    """Text that may stand in a cell."""
    return " ".join(str(text).split()).replace("|", "\\|")
