"""Gaps hold every row that was never read, late ones too, and reading them through closes them."""

import hypothesis.strategies as st
from hypothesis import Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from exporter.gateway.message import Message, Personal
from exporter.gateway.request import HistoryRequest
from exporter.ledger import gaps
from exporter.ledger.gaps import Frontier, Gap
from tests.ledger.desk import T0, page, row


HORIZON = T0 - 1000
SETTLE = 120
CNTS = st.integers(gaps.TAIL + 1, 24)
AHEADS = st.lists(st.sampled_from((0, 0, 0, 5, 100, 4000, -70)), min_size=1, max_size=30)
"""Seconds from creating a message to sending it; too few are negative to fill a page's tail."""
ODD = gaps.TAIL - 1
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)


class Reader(RuleBasedStateMachine):
    """A history that grows at its newest end, read by a poller that keeps gaps.

    Rows stand in the order of their creation; some are scheduled, so that they are sent later than
    rows above them. Some rows turn up late, below rows that are known.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = T0
        self.history: list[Message] = []
        self.created: dict[str, int] = {}
        self.counted: set[str] = set()
        self.seen: set[str] = set()
        self.expected: list[str] = []
        self.frontier = Frontier(None, None, HORIZON, settle=SETTLE)
        self.gaps: tuple[Gap, ...] = ()
        self.made = 0
        self.odd = 0
        self.under_way: list[tuple[int, HistoryRequest, list[Message]]] = []

    @initialize(ages=st.lists(st.integers(0, 1500), max_size=50), aheads=AHEADS)
    def begin(self, ages: list[int], aheads: list[int]) -> None:
        """What was sent before the first page, rows out of order among it."""
        for index, age in enumerate(sorted(ages, reverse=True)):
            self._create(0, T0 - age, aheads[index % len(aheads)])

    @rule(count=st.sampled_from((1, 4, 13, 30)), aheads=AHEADS)
    def send(self, count: int, aheads: list[int]) -> None:
        """New messages, some of them scheduled for later, some sent before they showed up."""
        for index in range(count):
            self._create(0, self.now, aheads[index % len(aheads)])

    @rule(seconds=st.sampled_from((0, 1, 60, 3000)))
    def wait(self, seconds: int) -> None:
        """Time goes by."""
        self.now += seconds

    @rule(share=st.floats(0, 1))
    def turn_up_late(self, share: float) -> None:
        """A row appears below the newest one; if it is too late, only by chance is it met."""
        place = 1 + int(share * (len(self.history) - 1))
        if place < len(self.history):
            moment = self.created[self.history[place].int_id]
            self._create(place, moment, 0, late=self.now - moment >= SETTLE)

    @rule(cnt=CNTS)
    def read_head(self, cnt: int) -> None:
        """The newest rows."""
        self._read(HistoryRequest(cnt=cnt), self.history[:cnt])
        self.expected = [m.int_id for m in self.history if m.int_id in self.counted]

    @rule(cnt=CNTS, pick=st.integers(0, 5))
    def read_gap(self, cnt: int, pick: int) -> None:
        """The rows below a gap's upper end."""
        if self.gaps:
            self._read_below(self.gaps[pick % len(self.gaps)].upper_id, cnt)

    @rule(cnt=CNTS, pick=st.integers(0, 5), head=st.booleans())
    def ask(self, cnt: int, pick: int, *, head: bool) -> None:
        """A page whose answer is applied later, when others have overtaken it."""
        if head or not self.gaps:
            self.under_way.append((self.now, HistoryRequest(cnt=cnt), self.history[:cnt]))
            self.now += 1
            return
        anchor = self.gaps[pick % len(self.gaps)].upper_id
        request = HistoryRequest(cnt=cnt, prev_id=anchor)
        self.under_way.append((self.now, request, self._below(anchor, cnt)))

    @rule(pick=st.integers(0, 5))
    def take_in(self, pick: int) -> None:
        """The answer to an earlier question, only now."""
        if self.under_way and self.expected:
            started, request, rows = self.under_way.pop(pick % len(self.under_way))
            self._read(request, rows, started=started)

    @rule(cnt=CNTS, share=st.floats(0, 1))
    def read_anywhere(self, cnt: int, share: float) -> None:
        """The rows below any row known, as for a pending message."""
        known = [m.int_id for m in self.history if m.int_id in self.seen]
        if known:
            self._read_below(known[int(share * (len(known) - 1))], cnt)

    @rule(cnt=CNTS)
    def read_by_phone(self, cnt: int) -> None:
        """Rows picked by number say nothing of their neighbours."""
        request = HistoryRequest(cnt=cnt, phones=(Personal("79000000000"),))
        before = self.gaps
        self._read(request, self.history[::3][:cnt])
        assert self.gaps == before

    @invariant()
    def unread_rows_lie_in_gaps(self) -> None:
        """No row that a head page stood above is unread and outside every gap."""
        place = {m.int_id: index for index, m in enumerate(self.history)}
        open_ = [(place[g.upper_id], place.get(g.lower_id or "", 10**9)) for g in self.gaps]
        for int_id in self.expected:
            if int_id not in self.seen:
                assert any(upper < place[int_id] < lower for upper, lower in open_), int_id

    @invariant()
    def gaps_have_a_length(self) -> None:
        """A gap never ends before it begins."""
        assert all(gap.upper_time >= gap.lower_time for gap in self.gaps)

    def teardown(self) -> None:
        """Reading below each gap's upper end closes all of them and leaves nothing unread."""
        turns = 0
        while self.gaps:
            turns += 1
            self.now += SETTLE
            assert turns <= 5 + 3 * len(self.history), self.gaps
            self._read_below(self.gaps[-1].upper_id, ODD + 2)
        assert set(self.expected) <= self.seen

    def _create(self, place: int, moment: int, ahead: int, *, late: bool = False) -> None:
        self.made += 1
        if ahead < 0:
            self.odd += 1
            ahead = ahead if self.odd <= ODD else 0
        made = row(self.made, moment + ahead)
        self.history.insert(place, made)
        self.created[made.int_id] = moment
        if moment >= HORIZON and not late:
            self.counted.add(made.int_id)

    def _read_below(self, anchor: str, cnt: int) -> None:
        self._read(HistoryRequest(cnt=cnt, prev_id=anchor), self._below(anchor, cnt))

    def _below(self, anchor: str, cnt: int) -> list[Message]:
        below = 1 + next(i for i, m in enumerate(self.history) if m.int_id == anchor)
        return self.history[below : below + cnt]

    def _read(
        self, request: HistoryRequest, rows: list[Message], started: int | None = None
    ) -> None:
        asked = float(self.now if started is None else started)
        change = gaps.read(self.gaps, self.frontier, request, page(rows), asked)
        read_at = self.frontier.read_at
        if gaps.is_head(request):
            read_at = asked if read_at is None else max(asked, read_at)
        assert not set(change.kept) & set(change.closed)
        self.seen |= {message.int_id for message in rows}
        self.gaps = _joined((*change.kept, *change.opened))
        before = self.frontier
        newest = (before.newest_id, before.newest_time)
        settled = (before.settled_id, before.settled_time)
        if change.newest is not None:
            newest = (change.newest.int_id, change.newest.send_time)
        if change.settled is not None:
            settled = (change.settled.int_id, change.settled.send_time)
        self.frontier = Frontier(*newest, HORIZON, read_at, *settled, SETTLE)


def _joined(found: tuple[Gap, ...]) -> tuple[Gap, ...]:
    while pair := gaps.joined([gap for gap in found if gap.settles_at]):
        below, whole = pair
        above = next(gap for gap in found if gap.settles_at and gap.upper_id == whole.upper_id)
        rest = [gap for gap in found if gap is not below and gap is not above]
        found = (*rest, whole)
    return found


TestReader = Reader.TestCase
TestReader.settings = settings(
    max_examples=600, stateful_step_count=15, deadline=None, phases=PHASES
)
