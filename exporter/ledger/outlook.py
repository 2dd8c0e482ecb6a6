"""How planning sees an account's history: how busy it is, what is missing, how often it is read."""

import msgspec

from exporter.clock import utc


HOUR = 3600.0


class GapOutlook(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch that is still to be read; its ends are send times, Unix seconds."""

    kind: str
    """gap, baseline or settling: see `exporter.ledger.gaps.Gap.kind`."""
    lower: float
    upper: float
    rows: float
    """How many it probably holds."""

    @property
    def seconds(self) -> float:
        """How much send time it spans."""
        return max(0.0, self.upper - self.lower)

    def plain(self) -> dict[str, object]:
        """As plain values, fit for JSON."""
        return {
            "kind": self.kind,
            "lower": utc(self.lower),
            "upper": utc(self.upper),
            "seconds": round(self.seconds),
            "estimated_rows": round(self.rows),
        }


class StreamOutlook(msgspec.Struct, frozen=True, kw_only=True):
    """One stream; rates are rows a second, times Unix seconds."""

    channel: str
    head_at: float | None
    """When its last head page was asked for."""
    rate: float
    """Rows sent lately, as head pages show them."""
    period: float
    """Seconds between head pages now aimed at."""
    chain: int
    """Pages read in one go: the newest and those right below it."""
    pending: int
    """Messages without a final status that are followed."""
    gaps: tuple[GapOutlook, ...] = ()

    def plain(self, now: float) -> dict[str, object]:
        """As plain values, fit for JSON."""
        age = None if self.head_at is None else round(max(0.0, now - self.head_at), 1)
        return {
            "channel": self.channel,
            "head_page_age_seconds": age,
            "head_page_period_seconds": round(self.period, 1),
            "pages_in_chain": self.chain,
            "rows_per_hour": round(self.rate * HOUR),
            "pending": self.pending,
            "gaps": [gap.plain() for gap in self.gaps],
        }


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """One account."""

    saturation: float | None
    """Share of the permits that it takes to read every new row once; None before any was read."""
    streams: tuple[StreamOutlook, ...]

    @property
    def rate(self) -> float:
        """Rows a second, of all streams."""
        return sum(stream.rate for stream in self.streams)

    @property
    def missed(self) -> float:
        """Rows a second that there are no permits for."""
        if self.saturation is None or self.saturation <= 1:
            return 0.0
        return self.rate * (1 - 1 / self.saturation)
