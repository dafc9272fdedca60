"""The one statistic that a table of accuracies needs."""

from __future__ import annotations

import math

_Z = 1.959963984540054  # 97.5% of the normal distribution


def wilson(correct: int, n: int) -> tuple[float, float]:
    """The 95% Wilson interval of a proportion; (0, 1) when nothing was counted."""
    if n == 0:
        return 0.0, 1.0
    share, z2 = correct / n, _Z * _Z
    centre = share + z2 / (2 * n)
    half = _Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    scale = 1 + z2 / n
    low = 0.0 if correct == 0 else max(0.0, (centre - half) / scale)
    high = 1.0 if correct == n else min(1.0, (centre + half) / scale)
    return low, high
