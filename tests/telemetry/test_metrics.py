from __future__ import annotations

import subprocess
import sys

from busta.telemetry.metrics import SHARED, Metrics


def test_what_is_counted_is_told_as_prometheus_reads_it():
    metrics = Metrics()
    metrics.request("GET", "/v1/games", 200, 0.002)
    metrics.request("GET", "/v1/games", 200, 0.2)
    metrics.predicted("store", "nfl", "ats", 3)
    metrics.predicted("store", "nfl", "totals", 1)
    metrics.predicted("features", "nfl", "ats", 2)
    metrics.rows("refused", 2)
    text = metrics.text([("busta-nfl-ats", "3", "champion")], {"busta_ready": 1.0}).decode()
    assert 'busta_http_requests_total{method="GET",route="/v1/games",status="200"} 2.0' in text
    assert 'busta_http_request_seconds_bucket{le="0.0025",route="/v1/games"} 1.0' in text
    assert 'busta_predictions_total{league="nfl",market="ats",source="store"} 3.0' in text
    assert 'busta_predictions_total{league="nfl",market="ats",source="features"} 2.0' in text
    assert 'busta_predictions_total{league="nfl",market="totals",source="store"} 1.0' in text
    assert 'busta_ledger_rows_total{outcome="refused"} 2.0' in text
    assert 'busta_model_info{model="busta-nfl-ats",role="champion",version="3"} 1.0' in text
    assert "busta_ready 1.0" in text
    assert "_created" not in text
    assert "process_resident_memory_bytes" in text


def test_what_was_told_once_is_counted_on_and_not_twice():
    metrics = Metrics()
    for seconds in (0.001, 0.0011, 99.0):
        metrics.request("GET", "/x", 200, seconds)
        metrics.predicted("store", "nfl", "ats", 2)
        text = metrics.text([], {}).decode()
    assert 'busta_http_requests_total{method="GET",route="/x",status="200"} 3.0' in text
    assert 'busta_http_request_seconds_bucket{le="0.001",route="/x"} 1.0' in text
    assert 'busta_http_request_seconds_bucket{le="0.0025",route="/x"} 2.0' in text
    assert 'busta_http_request_seconds_bucket{le="10.0",route="/x"} 2.0' in text
    assert 'busta_http_request_seconds_count{route="/x"} 3.0' in text
    assert 'busta_http_request_seconds_sum{route="/x"} 99.0021' in text
    assert 'busta_predictions_total{league="nfl",market="ats",source="store"} 6.0' in text


def test_a_version_that_is_no_longer_served_is_no_longer_told():
    metrics = Metrics()
    metrics.text([("m", "1", "champion")], {})
    assert b'version="1"' not in metrics.text([("m", "2", "champion")], {})


def test_workers_side_by_side_count_together(tmp_path):
    count = "from busta.telemetry.metrics import Metrics; m = Metrics(); m.request('GET', '/x', 200, 0.1); "
    count += "m.predicted('store', 'nfl', 'ats', 1); "
    for end in ("m.tell()", "print(m.text([], {}).decode())"):
        said = subprocess.run(
            [sys.executable, "-c", count + end],
            env={SHARED: str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    assert 'busta_http_requests_total{method="GET",route="/x",status="200"} 2.0' in said
    assert 'busta_predictions_total{league="nfl",market="ats",source="store"} 2.0' in said


def test_a_trial_is_told_by_its_model_and_what_it_does_not_know_yet_is_not():
    trials = {"busta-nfl-ats": {"trial_running": 1.0, "trial_games": 30.0}, "busta-nfl-totals": {"trial_running": 0.0}}
    text = Metrics().text([], {}, trials).decode()
    assert 'busta_trial_running{model="busta-nfl-ats"} 1.0' in text
    assert 'busta_trial_running{model="busta-nfl-totals"} 0.0' in text
    assert 'busta_trial_games{model="busta-nfl-ats"} 30.0' in text
    assert 'busta_trial_games{model="busta-nfl-totals"}' not in text
