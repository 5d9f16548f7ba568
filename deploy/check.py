"""Builds both images and runs them, without a container engine: does training inside equal training outside?

    make image-check        # or: python deploy/check.py [--keep]

Needs root, Debian's buildah and debootstrap, and this repository's environment. The base image is a stand-in that is
made here (Debian's packages and this machine's Python) and must not be published. Ends with exit code 1 if something
is missed.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
BASE = "localhost/busta-check-base"
LIBRARIES = "ca-certificates,libssl3,libffi8,libsqlite3-0,zlib1g,libbz2-1.0,liblzma5,libreadline8,libexpat1,libuuid1"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
BUSTA = [sys.executable, "-c", "from busta.cli import main; main()"]
TOOLS = "gcc g++ cc c++ ld as make cmake cargo pip pip3 uv hatch"
VERSIONS = (
    "import json, sys; from importlib.metadata import distributions as all; "
    "print(json.dumps({'python': sys.version} | {each.name: each.version for each in all()}))"
)
SECONDS, MEGABYTES, CLOSE = 300.0, 350.0, 1e-9  # to build, of memory, between predictions
SIZES = {"train": 1200, "serve": 700}  # megabytes of files that are ours
USER, STOP = 1000, 30.0  # who runs it, and the seconds it has to end
LOOK, QUIET, PATIENCE = 0.5, 90.0, 600.0  # seconds; a process that waits for work in vain ends after sixty
missed: list[str] = []


def main() -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--keep", action="store_true", help="take images that were built before")
    keep = parser.parse_args().keep
    base()
    for name in ("train", "serve"):
        build(name, keep=keep)
    with tempfile.TemporaryDirectory() as scratch:
        with container("train") as run:
            lean(run, "train")
            home = trained(run, Path(scratch))
        with container("serve") as run:
            lean(run, "serve")
            served(run, home)
    print(f"\n{len(missed)} missed{': ' if missed else ''}{'; '.join(missed)}")
    return int(bool(missed))


def show(what: str, value: object, good: bool | None = None) -> None:
    print(f"  {what:<58} {value}{'' if good is None or good else '   MISSED'}", flush=True)
    if good is False:
        missed.append(what)


# --- images


def buildah(*words: str) -> str:
    """What a command of buildah printed."""
    done = subprocess.run(
        ["buildah", "--storage-driver", "vfs", *words], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"buildah {' '.join(words)} ended with {done.returncode}\n{done.stdout}")
    return done.stdout.strip()


def base() -> None:
    """The stand-in for python:3.11-slim: a small Debian with this machine's Python in /usr/local."""
    if BASE in buildah("images", "--format", "{{.Name}}").splitlines():
        return
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "root"
        bootstrap = ["debootstrap", "--variant=minbase", f"--include={LIBRARIES}", "bookworm", str(root)]
        subprocess.run(bootstrap, check=True, stdout=subprocess.DEVNULL)
        copy_python(root / "usr/local")
        shutil.copy(CERTIFICATES, root / CERTIFICATES[1:])
        subprocess.run(["chroot", str(root), "/sbin/ldconfig"], check=True)
        subprocess.run(
            ["chroot", str(root), "/usr/local/bin/python", "-m", "ensurepip"], check=True, capture_output=True
        )
        made = buildah("from", "scratch")
        buildah("add", "--quiet", made, str(root), "/")
        trusted = [f"--env={name}={CERTIFICATES}" for name in ("PIP_CERT", "SSL_CERT_FILE")]
        buildah("config", *trusted, "--env", "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", made)
        buildah("commit", "--quiet", "--format", "docker", "--rm", made, BASE)


