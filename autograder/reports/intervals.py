"""Confidence intervals for the numbers of an item analysis; all are 95% intervals.

With 20 students a discrimination of 0.3 may as well be 0: without its interval it says little.
"""

from __future__ import annotations

import math

from scipy import stats

LEVEL = 0.95
_Z = float(stats.norm.ppf((1 + LEVEL) / 2))

Interval = tuple[float, float]


def share_interval(successes: int, trials: int) -> Interval | None:
    """Return Wilson's score interval for a share (Wilson 1927, JASA 22); None without trials.

    Example:
        >>> [round(limit, 3) for limit in share_interval(9, 10)]
        [0.596, 0.982]
    """
    if trials == 0:
        return None
    share, square = successes / trials, _Z**2
    center = (share + square / (2 * trials)) / (1 + square / trials)
    spread = math.sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    half = _Z * spread / (1 + square / trials)
    return max(0.0, center - half), min(1.0, center + half)


def correlation_interval(correlation: float | None, n: int) -> Interval | None:
    """Return the interval of a correlation by Fisher's transformation; None below 4 students.

    Example:
        >>> [round(limit, 2) for limit in correlation_interval(0.3, 20)]
        [-0.16, 0.66]
    """
    if correlation is None or n < 4:
        return None
    bounded = min(max(correlation, -0.999999), 0.999999)
    center, half = math.atanh(bounded), _Z / math.sqrt(n - 3)
    return math.tanh(center - half), math.tanh(center + half)


def alpha_interval(alpha: float | None, n: int, k: int) -> Interval | None:
    """Return the interval of Cronbach's alpha from Feldt's F distribution.

    L. S. Feldt, "The approximate sampling distribution of Kuder-Richardson reliability coefficient
    twenty", Psychometrika 30 (1965).

    Example:
        >>> [round(limit, 2) for limit in alpha_interval(0.7, 50, 10)]
        [0.56, 0.81]

    Args:
        alpha: Of ``k`` questions, answered by ``n`` students.
        n: The number of students.
        k: The number of questions.
    """
    if alpha is None or n < 2 or k < 2:
        return None
    df1, df2 = n - 1, (n - 1) * (k - 1)
    lower = 1 - (1 - alpha) * float(stats.f.ppf((1 + LEVEL) / 2, df1, df2))
    upper = 1 - (1 - alpha) * float(stats.f.ppf((1 - LEVEL) / 2, df1, df2))
    return lower, upper
