"""The planner that knows what no exporter can know: what better curves could gain."""

import numpy as np

from exporter import wiring
from exporter.polling.curves.survival import Chances
from exporter.polling.mind import Mind
from exporter.polling.valuing import ValuingPlanner
from exporter.rehearsal.briefing import Briefing


def valuing(briefing: Briefing) -> ValuingPlanner:
    """The planner that the exporter uses."""
    deadlines = wiring.rules(briefing.config).deadlines
    return wiring.valuing_planner(briefing.account, deadlines, briefing.now)


def omniscient(briefing: Briefing) -> ValuingPlanner:
    """The same, told when each message that it has seen becomes final."""

    class Knowing(Mind):
        def chances(self, now: float) -> Chances:
            waiting = now - briefing.oracle.final_at(self.watch.key)
            return Chances((waiting >= 0).astype(np.float64), np.maximum(waiting, 0.0))

    deadlines = wiring.rules(briefing.config).deadlines
    return wiring.valuing_planner(briefing.account, deadlines, briefing.now, Knowing)
