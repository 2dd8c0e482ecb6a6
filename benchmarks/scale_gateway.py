"""A gateway for any number of accounts that all have the same history, so that it costs little.

``python -m benchmarks.scale_gateway PORT MESSAGES_AN_HOUR`` serves until it is killed.
"""

import sys
import time

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.simulation.parameters import read_history, read_parameters
from exporter.simulation.presets import BUSY
from exporter.simulation.render import Rows, error_text, rows_text
from exporter.simulation.world import World


SPAN = 7200
"""Seconds of history before the start."""
SAME = 5
"""Seconds for which an answer stays the same."""
NOT_FOUND = 3


def main(port: int, messages: float) -> None:
    """Serve."""
    spec = msgspec.structs.replace(
        BUSY,
        per_hour=messages,
        begins=time.time() - SPAN,
        day_amplitude=0,
        history_span=SPAN,
        operators=BUSY.operators[:4],
        senders={"SHOP": 1.0},
        types={},
    )
    rows, answers = Rows(World(spec, 1)), dict[tuple[object, ...], bytes]()

    async def history(request: Request) -> Response:
        asked = read_history(await read_parameters(request)).query
        key = (int(time.time() / SAME), repr(asked))
        if key not in answers:
            if len(answers) > 1000:
                answers.clear()
            found = rows.at(key[0] * SAME, asked)
            text = rows_text(found, 3) if found else error_text(NOT_FOUND, "no messages", 3)
            answers[key] = text.encode()
        return Response(answers[key], media_type="application/json")

    app = Starlette(routes=[Route("/sys/get.php", history, methods=["GET", "POST"])])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical", access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
