"""What a planner asked for lately."""

from collections import deque

from exporter.polling.planner import Ask


TRIED = 900.0
"""Seconds for which an anchor that was read from is left alone."""
KEPT = 50
"""Anchors that may be known before the oldest are forgotten."""


class Past:
    """Head pages, the calls beside them within a window, and anchors that were read from."""

    def __init__(self) -> None:
        self._heads: dict[str, float] = {}
        self._side: deque[tuple[float, str]] = deque()
        self._tried: dict[tuple[str, str], float] = {}

    def add(self, ask: Ask, started: float, now: float) -> None:
        """A call that left at ``started`` was answered."""
        if ask.kind == "head":
            self._heads[ask.channel] = started
        else:
            self._side.append((started, ask.kind))
        if ask.request.prev_id is not None:
            self._tried[ask.channel, ask.request.prev_id] = now

    def head_at(self, channel: str) -> float:
        """When a stream's last head page was asked for; 0 for never."""
        return self._heads.get(channel, 0.0)

    def beside(self, kind: str | None = None) -> int:
        """Calls within the window that were no head pages, of one kind or of all."""
        return sum(kind in (None, made) for _, made in self._side)

    def is_tried(self, channel: str, anchor: str, now: float) -> bool:
        """Whether an anchor was read from a short while ago."""
        at = self._tried.get((channel, anchor))
        return at is not None and now - at < TRIED

    def resting(self, channel: str, now: float) -> frozenset[str]:
        """Anchors of a stream that were read from a short while ago."""
        return frozenset(
            anchor for (of, anchor), at in self._tried.items() if of == channel and now - at < TRIED
        )

    def forget(self, now: float, window: float) -> None:
        """Forget what is too long ago to matter."""
        while self._side and not 0 <= now - self._side[0][0] < window:
            self._side.popleft()
        if len(self._tried) > KEPT:
            self._tried = {key: at for key, at in self._tried.items() if now - at < TRIED}

    def set_back(self, now: float) -> None:
        """Let nothing lie ahead of a clock that was set back."""
        self._tried = {key: min(at, now) for key, at in self._tried.items()}
