"""Gaps hold every row that was never read, and reading them through closes them."""

import hypothesis.strategies as st
from hypothesis import Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from exporter.gateway.message import Message, Personal
from exporter.gateway.request import HistoryRequest
from exporter.ledger import gaps
from exporter.ledger.gaps import Frontier, Gap
from tests.ledger.desk import T0, page, row


HORIZON = T0 - 1000
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
        self.seen: set[str] = set()
        self.expected: list[str] = []
        self.frontier = Frontier(None, None, HORIZON)
        self.gaps: tuple[Gap, ...] = ()
        self.made = 0

    @initialize(ages=st.lists(st.integers(0, 1500), max_size=30))
    def begin(self, ages: list[int]) -> None:
        """What was sent before the first page."""
        for age in sorted(ages, reverse=True):
            self._create(0, T0 - age, 0)

    @rule(aheads=st.lists(st.sampled_from((0, 0, 0, 5, 100, 4000)), min_size=1, max_size=14))
    def send(self, aheads: list[int]) -> None:
        """New messages, some of them scheduled for later."""
        for ahead in aheads:
            self._create(0, self.now, ahead)

    @rule(seconds=st.sampled_from((0, 1, 60, 3000)))
    def wait(self, seconds: int) -> None:
        """Time goes by."""
        self.now += seconds

    @rule(share=st.floats(0, 1))
    def turn_up_late(self, share: float) -> None:
        """A row appears below the newest one."""
        place = 1 + int(share * (len(self.history) - 1))
        if place < len(self.history):
            self._create(place, self.history[place].send_time, 0, late=True)

    @rule(cnt=st.integers(1, 12))
    def read_head(self, cnt: int) -> None:
        """The newest rows."""
        self._read(HistoryRequest(cnt=cnt), self.history[:cnt])
        self.expected = [m.int_id for m in self.history if self._counts(m)]

    @rule(cnt=st.integers(2, 12), pick=st.integers(0, 5))
    def read_gap(self, cnt: int, pick: int) -> None:
        """The rows below a gap's upper end."""
        if self.gaps:
            self._read_below(self.gaps[pick % len(self.gaps)].upper_id, cnt)

    @rule(cnt=st.integers(1, 12), share=st.floats(0, 1))
    def read_anywhere(self, cnt: int, share: float) -> None:
        """The rows below any row known, as for a pending message."""
        known = [m.int_id for m in self.history if m.int_id in self.seen]
        if known:
            self._read_below(known[int(share * (len(known) - 1))], cnt)

    @rule(cnt=st.integers(1, 12))
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
            assert turns <= 5 + 3 * len(self.history), self.gaps
            self._read_below(self.gaps[-1].upper_id, 5)
        assert set(self.expected) <= self.seen

    def _counts(self, message: Message) -> bool:
        return self.created[message.int_id] >= HORIZON

    def _create(self, place: int, moment: int, ahead: int, *, late: bool = False) -> None:
        self.made += 1
        made = row(self.made, moment + ahead)
        self.history.insert(place, made)
        self.created[made.int_id] = HORIZON - 1 if late else moment

    def _read_below(self, anchor: str, cnt: int) -> None:
        below = 1 + next(i for i, m in enumerate(self.history) if m.int_id == anchor)
        rows = self.history[below : below + cnt]
        self._read(HistoryRequest(cnt=cnt, prev_id=anchor), rows)

    def _read(self, request: HistoryRequest, rows: list[Message]) -> None:
        change = gaps.read(self.gaps, self.frontier, request, page(rows), float(self.now))
        assert not set(change.kept) & set(change.closed)
        self.seen |= {message.int_id for message in rows}
        opened = () if change.opened is None else (change.opened,)
        self.gaps = (*change.kept, *opened)
        if change.newest is not None:
            newest = change.newest
            self.frontier = Frontier(newest.int_id, newest.send_time, HORIZON)


TestReader = Reader.TestCase
TestReader.settings = settings(
    max_examples=150, stateful_step_count=25, deadline=None, phases=PHASES
)
