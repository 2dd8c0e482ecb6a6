"""Alerts over a past fire when Prometheus' own would have."""

from typing import Any

import pytest

from grafana.preview.firing import fired


class Known:
    """Answers every range query with one series that holds at these minutes."""

    def __init__(self, *minutes: int) -> None:
        self._minutes = minutes

    def api(self, path: str, **parameters: str) -> Any:
        """The data of an answer."""
        assert path == "query_range"
        assert float(parameters["step"]) == 60
        values = [[60.0 * minute, "1"] for minute in self._minutes]
        return {"result": [{"metric": {"account": "a"}, "values": values}]}


def firing(rule: dict[str, Any], *minutes: int) -> list[int]:
    """Minutes in which the alert fires when its expression holds in these."""
    groups = [{"rules": [{"record": "x:y", "expr": "1"}, {"alert": "Bad", "labels": {}} | rule]}]
    lines = fired(Known(*minutes), groups, 0, 3600)  # type: ignore[arg-type]
    return [
        round(float(line.split()[-1]) / 60)
        for line in lines
        if line.startswith("ALERTS{") and 'alertstate="firing"' in line
    ]


@pytest.mark.parametrize(
    ("rule", "holds", "fires"),
    [
        ({}, (5, 6, 7), [5, 6, 7]),
        ({"for": "2m"}, (5, 6, 7, 8), [7, 8]),
        ({"for": "2m"}, (5, 6, 8, 9), []),
        ({"keep_firing_for": "2m"}, (5, 8), [5, 6, 7, 8, 9, 10]),
        ({"for": "2m", "keep_firing_for": "3m"}, (5, 6, 7, 10), [7, 8, 9, 10, 11, 12, 13]),
        ({"for": "2m", "keep_firing_for": "3m"}, (5, 6, 9), []),
        ({"keep_firing_for": "9m"}, (58,), [58, 59, 60]),
    ],
)
def test_alerts_wait_and_hold(
    rule: dict[str, Any], holds: tuple[int, ...], fires: list[int]
) -> None:
    """``for`` delays, a pause begins anew, ``keep_firing_for`` bridges pauses."""
    assert firing({"expr": "e", **rule}, *holds) == fires
