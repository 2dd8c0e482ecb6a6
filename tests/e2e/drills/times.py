"""Two times side by side: the fast one of gateway and exporter, and Prometheus' own."""

import re
from typing import NamedTuple


_STAMP = re.compile(r"(_timestamp_seconds(?:\{.*\})?) ([\d.]\S*)$", re.MULTILINE)
_CADENCE = re.compile(r"(smsc_poll_cadence_seconds\{.*\}) (\S+)$", re.MULTILINE)


class Times(NamedTuple):
    """Tells the fast time of a real one, and the other way round; all in Unix seconds."""

    began_fast: float
    began_real: float
    """The same moment."""
    speed: float

    def real(self, fast: float) -> float:
        """When something happens for Prometheus."""
        return self.began_real + (fast - self.began_fast) / self.speed

    def fast(self, real: float) -> float:
        """When something that Prometheus saw happens at the gateway."""
        return self.began_fast + (real - self.began_real) * self.speed

    def page(self, text: str) -> str:
        """A metrics page with its moments, and the lengths that rules compare them with, in real
        time; what the gateway measured stays as it is.
        """
        text = _STAMP.sub(lambda found: f"{found[1]} {self.real(float(found[2])):.6f}", text)
        return _CADENCE.sub(lambda found: f"{found[1]} {float(found[2]) / self.speed}", text)

    def sample(self, line: str) -> str:
        """A line of a past, which ends in its time, in real time."""
        text, at = line.rstrip("\n").rsplit(" ", 1)
        if text.startswith("smsc_") and "_seconds" in text:
            text = self.page(text)
        return f"{text} {self.real(float(at)):.3f}"
