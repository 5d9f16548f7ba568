"""The calibration plot: said probability against what happened, model beside closing line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from busta.scoring.calibration import reliability

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["plot_calibration"]

_MARKERS = ("o", "s", "^", "D")


def plot_calibration(
    probabilities: Mapping[str, NDArray[np.float64]], y: NDArray[np.float64], title: str, file: Path
) -> None:
    """Draws one curve for each named vector of probabilities, bins with their 95 % intervals, into a PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="0.6", linestyle="--", label="perfect")
    for (name, p), marker in zip(probabilities.items(), _MARKERS, strict=False):
        curve = reliability(p, y)
        reach = (curve.rate - curve.low, curve.high - curve.rate)
        axes.errorbar(curve.mean_p, curve.rate, yerr=reach, marker=marker, elinewidth=0.7, capsize=2, label=name)
    axes.set(xlabel="probability said", ylabel="share that happened", title=title, xlim=(0, 1), ylim=(0, 1))
    axes.legend()
    figure.savefig(file, dpi=100)