def copy_python(to: Path) -> None:
    source, version = Path(sys.base_prefix), f"python{sys.version_info.major}.{sys.version_info.minor}"
    left = shutil.ignore_patterns("site-packages", "test", "tests", "__pycache__", "config-*", "idlelib", "tkinter")
    shutil.copytree(source / "lib" / version, to / "lib" / version, symlinks=True, ignore=left, dirs_exist_ok=True)
    (to / "lib" / version / "site-packages").mkdir()
    for library in (source / "lib").glob("libpython*.so*"):
        shutil.copy2(library, to / "lib", follow_symlinks=False)
    shutil.copy2(source / "bin" / version, to / "bin" / version)
    for name in ("python", "python3"):
        (to / "bin" / name).symlink_to(version)


def build(name: str, *, keep: bool) -> None:
    image = f"localhost/busta-{name}"
    if not (keep and image in buildah("images", "--format", "{{.Name}}").splitlines()):
        began, used = time.perf_counter(), cpu()
        file = f"deploy/{name}.Dockerfile"
        options = ["--pull-never", "--format", "docker", "--isolation", "chroot", "--build-arg", f"BASE={BASE}"]
        buildah("build", *options, "--no-cache", "--quiet", "--file", file, "--tag", image, str(ROOT))
        took = time.perf_counter() - began
        shown = f"{took:.0f}, of processor time {cpu() - used:.0f}, load average {os.getloadavg()[0]:.1f}"
        show(f"{name}: seconds to build (at most {SECONDS:.0f})", shown, took <= SECONDS)
    user = about(name).get("User")
    show(f"{name}: user", user, user not in (None, "", "0", "root"))


def about(name: str) -> dict[str, Any]:
    """What an image says of itself: user, entry point, command, health check."""
    told = json.loads(buildah("inspect", "--type", "image", f"localhost/busta-{name}"))["Docker"]["config"]
    return {**told, "Healthcheck": told.get("Healthcheck") or {}}


def cpu() -> float:
    """Seconds of processor time of all that has ended: unlike a clock, they hardly know what else runs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Run:
    """Runs commands in a container of an image."""

    def __init__(self, name: str) -> None:
        self.name = name

    def command(self, *words: str, home: Path | None = None, **variables: str) -> list[str]:
        options = [f"--env={key}={value}" for key, value in variables.items()]
        # not at /workspace: there buildah lays a volume of its own over it, as the image declares one
        options += [f"--volume={home}:/checked", "--env=BUSTA_HOME=/checked"] if home else []
        return ["buildah", "--storage-driver", "vfs", "run", "--isolation", "chroot", *options, self.name, "--", *words]

    def __call__(self, *words: str, home: Path | None = None, **variables: str) -> str:
        done = subprocess.run(
            self.command(*words, home=home, **variables), stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"{' '.join(words)} ended with {done.returncode} in {self.name}\n{done.stdout}")
        return done.stdout

    def healthy(self, test: list[str]) -> bool:
        """Whether the image's own health check, run in the container, says that all is well."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return test[:1] == ["CMD"] and not subprocess.run(self.command(*test[1:]), check=False, **quiet).returncode


@contextmanager
def container(name: str) -> Iterator[Run]:
    made = buildah("from", "--pull-never", f"localhost/busta-{name}")
    try:
        yield Run(made)
    finally:
        buildah("rm", made)


def lean(run: Run, name: str) -> None:
    """Not root, and nothing there that builds or installs."""
    user = run("id", "-u").strip()
    show(f"{name}: runs as", user, user == str(USER))
    found = run("sh", "-c", f"for tool in {TOOLS}; do command -v $tool; done; true").split()
    found += run("sh", "-c", "find / -xdev -type d -name pip -path '*-packages*' 2>/dev/null; true").split()
    show(f"{name}: compilers and installers", ", ".join(found) or "none", not found)
    size, ours = (int(run("sh", "-c", f"du -smx {of} 2>/dev/null; true").split()[0]) for of in ("/", "/opt/busta"))
    show(f"{name}: megabytes of files", size)
    show(f"{name}: of them busta and its libraries (at most {SIZES[name]})", ours, ours <= SIZES[name])


