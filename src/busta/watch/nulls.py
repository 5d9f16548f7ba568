"""How large a distance is by luck alone, for samples of this size, and what many p-values say together.

Games of a week, and the weeks of a season, are not independent: teams keep their ratings, and a season has its own
level of scoring. So no statistic is held against the law of independent games. Each is divided by what it came to, on
average, where nothing had changed: earlier seasons held against each other in the same weeks (the design effect of
Kish 1965; Rao and Scott 1981 for chi-square). That divisor is itself an estimate of ``freedom`` degrees of freedom,
which makes every tail heavier, as Student's t is heavier than the normal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, fdtrc, fdtri, stdtr

__all__ = ["KOLMOGOROV_MEAN", "combined", "holm", "ks_tail", "missing_tail", "psi_critical", "psi_tail", "t_tail"]

Floats = NDArray[np.float64]

KOLMOGOROV_MEAN = 0.8687311606361592
"""Mean of the limit of sqrt(n) * D: sqrt(pi / 2) * log 2."""
_SMALLEST = 1e-12  # p-values below are combined by the limit of the tangent
_LARGEST = 0.9
"""A p-value near 1 would outweigh all others: Fang, Chang, Park and Tseng 2023 cut it off."""


def psi_tail(
    psi: ArrayLike, n: ArrayLike, m: ArrayLike, bins: ArrayLike, scale: ArrayLike, freedom: ArrayLike
) -> Floats:
    """Chance of that PSI or more, of n games against m others, by luck.

    For independent games PSI / (1 / n + 1 / m) is nearly chi-square with bins - 1 degrees of freedom (Yurdakul and
    Naranjo 2020); over an estimated scale it is F. With one bin there is nothing to be told apart: 1.

    >>> round(float(psi_tail(0.1, n=64, m=1000, bins=10, scale=1, freedom=1e9)), 2)
    0.74

    Args:
        psi: The index.
        n: Recent games.
        m: Games they are held against.
        bins: Bins with any game.
        scale: What it came to without a change, as a multiple of that of independent games.
        freedom: Degrees of freedom of that scale.
    """
    k = _number(bins) - 1
    per = _number(psi) / (_sizes(n, m) * np.maximum(k, 1) * _number(scale))
    return np.where(k > 0, fdtrc(np.maximum(k, 1), np.minimum(_number(freedom), 1e9), np.maximum(per, 0)), 1.0)


def psi_critical(
    level: ArrayLike, n: ArrayLike, m: ArrayLike, bins: ArrayLike, scale: ArrayLike, freedom: ArrayLike
) -> Floats:
    """The PSI that luck reaches with a chance of ``level``; NaN with one bin. Other arguments as `psi_tail`'s.

    >>> round(float(psi_critical(0.05, n=64, m=1000, bins=10, scale=1, freedom=1e9)), 3)
    0.281
    """
    k = _number(bins) - 1
    quantile = fdtri(np.maximum(k, 1), np.minimum(_number(freedom), 1e9), 1 - _number(level))
    return np.where(k > 0, quantile * _sizes(n, m) * np.maximum(k, 1) * _number(scale), np.nan)


def ks_tail(ks: ArrayLike, n: ArrayLike, m: ArrayLike, scale: ArrayLike, freedom: ArrayLike) -> Floats:
    """Chance of that distance of two distribution functions or more, by luck.

    Kolmogorov's tail 2 * exp(-2 x**2), which is an upper bound, averaged over what the scale may be:
    2 * (1 + 4 x**2 / freedom) ** (-freedom / 2), with x**2 = D**2 * n * m / (n + m) / scale.

    >>> round(float(ks_tail(0.2, n=64, m=1000, scale=1, freedom=1e9)), 3)
    0.016
    """
    x2 = np.square(_number(ks)) / (_sizes(n, m) * _number(scale))
    free = np.minimum(_number(freedom), 1e9)
    return np.asarray(np.minimum(2 * np.exp(-free / 2 * np.log1p(4 * x2 / free)), 1.0), dtype=np.float64)


def t_tail(t: ArrayLike, freedom: ArrayLike) -> Floats:
    """Two-sided tail of Student's t."""
    return np.asarray(2 * stdtr(freedom, -np.abs(t)))


