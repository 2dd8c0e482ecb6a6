"""Money of an account of the simulated gateway, as plain data of a world."""

from decimal import Decimal

from exporter.simulation.events import Part


class Funds(Part, frozen=True, kw_only=True):
    """What an account begins with, and when it is topped up."""

    start: Decimal = Decimal("1871.62")
    """Balance when the gateway starts."""
    below: Decimal = Decimal(500)
    """Once the balance is below this, ``top_up`` is paid in."""
    top_up: Decimal = Decimal(5000)
    """0: never."""
    credit: Decimal = Decimal(0)
    """Shown where it is not 0."""

    def __post_init__(self) -> None:
        """Refuse payments that take money away."""
        if self.top_up < 0:
            raise ValueError("top_up must not be below 0")
