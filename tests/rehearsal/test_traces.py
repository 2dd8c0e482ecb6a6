import math
from collections import Counter
from statistics import NormalDist, fmean, median

import pytest

from exporter.rehearsal.scenario import HOUR, START
from exporter.rehearsal.traces import TRACES, trace
from exporter.simulation.record import Record
from exporter.simulation.world import World


RATES = {
    "1": (20, 0.6),
    "2": (1000, 0.0),
    "3": (8000, 0.5),
    "4": (20_000, 0.0),
    "5": (28_000, 0.0),
    "6": (500, 0.6),
    "7": (8000, 0.5),
    "8": (4000, 0.0),
    "9": (8000, 0.0),
    "10": (22_000, 0.95),
    "11": (40_000, 0.0),
}
"""Messages an hour and swing over the day, by trace."""
SHARES = (0.30, 0.25, 0.24, 0.16, 0.05)
DAY = 24 * HOUR


def created(key: str, hour: float, hours: float) -> list[Record]:
    """Messages of a trace within a stretch of hours after its beginning."""
    sender = trace(key).senders[0]
    since = START + hour * HOUR
    return list(World(sender.world, sender.seed).created("sms", since, since + hours * HOUR))


def final(record: Record) -> float:
    """When the message has its final status, seconds after it was created."""
    return record.transitions[-1].time - record.created


def pending_after(age: float, never: float) -> float:
    """Share of messages without a final status at an age, by the definition of the mixture."""
    fast = 1 - 0.08 - 0.02 - 0.015 - never
    laws = ((fast, 7, 0.6), (0.08, 90, 1.3), (0.02, 3 * HOUR, 1.5), (0.015, 3, 0.5))
    late = sum(
        share * (1 - NormalDist().cdf(math.log(age / median) / sigma))
        for share, median, sigma in laws
    )
    return late + never


@pytest.mark.parametrize("key", RATES)
def test_as_many_messages_as_the_trace_says(key: str) -> None:
    """At night and at the peak each trace has its rate, up to chance and noise."""
    rate, swing = RATES[key]
    hours = 4.0 if rate <= 1000 else 0.25
    for hour in (1.0, 12.0):
        middle = hour + hours / 2
        mean = rate * hours * (1 + swing * math.cos(2 * math.pi * (middle - 14) / 24))
        noise = mean * 0.1 / math.sqrt(hours * 60)
        everyday = [r for r in created(key, hour, hours) if r.sender != "SALE"]
        assert abs(len(everyday) - mean) < 5 * math.hypot(math.sqrt(mean), noise)


def test_nothing_was_sent_before() -> None:
    """Traces begin with an empty history."""
    for key in RATES:
        assert trace(key).senders[0].world.begins == START
        assert not created(key, -2, 2)


@pytest.mark.parametrize("key", ["3", "8"])
def test_latencies_are_those_of_the_mixture(key: str) -> None:
    """Shares still pending at ages between seconds and a day are those of the definition."""
    never = 0.05 if key == "8" else 0.0
    ages = [final(record) for record in created(key, 5, 3)]
    for age in (10, 60, 180, 3600, 6 * HOUR):
        share = pending_after(age + 0.5, never)
        spread = math.sqrt(share * (1 - share) / len(ages))
        assert abs(sum(each > age for each in ages) / len(ages) - share) < 5 * spread + 0.002


def test_a_share_is_refused_within_seconds() -> None:
    """One and a half per cent end as undeliverable, three seconds after sending."""
    records = created("3", 12, 1)
    refused = [final(r) for r in records if r.transitions[-1].status == 20]
    assert len(refused) / len(records) == pytest.approx(0.015, rel=0.25)
    assert median(refused) == pytest.approx(2.5, abs=0.5)


def test_expiry_comes_within_a_minute_of_a_day() -> None:
    """Messages that never get a receipt expire a day after sending, spread over a minute."""
    expired = [final(r) for r in created("8", 5, 2) if r.transitions[-1].status == 3]
    assert all(DAY - 1 < age < DAY + 60 for age in expired)
    assert fmean(expired) == pytest.approx(DAY + 30, abs=5)


def test_operators_have_their_shares() -> None:
    """Five operators share the messages."""
    records = created("4", 3, 0.5)
    counts = Counter(record.network.operator for record in records)
    shares = [count / len(records) for _, count in counts.most_common()]
    assert shares == pytest.approx(SHARES, abs=0.02)


def test_numbers_come_back_as_often_as_the_law_says() -> None:
    """Ten numbers carry 2 %; among the others two messages meet as log-normal shares let them."""
    records = created("3", 12, 4)
    counts = Counter(record.phone for record in records)
    heavy = sum(count for _, count in counts.most_common(10))
    assert heavy / len(records) == pytest.approx(0.02, rel=0.15)
    everyday = Counter(dict(counts.most_common()[10:]))
    pairs = sum(count * (count - 1) / 2 for count in everyday.values())
    population = 24 * 8000 / 1.5
    expected = math.comb(everyday.total(), 2) * math.exp(0.8**2) / population
    assert pairs == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("hour", [14.3, 37.1])
def test_campaigns_reach_each_number_once(hour: float) -> None:
    """A minute of the mailing brings its share of 40,000 messages, to as many numbers."""
    sale = [r for r in created("6", hour + 1 / 60, 1 / 60) if r.sender == "SALE"]
    assert len(sale) == pytest.approx(40_000 / 15, rel=0.01)
    assert len({record.phone for record in sale}) == len(sale)
    assert not [r for r in created("6", hour + 0.26, 0.1) if r.sender == "SALE"]


def test_an_operator_stands_still_and_drains() -> None:
    """From hour 19 to 22 one operator reports nothing; its queue is gone 17 minutes later."""
    records = [r for r in created("7", 19.5, 0.25) if r.network.operator == "МегаФон"]
    ends = [(r.transitions[-1].time - START) / HOUR for r in records]
    assert min(ends) >= 22
    assert sum(end < 22 + 1020 / 3600 for end in ends) > 0.95 * len(ends)
    others = [r for r in created("7", 19.5, 0.05) if r.network.operator != "МегаФон"]
    assert sum(final(r) < 600 for r in others) > 0.9 * len(others)


def test_rows_neither_come_late_nor_change_again() -> None:
    """What traces leave out: rows below newer ones, queues, scheduled messages, corrections."""
    for key in RATES:
        for record in created(key, 14, 0.05):
            assert record.visible == record.created
            assert [t.status == 0 for t in record.transitions] == [True, False]


def test_every_trace_is_described() -> None:
    """A trace added without its rate here is noticed; only the ninth shares its budget."""
    assert set(TRACES) == set(RATES)
    assert {key for key in TRACES if trace(key).foreign} == {"9"}


def test_an_offset_is_another_seed() -> None:
    """The same trace with an offset has other messages at the same rate."""
    first, other = trace("2"), trace("2", offset=1000)
    assert first.senders[0].world == other.senders[0].world
    assert first.senders[0].seed != other.senders[0].seed
