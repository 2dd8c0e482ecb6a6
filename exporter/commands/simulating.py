"""``smsc-exporter demo`` and ``simulate-gateway``: a gateway of our own."""

from pathlib import Path
from typing import Any

from exporter.commands.shell import fail, note
from exporter.demo import run_demo
from exporter.simulation.serve import build_gateway, serve
from exporter.web.errors import WebError


def demo(listen_address: str, gateway_port: int, state: Path, log_level: str) -> None:
    """Run the exporter against a simulated gateway until interrupted."""
    try:
        run_demo(listen_address, gateway_port, state, log_level)
    except WebError as error:
        fail(str(error), status=1)
    except OSError as error:
        fail(f"the simulated gateway can't listen on port {gateway_port}: {error}", status=1)


def simulate(host: str, port: int, **choices: Any) -> None:
    """Serve the simulated gateway until interrupted; ``choices`` are those of `build_gateway`."""
    try:
        gateway = build_gateway(**choices)
    except (ValueError, OSError) as error:
        fail(str(error))
    note(f"simulated gateway at http://{host}:{port}/sys/get.php, login {choices['login']}")
    try:
        serve(gateway, host=host, port=port)
    except SystemExit:
        fail(f"can't listen on {host}:{port}: is another program there?", status=1)
