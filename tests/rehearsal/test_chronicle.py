from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.rehearsal.chronicle import Chronicle
from exporter.rehearsal.scenario import HOUR, START
from exporter.simulation.codes import PENDING
from exporter.simulation.record import Stream, Truth
from exporter.simulation.world import World
from tests.rehearsal.plays import TROUBLED


CHANNELS: tuple[Stream, ...] = ("sms", "email")
RIPE_AFTER = 330.0
LATER = START + HOUR


def chronicle(until: float = LATER) -> Chronicle:
    """The troubled world's messages up to a moment."""
    made = Chronicle(World(TROUBLED, 3), CHANNELS, since=START, ripe_after=RIPE_AFTER)
    made.extend(until)
    return made


def first_final(truth: Truth) -> float:
    """When a message becomes final; never for one that stays stopped."""
    return next((t.time for t in truth.transitions if t.status not in PENDING), float("inf"))


def test_it_holds_what_the_world_says() -> None:
    """Ids, streams, send times and final times are the truth's, in the order of ids."""
    made = chronicle()
    truths = World(TROUBLED, 3).truth(START, LATER)
    assert made.ids[: len(truths)].tolist() == [int(truth.int_id) for truth in truths]
    streams = [CHANNELS[channel] for channel in made.channel[: len(truths)]]
    assert streams == [truth.stream for truth in truths]
    assert made.times("sent")[: len(truths)].tolist() == [truth.send for truth in truths]
    finals = [first_final(truth) for truth in truths]
    assert made.times("final")[: len(truths)].tolist() == finals
    assert float("inf") in finals


@settings(max_examples=10)
@given(st.lists(st.floats(0, HOUR), max_size=6))
def test_it_grows_the_same_in_any_steps(steps: list[float]) -> None:
    """However often it is extended, nothing is doubled, lost or out of order."""
    made = chronicle(START)
    for step in steps:
        made.extend(START + step)
    made.extend(LATER)
    whole = chronicle()
    assert made.ids.tolist() == whole.ids.tolist()
    assert made.times("final").tolist() == whole.times("final").tolist()
    assert all(a < b for a, b in pairwise(made.ids.tolist()))


def test_only_the_first_sight_counts() -> None:
    """A row shown again, twice in one page, or final before, changes no time."""
    made = chronicle()
    some = made.ids[:5].copy()
    twice = np.concatenate([some, some[:2]])
    pending, final = np.zeros(7, bool), np.ones(7, bool)
    assert made.note(twice, pending, START + 100, START + 101) == (5, 0)
    assert made.note(twice, final, START + 200, START + 201) == (0, 5)
    assert made.note(twice, final, START + 300, START + 301) == (0, 0)
    assert made.times("seen")[:6].tolist() == [START + 101] * 5 + [float("inf")]
    assert made.times("known")[:6].tolist() == [START + 201] * 5 + [float("inf")]


def test_a_row_is_ripe_when_asked_for_late_enough() -> None:
    """It counts when the page was asked for, not when it came."""
    made = chronicle()
    first = made.ids[:1].copy()
    due = made.times("sent")[0] + RIPE_AFTER
    pending = np.zeros(1, bool)
    made.note(first, pending, due - 0.5, due + 0.5)
    assert made.times("ripe")[0] == float("inf")
    made.note(first, pending, due, due + 1)
    assert made.times("ripe")[0] == due + 1


def test_strangers_are_left_alone() -> None:
    """Ids that are no message of the world change nothing, and never become final."""
    made = chronicle()
    strangers = np.array([1, made.ids[0] + 1, 2**62])
    assert made.note(strangers, np.ones(3, bool), START, START + 1) == (0, 0)
    assert made.final_at(["1", str(made.ids[0])]).tolist() == [np.inf, made.times("final")[0]]
    assert made.final_at(made.ids.astype(np.uint64)).tolist() == made.times("final").tolist()
    empty = Chronicle(World(TROUBLED, 3), CHANNELS, since=START, ripe_after=RIPE_AFTER)
    assert empty.final_at(["1"]).tolist() == [np.inf]
