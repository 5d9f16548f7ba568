"""What is counted of a server, for Prometheus. Labels are names of routes, markets and versions: none is a client's.

A request adds to plain numbers, a tenth of what the client library's own counters cost; they go there when somebody
asks, and where several workers count together once a second, as in the files they share a count costs forty times more.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["GAUGES", "SHARED", "Metrics"]

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder in which several workers count together."""
GAUGES = {
    "busta_ready": "Whether there is something to serve.",
    "busta_refused": "Models refused and slates that cannot be read.",
    "busta_checked_seconds": "Since MLflow and gold store were looked at.",
    "busta_ledger_waiting": "Rows that wait for the ledger.",
}
"""What a server says of itself at the moment it is asked."""
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class _Requests:
    """Requests of one method, route and status that are counted and not told yet."""

    __slots__ = ("_counter", "_histogram", "buckets", "seconds")

    def __init__(self, counter: Counter, histogram: Histogram) -> None:
        self._counter = counter
        self._histogram = histogram
        self.buckets = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0

    def tell(self) -> None:
        """Adds them to the library's counters."""
        self._counter.inc(sum(self.buckets))
        self._histogram._sum.inc(self.seconds)  # noqa: SLF001 - `observe` takes one at a time
        for place, count in enumerate(self.buckets):
            if count:
                self._histogram._buckets[place].inc(count)  # noqa: SLF001
                self.buckets[place] = 0
        self.seconds = 0.0


class Metrics:
    """The counters of a server, used by one thread.

    Attributes:
        shared: Whether other workers count, too, so that somebody has to call `tell` from time to time.
    """

    def __init__(self) -> None:
        self.shared = bool(os.environ.get(SHARED))
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "busta_http_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "busta_http_request_seconds",
            "From a request's head to its answer.",
            ("route",),
            buckets=BUCKETS,
            registry=registry,
        )
        self._predictions = Counter(
            "busta_predictions", "Predictions given, by what of.", ("source", "league", "market"), registry=registry
        )
        self._rows = Counter("busta_ledger_rows", "Rows for the ledger.", ("outcome",), registry=registry)
        self._asked: dict[tuple[str, str, int], _Requests] = {}
        self._given: dict[tuple[str, str, str], int] = {}

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a request."""
        found = self._asked.get((method, route, status))
        if found is None:
            found = _Requests(self._requests.labels(method, route, str(status)), self._seconds.labels(route))
            self._asked[method, route, status] = found
        found.buckets[bisect_left(BUCKETS, seconds)] += 1
        found.seconds += seconds

    def predicted(self, source: str, league: str, market: str, count: int) -> None:
        """Counts predictions of a market: of the ``store``, or of ``features`` that were given."""
        key = (source, league, market)
        self._given[key] = self._given.get(key, 0) + count

    def tell(self) -> None:
        """Has what was counted stand where whoever asks another worker finds it."""
        for requests in self._asked.values():
            requests.tell()
        for key, count in self._given.items():
            self._predictions.labels(*key).inc(count)
            self._given[key] = 0

    def rows(self, outcome: str, count: int) -> None:
        """Counts rows for the ledger: ``written`` or ``refused``."""
        self._rows.labels(outcome).inc(count)

    def text(
        self,
        models: Iterable[tuple[str, str, str]],
        now: Mapping[str, float],
        trials: Mapping[str, Mapping[str, float]] | None = None,
    ) -> bytes:
        """All as Prometheus reads it.

        Args:
            models: Name, version and role of each that is served.
            now: Values of `GAUGES`.
            trials: Figures of the last trial of each model, by its name.
        """
        self.tell()
        counters = self._registry
        if self.shared:
            counters = CollectorRegistry()
            MultiProcessCollector(counters)  # type: ignore[no-untyped-call]
        gauges = CollectorRegistry()
        ProcessCollector(registry=gauges)  # memory and processor time; of several workers, that of the one that answers
        info = Gauge("busta_model_info", "Versions that are served.", ("model", "version", "role"), registry=gauges)
        for each in models:
            info.labels(*each).set(1)
        for name, value in now.items():
            Gauge(name, GAUGES[name], registry=gauges).set(value)
        figures = {name for found in (trials or {}).values() for name in found}
        by_name = {
            name: Gauge(f"busta_{name}", "As `busta trial show` tells it.", ("model",), registry=gauges)
            for name in sorted(figures)
        }
        for model, found in (trials or {}).items():
            for name, value in found.items():
                by_name[name].labels(model).set(value)
        return generate_latest(counters) + generate_latest(gauges)
