"""What a policy is told when it makes a planner."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from exporter.config import Account, Config
from exporter.polling.planner import Planner
from exporter.rehearsal.chronicle import Times


class Oracle(Protocol):
    """Knows what no exporter can know."""

    def final_at(self, int_ids: Sequence[str] | NDArray[np.integer]) -> Times:
        """When messages that a page has shown become final, Unix seconds; ``inf`` for never."""
        ...


class Briefing(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy may know when it makes a planner for an account; made anew at each start."""

    config: Config
    account: Account
    now: float
    """When it is made, Unix seconds."""
    oracle: Oracle


Policy = Callable[[Briefing], Planner]
