"""How fast worlds come into being and how fast the simulated gateway answers in virtual time."""

from time import perf_counter

import httpx
import msgspec

from exporter.simulation.clock import START, VirtualClock
from exporter.simulation.gateway import Gateway
from exporter.simulation.presets import PRESETS
from exporter.simulation.transport import GatewayTransport
from exporter.simulation.visits import Account
from exporter.simulation.world import World


DAY = 86400.0


def generate(per_hour: float, hours: float) -> None:
    """Print how many messages a second are made."""
    world = World(msgspec.structs.replace(PRESETS["demo"], per_hour=per_hour))
    began = perf_counter()
    made = len(world.truth(START, START + hours * 3600))
    took = perf_counter() - began
    print(
        f"{per_hour:.0f}/h for {hours:.0f} h: {made} messages in {took:.2f} s, {made / took:.0f}/s"
    )


def answer(per_hour: float) -> None:
    """Print how much faster than real time a client reads a page each 121 s."""
    clock = VirtualClock()
    world = World(msgspec.structs.replace(PRESETS["demo"], per_hour=per_hour))
    account = Account(world=world, login="a", password="b")
    gateway = Gateway([account], clock=clock, latency=0.3)
    fields = {"get_messages": "1", "login": "a", "psw": "b", "fmt": "3", "cnt": "1000"}

    async def main() -> None:
        transport = GatewayTransport(gateway)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            while True:
                await client.post("/sys/get.php", data=fields)
                await clock.sleep(121)

    began = perf_counter()
    clock.run(main, until=START + DAY)
    took = perf_counter() - began
    print(
        f"{per_hour:.0f}/h: {len(gateway.calls)} pages of a day in {took:.2f} s, {DAY / took:.0f}x"
    )


if __name__ == "__main__":
    generate(30_000, 12)
    answer(1000)