# --- training


def trained(run: Run, scratch: Path) -> Path:
    """Trains inside and outside on the same league, and compares to the last bit; returns the workspace of inside."""
    outside, inside = scratch / "outside", scratch / "inside"
    outside.mkdir()
    told = busta(outside, "sim", "--seasons", "8", "--json")
    shutil.copytree(outside, inside)
    own(inside)
    scratch.chmod(0o755)
    there = busta(outside, "train", "moneyline", "--league", "sim", "--json")
    here = json.loads(run("busta", "train", "moneyline", "--league", "sim", "--json", home=inside))
    run("busta", "promote", "moneyline", "challenger", "--league", "sim", "--force", home=inside)
    show("training: games", here["games"], told["league"] == "sim" and here["games"] == there["games"])
    show(
        "training: the store of inside and outside", here["gold_version"], here["gold_version"] == there["gold_version"]
    )
    far = apart(inside, outside)
    same = far == 0 and here["metrics"] == there["metrics"]
    between = "the same bits" if same else f"{far:.1e} apart"
    show("training: versions that differ inside and outside", different(run) or "none")
    show("training: predictions and metrics inside and outside", between, same or far <= CLOSE)
    return inside


def different(run: Run) -> str:
    """Python and libraries of inside that have another version outside."""
    outside = subprocess.run([sys.executable, "-c", VERSIONS], stdout=subprocess.PIPE, check=True).stdout
    there, here = json.loads(outside), json.loads(run("python", "-c", VERSIONS))
    return ", ".join(f"{name} {here[name]} and {there.get(name)}" for name in here if here[name] != there.get(name))


def busta(home: Path, *words: str) -> Any:
    environment = {**os.environ, "BUSTA_HOME": str(home), "PYTHONPATH": str(ROOT / "src")}
    return json.loads(subprocess.run([*BUSTA, *words], env=environment, stdout=subprocess.PIPE, check=True).stdout)


def own(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, USER, USER)


def apart(a: Path, b: Path) -> float:
    """The largest difference between two numbers of all out-of-fold predictions; 0 only if the models' bytes agree."""
    first, second = (pl.read_parquet(next(home.glob("mlruns/*/*/artifacts/predictions.parquet"))) for home in (a, b))
    if first.equals(second, null_equal=True):
        files = [sorted(home.glob("mlruns/*/models/*/artifacts/data/model/*")) for home in (a, b)]
        return 0.0 if [each.read_bytes() for each in files[0]] == [each.read_bytes() for each in files[1]] else 1e-300
    if first.drop(pl.selectors.float()).equals(second.drop(pl.selectors.float()), null_equal=True):
        numbers = pl.selectors.float()
        return float((first.select(numbers) - second.select(numbers)).select(pl.all().abs().max()).max_horizontal()[0])
    return float("inf")


# --- serving


def served(run: Run, home: Path) -> None:
    """Serves the workspace from the image, by its own command but for the port: health, answers, a bet, memory."""
    port, image = free_port(), about("serve")
    most = image["Healthcheck"].get("StartPeriod", 0) / 1e9
    entry, check = (
        [word.replace("8000", str(port)) for word in words]
        for words in (image["Entrypoint"] + image["Cmd"], image["Healthcheck"].get("Test", []))
    )
    key = json.loads(run("busta", "keys", "add", "--scope", "write", "--json", home=home))["key"]
    show("serve: its health check before it runs", *said(run.healthy(check), wanted=False))
    with subprocess.Popen(run.command(*entry, home=home), stdout=subprocess.DEVNULL, start_new_session=True) as running:
        try:
            with sampled(running.pid) as samples:
                seconds = ready(port)
                show(f"serve: seconds until /health/ready (at most {most:.0f})", f"{seconds:.1f}", seconds <= most)
                show("serve: its health check while it runs", *said(run.healthy(check), wanted=True))
                used(port, key)
                settle(samples)
            memory(running.pid, max(samples))
        finally:
            end(running)


