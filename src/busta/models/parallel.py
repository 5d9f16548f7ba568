"""Fits side by side: on threads of this process, or on the workers of a Dask cluster.

What is run is a function of what it is given and of nothing else, with linear algebra on one thread: where it runs
changes no result. A cluster is asked for the same code, libraries and kernels of linear algebra as are here.
"""

from __future__ import annotations

import hashlib
import logging
import platform
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_info, threadpool_limits

import busta
from busta.errors import OutsideError, UsageError, without_password

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor, Future

    from busta.settings import Train

__all__ = ["Pool", "side_by_side", "versions"]

LIBRARIES = ("numpy", "polars", "scikit-learn", "scipy", "xgboost-cpu")
"""Those that a fit's numbers depend on."""
PATIENCE = 10.0
"""Seconds that a cluster may take to answer, and to bring a worker."""


@contextmanager
def side_by_side(settings: Train, shared: Any) -> Iterator[Pool]:
    """A pool of ``settings.jobs`` threads, or of the workers of ``settings.cluster``, that is closed in the end.

    Args:
        settings: Where to run.
        shared: First argument of all that is run; a cluster is sent it once.

    Raises:
        UsageError: Dask is not installed.
        OutsideError: The cluster is not there, not able or lost.
    """
    with threadpool_limits(1):
        if settings.cluster is None:
            with ThreadPoolExecutor(settings.jobs) as threads:
                yield Pool(threads, shared)
        else:
            with _cluster(settings.cluster, shared) as pool:
                yield pool


class Pool:
    """Where calls run side by side.

    Args:
        executor: What runs them.
        shared: First argument of every call.
    """

    def __init__(self, executor: Executor, shared: Any) -> None:
        self._executor, self._shared = executor, shared

    def run(self, calls: Sequence[tuple[Any, ...]], done: Callable[[], object] = lambda: None) -> list[Any]:
        """What ``function(shared, *items)`` returns, for each ``(function, *items)``, in their order.

        Args:
            calls: What is to be run.
            done: Called whenever one has ended.

        Raises:
            Exception: Whatever one of them raises; those that have not begun are given up then.
        """
        futures = [self._submit(*call) for call in calls]
        pending = set(futures)
        try:
            while pending:
                finished, pending = wait(pending, PATIENCE, FIRST_COMPLETED)
                if not finished:
                    self._check()
                for future in finished:
                    future.result()
                    done()
        finally:
            for future in pending:
                future.cancel()
        return [future.result() for future in futures]

    def _submit(self, function: Callable[..., Any], *items: Any) -> Future[Any]:
        return self._executor.submit(function, self._shared, *items)

    def _check(self) -> None:
        """Whether there is still somebody at work, when nothing has come for a while."""


@contextmanager
def _cluster(address: str, shared: Any) -> Iterator[Pool]:
    client = _client(address)
    try:
        with _told(address):
            _agree(client, address)
            held = client.submit(_itself, shared, pure=False)  # not scattered: that is lost with the worker that has it
        yield _Cluster(client, address, held)
    finally:
        client.close()


class _Cluster(Pool):
    """The workers of a Dask cluster; what a worker that died was at, Dask gives to another one."""

    def __init__(self, client: Any, address: str, held: Any) -> None:
        super().__init__(client.get_executor(pure=False), held)
        self._client, self._address = client, address

    def run(self, calls: Sequence[tuple[Any, ...]], done: Callable[[], object] = lambda: None) -> list[Any]:
        with _told(self._address):
            return super().run(calls, done)

    def _submit(self, function: Callable[..., Any], *items: Any) -> Future[Any]:
        return self._executor.submit(partial(_there, versions(), function), self._shared, *items)

    def _check(self) -> None:
        self._client.wait_for_workers(1, timeout=PATIENCE)


def _itself(shared: Any) -> Any:
    """What all calls share, as a task, which Dask can do again where it is needed."""
    return shared


