"""Every example of the guides runs, page by page and in order, in a folder of its own.

In a ``console`` block a line that starts with ``$`` is run, and what stands below it has to be what is printed, with
``...`` for what varies. It has to exit with 0, unless the next line asks: ``$ echo $?``. A block with a title is
a file. ``pycon`` blocks are doctests. The commands a page names in its head under ``before`` are run first.
"""

from __future__ import annotations

import doctest
import os
import re
import runpy
import shlex
import shutil
import sys
import tomllib
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
import yaml

from busta import plugins
from busta.cli import main
from busta.data.mapping import read_map
from busta.settings import load
from halves import forget
from workspaces import forget_variables

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DATA = Path(os.environ.get("BUSTA_TEST_DATA") or ROOT / "../shared/data")
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?[^\n]*\n(.*?)^```$', re.MULTILINE | re.DOTALL)
MATCHES = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
WRITTEN_BY_OTHERS = ("adr", "reference/checks")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its title and its text."""

    language: str
    title: str
    text: str
    line: int


def pages():
    """All guides."""
    return [
        page
        for page in sorted(DOCS.rglob("*.md"))
        if not any(DOCS / other in page.parents for other in WRITTEN_BY_OTHERS)
    ]


def head(page):
    """What stands between the two lines at the top of a page."""
    text = page.read_text(encoding="utf-8")
    return yaml.safe_load(text.split("---\n")[1]) if text.startswith("---\n") else {}


def blocks(page):
    text = page.read_text(encoding="utf-8")
    return [
        Block(*(match[i] or "" for i in (1, 2, 3)), text.count("\n", 0, match.start()) + 1)
        for match in BLOCK.finditer(text)
    ]


def commands(text):
    """Each command with the output shown below it."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return [(command, "\n".join(shown)) for command, shown in found]


@dataclass
class Shell:
    """As much of a shell as the guides need."""

    code: int = 0
    out: str = ""
    kept: dict[str, str] = field(default_factory=dict)

    def run(self, line):
        """Runs a line; what it printed, errors included, is in ``out``."""
        words = shlex.split(line, comments=True)
        printed = StringIO()
        with redirect_stdout(printed), redirect_stderr(printed):
            last, self.code = self.code, 0
            if words[0] == "busta":
                self.code = busta(words[1:])
            elif words == ["echo", "$?"]:
                print(last)
            elif words[0] == "python":
                runpy.run_path(words[1], run_name="__main__")
            elif words[0] == "cat":
                print(Path(words[1]).read_text(encoding="utf-8"), end="")
            elif words == ["pip", "install", "-e", "."]:
                install(Path.cwd())
            elif words[0] == "export":
                name, _, value = words[1].partition("=")
                os.environ[name] = value
            elif words[0] == "cd":
                os.chdir(words[1])
            else:
                pytest.fail(f"the shell of the tests knows no {words[0]}")
        self.out = printed.getvalue()


def busta(arguments):
    """The exit code of a command line."""
    try:
        main(arguments)
    except SystemExit as done:
        return done.code
    raise AssertionError("a command line has to exit")


def install(folder):
    """What an editable installation leaves behind: the folder on the path, with its project's entry points."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    about = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")
    sys.path.insert(0, str(folder))
    forget()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """Makes a folder in which the commands were run that a page starts from, once for all pages that do."""
    return cache(lambda before: after(tmp_path_factory.mktemp("docs"), before))


def after(folder, before):
    shell = Shell()
    with pytest.MonkeyPatch.context() as patch, chdir(folder):
        forget_variables(patch)
        for command in before:
            shell.run(command)
            assert shell.code == 0, shell.out
    return folder


@pytest.fixture
def folder(request, prepared, tmp_path, monkeypatch):
    """The folder a page's examples are run in."""
    about = head(request.param)
    place = tmp_path / "guide"
    if about.get("before"):
        shutil.copytree(prepared(tuple(about["before"])), place)
    else:
        place.mkdir()
    for name, source in about.get("files", {}).items():
        shutil.copy(DATA / source, place / name)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setenv("BUSTA_DATA__RETRIES", "0")
    monkeypatch.chdir(place)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.setattr(plugins, "_own", {})  # leagues that a page's workspace describes
    yield request.param
    for name in [name for name, module in sys.modules.items() if str(place) in str(getattr(module, "__file__", ""))]:
        del sys.modules[name]
    forget()


def _marked(page):
    about = head(page)
    marks = [getattr(pytest.mark, name) for name in about.get("marks", ())]
    return pytest.param(page, marks=marks, id=page.relative_to(DOCS).as_posix())


WITH_EXAMPLES = [_marked(page) for page in pages() if any(b.language in ("console", "pycon") for b in blocks(page))]


@pytest.mark.parametrize("folder", WITH_EXAMPLES, indirect=True)
def test_the_examples_of_a_page_do_what_it_says(folder):
    shell, names = Shell(), {}
    for block in blocks(folder):
        where = f"{folder}:{block.line}"
        if block.title:
            Path(block.title).write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            run_console(shell, block, where)
        elif block.language == "pycon":
            run_python(names, block, where)


def run_console(shell, block, where):
    lines = commands(block.text)
    for (command, shown), (following, _) in zip(lines, [*lines[1:], ("", "")], strict=True):
        shell.run(command)
        asked = following == "echo $?"
        assert shell.code == 0 or asked, f"{where}: `{command}` exits with {shell.code}\n{shell.out}"
        same = not shown or doctest.OutputChecker().check_output(shown + "\n", shell.out, MATCHES)
        assert same, f"{where}: `{command}` prints\n{shell.out}\nand not\n{shown}"


def run_python(names, block, where):
    example = doctest.DocTestParser().get_doctest(block.text, names, where, where, 0)
    report = StringIO()
    runner = doctest.DocTestRunner(optionflags=MATCHES, verbose=False)
    failed = runner.run(example, out=report.write, clear_globs=False).failed
    names.update(example.globs)
    assert not failed, report.getvalue()


def test_a_page_that_shows_something_else_fails(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssertionError, match="and not"):
        run_console(Shell(), Block("console", "", "$ busta --version\nbusta 9\n", 1), "page")
    with pytest.raises(AssertionError, match="exits with 2"):
        run_console(Shell(), Block("console", "", "$ busta no-such-command\n", 1), "page")
    with pytest.raises(AssertionError, match="Expected"):
        run_python({}, Block("pycon", "", ">>> 1 + 1\n3\n", 1), "page")


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(DOCS).as_posix())
def test_settings_shown_on_a_page_are_settings(page, tmp_path):
    for number, block in enumerate(block for block in blocks(page) if block.language == "toml" and not block.title):
        file = tmp_path / f"{number}.toml"
        file.write_text(block.text, encoding="utf-8")
        if block.title in {"", "busta.toml"}:
            load(file, home=tmp_path)
        else:
            read_map(file)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(DOCS).as_posix())
def test_nothing_of_busta_stands_in_a_block_that_is_not_run(page):
    silent = [block for block in blocks(page) if block.language in ("sh", "bash", "shell")]
    lines = [line for block in silent for line in block.text.splitlines()]
    assert not [line for line in lines if re.match(r"(?:\$ )?(?:\w+=\S* )*busta ", line)]


def option_names(command):
    return {flag for param in command.params for flag in (*param.opts, *param.secondary_opts)} | {"--help", "--debug"}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(DOCS).as_posix())
def test_a_command_named_in_a_sentence_has_these_options(page):
    import from_code
    import typer

    from busta.cli.app import app

    known = dict(from_code.leaves(typer.main.get_command(app)))
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for said in re.findall(r"`busta ([a-z][^`]*)`", text):
        words = said.split()
        name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in known), None)
        assert name or words[0] in {each.split()[0] for each in known}, f"`busta {said}` is no command"
        flags = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert not name or flags <= option_names(known[name]), f"`busta {said}`: {flags}"