def straightened(z: ArrayLike, skew: ArrayLike) -> Floats:
    """The normal deviate as unlikely as z standard deviations of a mean with that skewness.

    The cube root of a gamma variate is nearly normal (Wilson and Hilferty 1931). Three games on neutral ground in a
    league that has one a season are less of a wonder than their standard deviations say.

    >>> straightened([6.0, -6.0], 0.0), straightened([6.0, -2.0], 1.4).round(1)
    (array([ 6., -6.]), array([ 3.4, -4.1]))
    """
    g = np.where(np.abs(_number(skew)) < FLAT, FLAT, _number(skew))
    sign = np.sign(g)
    g, side = np.abs(g), sign * _number(z)
    root = np.cbrt(np.maximum(1 + g * side / 2, 0.0))
    return np.where(np.abs(_number(skew)) < FLAT, z, sign * (root - 1 + g**2 / 36) * 6 / g)


FLAT = 1e-3
"""A skewness of less is none."""


def missing_tail(missing: ArrayLike, n: ArrayLike, before: ArrayLike, m: ArrayLike, scale: ArrayLike) -> Floats:
    """Chance that so many of n games or more lack a value, where ``before`` of m did: a binomial tail.

    Numbers are divided by the scale, as values are missing together: of a team, of a week.

    >>> [round(float(missing_tail(k, n=48, before=0, m=768, scale=1)), 5) for k in (1, 2)]
    [0.03074, 0.00047]
    """
    share = (_number(before) + EMPTY_GAMES) / (_number(m) + 1)
    k, n = (_number(part) / _number(scale) for part in (missing, n))
    return np.where(k > 0, betainc(np.maximum(k, 1e-9), np.maximum(n - k, 0) + 1, share), 1.0)


EMPTY_GAMES = 0.5
"""Games that are taken to have lacked a value where none did (Jeffreys 1946)."""


def combined(p: Floats) -> Floats:
    """One p-value of several of the same hypothesis, however they go together: the Cauchy combination.

    Liu and Xie 2020; p of shape (tests, ...), a NaN is a test that does not apply and counts as 1.

    >>> combined(np.array([[0.001], [0.5], [0.5], [0.5]])).round(4)
    array([0.004])
    """
    p = np.clip(np.where(np.isnan(p), 1.0, p), 0.0, _LARGEST)
    small = p < _SMALLEST
    steep = 1 / (np.pi * np.maximum(p, np.finfo(np.float64).tiny))
    total = np.where(small, steep, np.tan((0.5 - np.where(small, 0.5, p)) * np.pi)).mean(axis=0)
    tail = np.where(total > 1 / _SMALLEST, 1 / (np.pi * np.maximum(total, 1)), 0.5 - np.arctan(total) / np.pi)
    return np.asarray(tail, dtype=np.float64)


def holm(p: Floats, alpha: float) -> NDArray[np.bool_]:
    """Which of several hypotheses fall, none falsely with a chance of 1 - alpha, however they go together (Holm 1979).

    >>> holm(np.array([0.01, 0.04, 0.03]), 0.05)
    array([ True, False, False])
    """
    order = np.argsort(p, kind="stable")
    passed = np.logical_and.accumulate(p[order] <= alpha / (len(p) - np.arange(len(p))))
    found = np.zeros(len(p), dtype=np.bool_)
    found[order] = passed
    return found


def _number(value: ArrayLike) -> Floats:
    return np.asarray(value, dtype=np.float64)


def _sizes(n: ArrayLike, m: ArrayLike) -> Floats:
    return np.asarray(1 / np.maximum(_number(n), 1) + 1 / np.maximum(_number(m), 1))