def _client(address: str) -> Any:
    """A connection to the scheduler there, with a worker at least."""
    try:
        from distributed import Client
    except ModuleNotFoundError as exc:
        raise UsageError(f'a cluster needs {exc.name}, which is not installed: pip install "busta[cluster]"') from exc
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what went wrong is said by our errors
    try:
        _possible(address)
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError) as exc:
        said = without_password(" ".join(str(exc).split()))
        raise OutsideError(
            f"no Dask scheduler answers at {without_password(address)}: {said}\n"
            "give --cluster the address that `dask scheduler` prints, such as tcp://127.0.0.1:8786"
        ) from exc
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as exc:
        client.close()
        raise OutsideError(f"the cluster at {address} has no workers; `dask worker {address}` starts one") from exc
    return client


def _possible(address: str) -> None:
    """Refuses what no scheduler can be at before a client is made: one that cannot begin takes 20 s to end."""
    from distributed.comm import parse_address, parse_host_port
    from distributed.comm.registry import get_backend
    from distributed.security import Security

    scheme, place = parse_address(address)
    get_backend(scheme)
    parse_host_port(place)
    if scheme in {"tls", "wss"} and not Security().get_connection_args("client").get("ssl_context"):
        raise ValueError("TLS needs certificates, which Dask's own configuration names")


@contextmanager
def _told(address: str) -> Iterator[None]:
    """What Dask says of a cluster that was lost, in our words."""
    from asyncio import CancelledError as Cancelled
    from concurrent.futures import CancelledError

    from distributed import KilledWorker
    from distributed.comm import CommClosedError

    try:
        yield
    except (Cancelled, CancelledError, CommClosedError, KilledWorker, TimeoutError) as exc:
        raise OutsideError(
            f"the cluster at {address} was lost at work: its scheduler or all of its workers are gone, or one fit "
            f"killed several\nlook at their logs; the same command begins anew ({type(exc).__name__})"
        ) from exc


def _agree(client: Any, address: str) -> None:
    """Refuses workers that would not give the same results."""
    mine = versions()
    for worker, theirs in client.run(versions, on_error="return").items():
        if not isinstance(theirs, dict):
            raise OutsideError(f"the worker {worker} of the cluster at {address} cannot run busta: {theirs}")
        _same(theirs, mine, worker)


def _there(mine: dict[str, str], function: Callable[..., Any], shared: Any, *items: Any) -> Any:
    """Runs it on a worker, which may have come after the others were looked at."""
    _same(versions(), mine, platform.node())
    _one_thread()
    return function(shared, *items)


@cache
def _one_thread() -> None:
    """Leaves linear algebra one thread in a worker for good, as Dask's nannies do.

    The limit is of the process: a fit that gave it back would give it back for the fits beside it.
    """
    threadpool_limits(1)


def _same(theirs: dict[str, str], mine: dict[str, str], worker: str) -> None:
    other = [f"{name} {theirs.get(name)} (here {here})" for name, here in mine.items() if theirs.get(name) != here]
    if other:
        raise OutsideError(
            f"the worker {worker} would not give the same results: {', '.join(other)}\n"
            "install there what is installed here"
        )


@cache
def versions() -> dict[str, str]:
    """What the numbers of a fit depend on: Python, machine, kernels of linear algebra, busta's code and libraries."""
    import scipy.linalg  # noqa: F401 - its kernels are looked for

    kernels = sorted({str(each["architecture"]) for each in threadpool_info() if "architecture" in each})
    return {
        "Python": platform.python_version(),
        "machine": platform.machine(),
        "kernels": " ".join(kernels),
        "busta": f"{metadata.version('busta')} ({_code()})",
    } | {name: metadata.version(name) for name in LIBRARIES}


def _code() -> str:
    """A name of busta's own code, which changes more often than its version."""
    root = Path(busta.__file__).parent
    found = hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        found.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:8]
