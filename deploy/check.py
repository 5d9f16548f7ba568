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
import socket
import subprocess
import sys
import tempfile
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
SECONDS, MEGABYTES, CLOSE = 300.0, 350.0, 1e-9
USER = 1000
IDLE = 150.0  # seconds until the server has noted what there is to note, and has let go of what that took
missed: list[str] = []


def main() -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--keep", action="store_true", help="take images that were built before")
    keep = parser.parse_args().keep
    base()
    for name in ("train", "serve"):
        build(name, keep=keep)
        with container(name) as run:
            lean(run, name)
    with tempfile.TemporaryDirectory() as scratch:
        home = trained(Path(scratch))
        served(home)
    print(f"\n{len(missed)} missed{': ' if missed else ''}{'; '.join(missed)}")
    return int(bool(missed))


def show(what: str, value: object, good: bool | None = None) -> None:
    print(f"  {what:<58} {value}{'' if good is None or good else '   MISSED'}", flush=True)
    if good is False:
        missed.append(what)


# --- images


def buildah(*words: str, quiet: bool = True) -> str:
    """What a command of buildah printed."""
    done = subprocess.run(
        ["buildah", "--storage-driver", "vfs", *words], stdout=subprocess.PIPE, stderr=None, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"buildah {' '.join(words)} ended with {done.returncode}\n{done.stdout if quiet else ''}")
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
    about = json.loads(buildah("inspect", "--type", "image", image))["Docker"]["config"]
    show(f"{name}: a health check", bool(about.get("Healthcheck")), bool(about.get("Healthcheck")))
    show(f"{name}: user", about.get("User"), about.get("User") not in (None, "", "0", "root"))


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
        options += [f"--volume={home}:/workspace"] if home else []
        return ["buildah", "--storage-driver", "vfs", "run", "--isolation", "chroot", *options, self.name, "--", *words]

    def __call__(self, *words: str, home: Path | None = None, **variables: str) -> str:
        done = subprocess.run(
            self.command(*words, home=home, **variables), stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"{' '.join(words)} ended with {done.returncode} in {self.name}\n{done.stdout}")
        return done.stdout


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
    size = run("sh", "-c", "du -smx / 2>/dev/null; true").split()[0]
    own = run("sh", "-c", "du -sm /opt/busta").split()[0]
    show(f"{name}: megabytes of files, of them busta and its libraries", f"{size}, {own}")


# --- training


def trained(scratch: Path) -> Path:
    """Trains inside and outside on the same league, and compares to the last bit; returns the workspace of inside."""
    outside, inside = scratch / "outside", scratch / "inside"
    outside.mkdir()
    told = busta(outside, "sim", "--seasons", "8", "--json")
    shutil.copytree(outside, inside)
    own(inside)
    scratch.chmod(0o755)
    there = busta(outside, "train", "moneyline", "--league", "sim", "--json")
    with container("train") as run:
        here = json.loads(run("busta", "train", "moneyline", "--league", "sim", "--json", home=inside))
        run("busta", "promote", "moneyline", "challenger", "--league", "sim", "--force", home=inside)
        pythons = [run("python", "-c", "import sys; print(sys.version)").strip(), sys.version]
    show("training: games", here["games"], told["league"] == "sim" and here["games"] == there["games"])
    show(
        "training: the store of inside and outside", here["gold_version"], here["gold_version"] == there["gold_version"]
    )
    far = apart(inside, outside)
    same = far == 0 and here["metrics"] == there["metrics"]
    between = "the same bits" if same else f"{far:.1e} apart; Python {' and '.join(pythons)}"
    show("training: predictions and metrics inside and outside", between, same or far <= CLOSE)
    return inside


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


def served(home: Path) -> None:
    """Serves the workspace from the image: health, a prediction, a bet, memory."""
    port = free_port()
    own(home)
    with container("serve") as run:
        command = run.command("busta", "serve", "--port", str(port), home=home)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True) as running:
            try:
                seconds = ready(port)
                show("serve: seconds until /health/ready", f"{seconds:.1f}", seconds < 300)
                game = ask(port, "/v1/games?league=sim")["games"][-1]["game_id"]
                said = ask(port, "/v1/predictions", {"league": "sim", "games": [game]})["predictions"]
                show("serve: a prediction", said[0]["probability"]["win"], 0 < said[0]["probability"]["win"] < 1)
                memory(running.pid, "while slates and notes are made", None)
                time.sleep(IDLE)
                memory(running.pid, f"after (at most {MEGABYTES:.0f})", MEGABYTES)
            finally:
                end(running.pid)


def ready(port: int, seconds: float = 300.0) -> float:
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5):
            break
        time.sleep(0.2)
    return time.perf_counter() - began


def ask(port: int, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, {"content-type": "application/json"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)


def memory(pid: int, when: str, most: float | None) -> None:
    """What all processes of the server take together, pages they share counted once (PSS)."""
    total, parts = 0, []
    for process in (each for each in below(pid) if b"busta" in cmdline(each) or b"spawn_main" in cmdline(each)):
        with suppress(OSError):
            said = Path(f"/proc/{process}/smaps_rollup").read_text()
            share = int(re.findall(r"Pss:\s+(\d+)", said)[0]) // 1024
            if b"buildah" not in cmdline(process):
                parts.append(share)
                total += share
    shown = f"{total} = {' + '.join(map(str, parts))}"
    show(f"serve: megabytes of memory {when}", shown, None if most is None else total <= most)


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


def end(pid: int) -> None:
    for each in reversed(below(pid)):
        with suppress(ProcessLookupError):
            os.kill(each, 15)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
