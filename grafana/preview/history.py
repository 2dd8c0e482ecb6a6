"""Plays the story and fills a Prometheus with it: ``python -m grafana.preview.history FOLDER``.

Days pass on a virtual clock: gateway, exporter and its scrapes. Rules are evaluated afterwards.
"""

import argparse
import asyncio
import logging
import sys
import time
from pathlib import Path

from exporter import __version__, logs
from exporter.config import Account, Config, LedgerConfig
from exporter.gateway.client import GatewayClient
from exporter.monitoring.rules import rule_groups
from exporter.monitoring.thresholds import Thresholds
from exporter.simulation.clock import VirtualClock
from exporter.simulation.faults import Faults
from exporter.simulation.gateway import Gateway
from exporter.simulation.transport import GatewayTransport
from exporter.simulation.visits import Account as GatewayAccount
from exporter.simulation.world import World
from grafana.preview import story
from grafana.preview.firing import fired
from tests.e2e.backfill import Keeping, Scribe, create_blocks, record
from tests.e2e.station import Down, Station


SEED = 7
DOWN = 90.0
"""Seconds that the restart takes."""
RARELY, OFTEN = 240.0, 60.0
"""Seconds between scrapes: of the days before the last one, and of the last."""
EVERY_MINUTE = "1m"
"""How often rules are evaluated: promtool asks for no more points than a minute has in a week."""
LAST = 26 * story.HOUR
LABELS = {"job": "smsc", "instance": "exporter:10048"}
TOOLS = Path(__file__).resolve().parents[2] / "var" / "tools" / "bin"


class Stage:
    """The gateway and the exporter of the story."""

    def __init__(self, clock: VirtualClock, end: float, folder: Path) -> None:
        self.clock = clock
        self._end = end
        gateway_accounts = [
            GatewayAccount(world=World(spec, SEED), login=name, password=name)
            for name, spec in story.worlds(end).items()
        ]
        self._gateway = Gateway(
            gateway_accounts, faults=Faults(story.faults(end), SEED), clock=clock, latency=0.7
        )
        config = Config(
            accounts=story.accounts(), ledger=LedgerConfig(path=folder / "ledger.sqlite")
        )
        self._station = Station(config, clock, self._connect)

    async def play(self, scribe: Scribe) -> None:
        """Scrape to the end, with a restart in between."""
        self._station.start(__version__)
        restart = asyncio.create_task(self._restart())
        while self.clock.now() < self._end:
            every = OFTEN if self._end - self.clock.now() <= LAST else RARELY
            await self.clock.sleep(every)
            scribe.scrape(self._page(), self.clock.now())
        await restart
        await self._station.stop()

    async def _restart(self) -> None:
        await self.clock.sleep(story.restart(self._end) - self.clock.now())
        await self._station.stop()
        await self.clock.sleep(DOWN)
        self._station.start(__version__)

    def _page(self) -> str | None:
        try:
            return self._station.page("").body.decode()
        except Down:
            return None

    def _connect(self, account: Account) -> GatewayClient:
        transport = GatewayTransport(self._gateway, address="10.0.0.1")
        return GatewayClient(
            account.api_url, account.credentials, timeout=account.timeout, transport=transport
        )


def fill(folder: Path, days: float, end: float) -> None:
    """Make ``folder``/data, which a Prometheus can serve."""
    folder.mkdir(parents=True)
    raw, data = folder / "raw.om", folder / "data"
    clock = VirtualClock(end - days * story.DAY)
    with Scribe(raw) as scribe:
        clock.run(lambda: Stage(clock, end, folder).play(scribe))
    create_blocks(TOOLS / "promtool", raw, data, LABELS)
    raw.unlink()
    evaluate(folder, end - days * story.DAY, end)


def evaluate(folder: Path, start: float, end: float) -> None:
    """Add what rules and alerts make of it, from start to end (Unix seconds)."""
    promtool, data = TOOLS / "promtool", folder / "data"
    groups = [{**group, "interval": EVERY_MINUTE} for group in rule_groups(Thresholds())]
    with Keeping(TOOLS / "prometheus", folder / "server", data).running() as server:
        record(promtool, server, groups, (start, end), data)
        alerts = folder / "alerts.om"
        alerts.write_text("\n".join(fired(server, groups, end - LAST, end)), encoding="utf-8")
    create_blocks(promtool, alerts, data, {})
    (folder / "end").write_text(f"{end:.0f}\n", encoding="utf-8")


def main() -> int:
    """Do it."""
    parser = argparse.ArgumentParser(prog="python -m grafana.preview.history", description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder that does not exist yet")
    parser.add_argument("--days", type=float, default=8.5)
    asked = parser.parse_args()
    logs.set_up("error")
    logging.disable(logging.WARNING)
    fill(asked.folder, asked.days, time.time() // 60 * 60)
    return 0


if __name__ == "__main__":
    sys.exit(main())
