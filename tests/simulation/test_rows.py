from collections.abc import Callable
from unittest.mock import Mock

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.simulation import render
from exporter.simulation.gateway import Gateway
from exporter.simulation.render import Rows, row_of
from exporter.simulation.spec import WorldSpec
from exporter.simulation.world import Query, World


NOW = 1_700_000_000.0
SPEC = WorldSpec(
    per_hour=200,
    correction_share=0.5,
    correction_median=600.0,
    price_change_share=0.5,
    read_share=0.5,
    queued_share=0.5,
)


@settings(max_examples=20)
@given(
    moments=st.lists(st.integers(-7200, 7200), min_size=1, max_size=8),
    kept=st.sampled_from([0, 9999]),
)
def test_rows_are_those_of_the_moment(moments: list[int], kept: int) -> None:
    """Whatever was shown before, a row shows status, cost and text of the moment asked for."""
    world = World(SPEC, 5)
    query = Query(cnt=300)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "ROWS_KEPT", kept)
        rows = Rows(world)
        for moment in moments:
            now = NOW + moment
            assert rows.at(now, query) == [row_of(world, r, now) for r in world.page(now, query)]


def test_a_row_that_looks_the_same_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are made once as long as nothing about them changes."""
    making = Mock(wraps=render.row_of)
    monkeypatch.setattr(render, "row_of", making)
    rows = Rows(World(WorldSpec(per_hour=9000, begins=NOW, ends=NOW + 60), 5))
    first = rows.at(NOW + 1.5 * 86400, Query())
    assert rows.at(NOW + 1.5 * 86400 + 1, Query()) == first
    assert making.call_count == len(first) > 30


def test_an_account_can_be_given_another_world(
    make_gateway: Callable[..., Gateway], ask: Callable[..., httpx.Response]
) -> None:
    """A gateway shows the world its account has now, not one it showed before."""
    gateway = make_gateway(world=World(SPEC, 5))
    before = ask(gateway).json()
    account = gateway.accounts["alex"]
    gateway.accounts["alex"] = msgspec.structs.replace(account, world=World(SPEC, 6))
    assert {row["int_id"] for row in ask(gateway).json()}.isdisjoint(
        row["int_id"] for row in before
    )