def used(port: int, key: str) -> None:
    """Asks for all that a bettor asks for, so that the server has loaded what it ever loads."""
    game = ask(port, key, "/v1/games?league=sim")["games"][-1]["game_id"]
    asked = {"league": "sim", "games": [game]}
    win = ask(port, key, "/v1/predictions", {**asked, "record": True})["predictions"][0]["probability"]["win"]
    show("serve: a prediction, recorded", win, 0 < win < 1)
    for path in ("prices", "explanations"):
        show(f"serve: {path}", *said(bool(ask(port, key, f"/v1/{path}/{game}?league=sim")), wanted=True))
    bet = {"league": "sim", "market": "moneyline", "game": game, "side": "home", "price": 2.0, "stake": 1, "book": "x"}
    recorded = ask(port, key, "/v1/bets", {**bet, "paper": True, "late": "2000-01-01T00:00:00Z"})["recorded"]
    show("serve: a bet recorded", recorded, recorded == 1)


def said(found: bool, *, wanted: bool) -> tuple[str, bool]:
    return "well" if found else "not well", found == wanted


def ready(port: int, seconds: float = 300.0) -> float:
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5):
            break
        time.sleep(0.2)
    return time.perf_counter() - began


def ask(port: int, key: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)


def settle(samples: list[int]) -> None:
    """Waits until the server has made what there is to make, and has let go of what that took."""
    began, few = time.perf_counter(), round(QUIET / LOOK)
    while time.perf_counter() - began < PATIENCE:
        time.sleep(LOOK)
        if len(samples) > few and max(samples[-few:]) <= 1.05 * min(samples[-few:]):
            return


def memory(pid: int, most: int) -> None:
    """Memory of the container with nothing left to make, and the most that it took until then.

    The target is for pages in memory, each counted once (PSS): a container's limit counts them so, too. The sum of what
    the processes take (RSS) counts a library's code once for every process that has loaded it.
    """
    once, each = resident(pid, "Pss"), resident(pid, "Rss")
    shown = f"{sum(once)} = {' + '.join(map(str, once))}"
    show(f"serve: megabytes of memory (at most {MEGABYTES:.0f})", shown, 0 < sum(once) <= MEGABYTES)
    show("serve: its processes' RSS, shared pages in each", f"{sum(each)} = {' + '.join(map(str, each))}")
    show("serve: the most memory while slates and notes were made", most)


@contextmanager
def sampled(pid: int) -> Iterator[list[int]]:
    """Memory of the container, again and again."""
    samples, stop = [0], threading.Event()

    def look() -> None:
        while not stop.wait(LOOK):
            samples.append(sum(resident(pid, "Pss")))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield samples
    finally:
        stop.set()
        looking.join()


def resident(pid: int, kind: str) -> list[int]:
    """Megabytes of each process of the container, greatest first."""
    found = []
    for process in processes(pid):
        with suppress(OSError):
            found.append(int(re.findall(rf"{kind}:\s+(\d+)", Path(f"/proc/{process}/smaps_rollup").read_text())[0]))
    return sorted((kilobytes // 1024 for kilobytes in found), reverse=True)


def cmdline(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def below(pid: int) -> list[int]:
    """A process and all that come from it."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [each for child in children.read_text().split() for each in below(int(child))]
    return found


def processes(pid: int) -> list[int]:
    """The processes of the container, its first one first."""
    return [each for each in below(pid) if not cmdline(each).startswith(b"buildah")]


def end(running: subprocess.Popen[Any]) -> None:
    """Ends a container as an engine does: its first process is told, and after a while all are killed."""
    with suppress(ProcessLookupError):
        for each in processes(running.pid)[:1]:
            os.kill(each, signal.SIGTERM)
    try:
        running.wait(STOP)
    except subprocess.TimeoutExpired:
        for each in reversed(below(running.pid)):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
