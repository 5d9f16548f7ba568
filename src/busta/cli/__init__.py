"""The command line: parse, build the settings, call a workflow, print."""

from __future__ import annotations

import logging
import os
import re
import sys
import traceback
from itertools import takewhile
from time import perf_counter

from busta.errors import BustaError, OutsideError, UsageError, without_password
from busta.telemetry.logs import running

__all__ = ["main"]

INTERRUPTED = 130
log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> None:
    """Runs one command and exits with its code; an error is one or two lines, the rest needs ``--debug``."""
    given = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in given
    try:
        code = _run([argument for argument in given if argument != "--debug"], debug=debug)
    except KeyboardInterrupt:  # while the commands are still being imported
        code = INTERRUPTED
    if code == INTERRUPTED:
        print("stopped; nothing is half-written, run it again any time", file=sys.stderr)  # noqa: T201
    sys.exit(code)


def _run(arguments: list[str], *, debug: bool) -> int:
    """The exit code of a command line, which is a run: from here on it has its id."""
    words, started = " ".join(takewhile(lambda word: not word.startswith("-"), arguments)), perf_counter()
    try:
        with running():
            code = _done(arguments, debug=debug)
            about = {"command": words, "exit_code": code, "seconds": round(perf_counter() - started, 3)}
            log.info("busta %s ended with %d", words, code, extra=about)
            return code
    except UsageError as exc:  # the environment's id is none
        return _explain(exc)


def _done(arguments: list[str], *, debug: bool) -> int:
    import typer

    from busta.cli.app import app

    try:
        code = app(arguments, prog_name="busta", standalone_mode=False)
    except typer.Exit as exc:
        return exc.exit_code
    except typer.TyperException as exc:
        exc.show()  # type: ignore[attr-defined]  # those that reach us are usage errors, which have it
        return 2
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # rich exits when its reader, such as head, has gone
        return 0
    except BaseException as exc:  # noqa: BLE001 - whatever it is, it becomes a line and an exit code
        if debug:
            print(without_password("".join(traceback.format_exception(exc))), end="", file=sys.stderr)  # noqa: T201
        return _explain(exc)
    return code if isinstance(code, int) else 0


def _explain(error: BaseException) -> int:
    error = _refused(error) or error
    if isinstance(error, BustaError):
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    print(  # noqa: T201
        f"error: a bug in busta ({type(error).__name__}: {without_password(str(error))})\n"
        "run it again with --debug and report the traceback",
        file=sys.stderr,
    )
    return 1


def _refused(error: BaseException) -> OutsideError | None:
    """What the system refused, such as room on a full disk; ``None`` if it is something else.

    Libraries written in Rust have errors of their own for it, which end in ``(os error 28)`` where Python has an errno.
    """
    if isinstance(error, BustaError):
        return None
    if isinstance(error, OSError) and error.errno is not None:
        return OutsideError(f"the system refused: {error.strerror}: {error.filename or ''}".rstrip(": "))
    number = re.search(r"\(os error (\d+)\)", str(error))
    return OutsideError(f"the system refused: {os.strerror(int(number[1]))}") if number else None
