"""Totals equal a fresh count over all readings, whatever the readings were."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from hypothesis import Phase, given, settings

from exporter.ledger.labels import LabelLimits
from exporter.ledger.snapshot import Distribution, Snapshot, Total
from tests.ledger.conftest import MEMORY
from tests.ledger.desk import Desk
from tests.ledger.worlds import OVER, Step, World, worlds


PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)


@contextmanager
def fresh_desk() -> Iterator[Desk]:
    """A desk for one example."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        desk = Desk(Path(folder), labels=LabelLimits(region=True))
        try:
            yield desk
        finally:
            desk.close()


def play(desk: Desk, world: World, step: Step) -> None:
    """Make one reading."""
    if step.restart:
        desk.reopen()
    desk.apply(world.rows(step.chosen, step.at), step.at, took=step.took)


def falls(before: Snapshot, after: Snapshot) -> list[str]:
    """Counters and buckets that are lower than they were."""
    fallen = [
        f"{family} {labels}"
        for family, values in before.totals.items()
        for labels, value in values.items()
        if after.totals[family][labels] < value
    ]
    for family, histograms in before.distributions.items():
        for labels, seen in histograms.items():
            now = after.distributions[family][labels]
            pairs = zip(now.counts, seen.counts, strict=True)
            if now.sum < seen.sum or any(new < old for new, old in pairs):
                fallen.append(f"{family} {labels}")
    return fallen


@settings(max_examples=40, deadline=None, phases=PHASES)
@given(world=worlds())
def test_any_readings_give_the_totals_of_a_fresh_count(world: World) -> None:
    """Overlapping, repeated, late, swapped pages and restarts end in what a recount gives."""
    with fresh_desk() as desk:
        for step in world.steps:
            before = desk.ledger.snapshot()
            play(desk, world, step)
            assert not falls(before, desk.ledger.snapshot())
            counts, observed = desk.oracle.recount()
            assert desk.counted() == counts
            assert desk.observed() == observed
            loaded = desk.loaded()
            assert desk.shown()[:2] == (loaded.totals, loaded.distributions)
        desk.check()


@settings(max_examples=15, deadline=None, phases=PHASES)
@given(world=worlds())
def test_restarts_change_nothing(world: World) -> None:
    """A restart between any two pages leaves every total as it would have been."""
    with fresh_desk() as one, fresh_desk() as other:
        for step in world.steps:
            for desk in (one, other):
                desk.apply(world.rows(step.chosen, step.at), step.at, took=step.took)
            one.reopen()
        assert one.shown() == other.shown()


def facts(desk: Desk) -> dict[str, object]:
    """Totals that don't depend on when messages were read, only on what became of them."""
    spent = Decimal(desk.sum(Total.COST)) - Decimal(desk.sum(Total.COST_REFUNDED))
    families = (
        Total.SUBMITTED,
        Total.SEGMENTS,
        Total.FINAL,
        Total.FAILURES,
        Total.MATURED,
        Total.REGION_MATURED,
    )
    shown = desk.observed()
    timed = {k: v for k, v in shown.items() if k[0] in {Distribution.FINAL, Distribution.DELIVERY}}
    return {"spent": spent, "times": timed, **{family: desk.total(family) for family in families}}


@settings(max_examples=40, deadline=None, phases=PHASES)
@given(world=worlds(fickle=False))
def test_the_way_of_reading_does_not_matter(world: World) -> None:
    """However messages were read, the totals are those of each message applied once."""
    with fresh_desk() as piecemeal, fresh_desk() as at_once:
        for step in world.steps:
            play(piecemeal, world, step)
        piecemeal.apply(world.everything(), OVER)
        at_once.apply(world.everything(), OVER)
        piecemeal.check()
        assert facts(piecemeal) == facts(at_once)
