"""Latencies in HDR histograms (hdrhistogram.org): every value kept to three digits, from one microsecond to an hour."""

import math
from typing import Any

from hdrh.histogram import HdrHistogram

LOWEST, HIGHEST, DIGITS = 1, 3_600_000_000, 3
PERCENTILES = (50.0, 66.0, 75.0, 80.0, 90.0, 95.0, 98.0, 99.0, 99.9, 99.99, 100.0)


class Latencies:
    """Histograms by the name of what was timed. Values are seconds; inside they are microseconds."""

    def __init__(self) -> None:
        self._named: dict[str, Any] = {}

    def record(self, name: str, seconds: float) -> None:
        """Adds one value. What took longer than an hour counts as an hour, what took no time as a microsecond."""
        histogram = self._named.get(name)
        if histogram is None:
            histogram = self._named[name] = HdrHistogram(LOWEST, HIGHEST, DIGITS)
        histogram.record_value(min(max(round(seconds * 1e6), LOWEST), HIGHEST))

    def names(self) -> list[str]:
        """What was timed, in the order of its first value."""
        return list(self._named)

    def count(self, name: str) -> int:
        """How many values a name has."""
        histogram = self._named.get(name)
        return 0 if histogram is None else int(histogram.get_total_count())

    def percentile(self, name: str, percent: float) -> float | None:
        """Seconds below or at which at least so many percent of the values are; None where there is none.

        The value of the nearest rank above, as the HdrHistogram of Java has it: the Python port rounds the rank, so
        that the 99.9th percentile of 534 values would not be their greatest.
        """
        count = self.count(name)
        if not count:
            return None
        rank = max(1, math.ceil(round(percent * count / 100, 6)))
        return float(self._named[name].get_value_at_percentile(100 * rank / count)) / 1e6

    def mean(self, name: str) -> float | None:
        """The mean in seconds, None where there is no value."""
        return float(self._named[name].get_mean_value()) / 1e6 if self.count(name) else None

    def bounds(self, name: str) -> tuple[float, float] | None:
        """The least and the greatest value in seconds, None where there is none."""
        if not self.count(name):
            return None
        one = self._named[name]
        return float(one.get_min_value()) / 1e6, float(one.get_max_value()) / 1e6

    def encoded(self) -> dict[str, str]:
        """The histograms in HdrHistogram's compressed and base64 form (V2), by name."""
        return {name: one.encode().decode() for name, one in self._named.items()}

    def add(self, encoded: dict[str, str]) -> None:
        """Merges histograms that another process encoded."""
        for name, text in encoded.items():
            histogram = self._named.get(name)
            if histogram is None:
                histogram = self._named[name] = HdrHistogram(LOWEST, HIGHEST, DIGITS)
            histogram.decode_and_add(text.encode())
