"""Draws messages: each from the random numbers of its slice, at a given moment of creation."""

from decimal import Decimal
from random import Random
from typing import NamedTuple

from exporter.simulation.choices import Choice, Popularity, squared
from exporter.simulation.codes import Kind, Status
from exporter.simulation.laws import (
    UNREPORTED,
    Law,
    call_law,
    email_law,
    hlr_law,
    log_normal,
    operator_law,
    viber_law,
)
from exporter.simulation.record import Network, Price, Record, Transition
from exporter.simulation.spec import Operator, WorldSpec
from exporter.simulation.texts import number_of
from exporter.simulation.troubles import Troubles


REGULAR_SHARE = 0.02
"""Share of messages that monitoring and tests send, to a few numbers only."""
FREE = Decimal(0)
UNDER_WAY = frozenset({Status.WAITING, Status.PASSED})
PRICES = {Kind.HLR: Decimal("0.20"), Kind.CALL: Decimal("0.05"), Kind.VIBER: Decimal("1.10")}
PRICE_FACTORS = (Decimal(0), Decimal("0.5"), Decimal("0.9"), Decimal("1.1"), Decimal("1.5"))


class Addressee(NamedTuple):
    """A recipient of a campaign: his place in it, the campaign's sender, client id, operator."""

    place: int
    sender: str
    client_id: int
    operator: str = ""


class Route(NamedTuple):
    """An operator made ready for drawing."""

    operator: Operator
    network: Network
    law: Law
    prices: dict[int, Decimal]


def _route(operator: Operator, spec: WorldSpec) -> Route:
    network = Network(
        operator.mccmnc, operator.country, operator.iso, operator.name, operator.regions
    )
    prices = {count: operator.price * count for count in range(256)}
    return Route(operator, network, operator_law(operator, spec), prices)


class Maker:
    """Draws the messages of a world."""

    def __init__(self, spec: WorldSpec) -> None:
        self._spec = spec
        self._scale = spec.time_scale
        routes = tuple(_route(operator, spec) for operator in spec.operators)
        self._routes = Choice((route, route.operator.share) for route in routes)
        self._named = {route.operator.name: route for route in routes}
        self._senders = Choice(spec.senders.items())
        self._mailboxes = Choice((sender, 1.0) for sender in spec.emails.senders)
        self._segments = Choice(spec.segments.items())
        plain = 1.0 - sum(spec.types.values())
        others = [(Kind[name.upper()], share) for name, share in spec.types.items()]
        self._kinds = Choice([*others, (Kind.SMS, plain)])
        self._laws = {
            Kind.EMAIL: email_law(spec.emails, spec),
            Kind.HLR: hlr_law(spec),
            Kind.CALL: call_law(spec),
            Kind.VIBER: viber_law(spec),
        }
        self._troubles = Troubles(spec)
        self._rare = spec.queued_share + spec.stopped_share
        self._place = squared if spec.popularity is None else Popularity(spec.popularity).place

    def mail(self, rng: Random, created: float, int_id: int) -> Record:
        """A message of the e-mail stream."""
        sender = self._mailboxes.pick(rng.random())
        draft = _draft(rng.getrandbits(31), int_id, Kind.EMAIL, created, sender)
        draft.phone = int(self._spec.population * rng.random() ** 2)
        return self._live(rng, draft, self._laws[Kind.EMAIL], self._spec.emails.price)

    def text(
        self, rng: Random, created: float, send: float, int_id: int, addressee: Addressee | None
    ) -> Record:
        """A message of the SMS stream; everyday traffic or a campaign's."""
        kind = self._kinds.pick(rng.random()) if addressee is None else Kind.SMS
        route = self._routes.pick(rng.random())
        if addressee is not None and addressee.operator:
            route = self._named[addressee.operator]
        sender = self._senders.pick(rng.random()) if addressee is None else addressee.sender
        draft = _draft(rng.getrandbits(31), int_id, kind, created, sender)
        draft.send = int(send)
        draft.network = route.network
        draft.phone = self._phone(rng, route.operator, addressee)
        draft.segments = self._size(rng, kind)
        if addressee is not None:
            draft.client_id = addressee.client_id
        price = PRICES[kind] * draft.segments if kind in PRICES else route.prices[draft.segments]
        return self._live(rng, draft, self._laws.get(kind, route.law), price)

    def _phone(self, rng: Random, operator: Operator, addressee: Addressee | None) -> int:
        population = operator.population or self._spec.population
        regulars = self._spec.regulars
        if addressee is not None:
            index = population + regulars + addressee.place
        elif regulars and rng.random() < REGULAR_SHARE:
            index = population + int(rng.random() * regulars)
        else:
            index = int(population * self._place(rng.random()))
        return number_of(operator.prefix, operator.digits, index)

    def _size(self, rng: Random, kind: Kind) -> int:
        if kind is Kind.CALL:
            return 5 + int(rng.random() * 55)
        return 1 if kind is Kind.HLR else self._segments.pick(rng.random())

    def _live(self, rng: Random, draft: Record, law: Law, price: Decimal) -> Record:
        spec, send = self._spec, max(draft.created, draft.send)
        path = self._departure(rng, draft)
        if path[-1].status not in UNDER_WAY:
            draft.transitions, draft.prices = path, (Price(int(draft.created), price),)
            return self._published(rng, draft)
        leaves = max(send, path[-1].time)
        ending = self._troubles.bend(rng, draft, leaves, law.draw(rng, leaves))
        last = Transition(int(ending.time), ending.status, ending.err)
        draft.transitions = (*path, last, *self._aftermath(rng, draft.kind, last))
        draft.prices = (Price(int(draft.created), FREE if ending.free else price),)
        if spec.price_change_share and rng.random() < spec.price_change_share:
            draft.prices += (self._new_price(rng, last.time, draft.prices[0].cost),)
        return self._published(rng, draft)

    def _departure(self, rng: Random, draft: Record) -> tuple[Transition, ...]:
        created, send = int(draft.created), draft.send
        held = self._troubles.held_until(send)
        if held is not None:
            return self._held(created, send, held)
        if send > created:
            return (Transition(created, -1, 0), Transition(send, 0, 0))
        draw = rng.random()
        if draw >= self._rare:
            return (Transition(send, 0, 0),)
        if draw >= self._spec.stopped_share:
            left = send + round((1 + rng.random() * 4) * self._scale)
            return (Transition(send, -1, 0), Transition(left, 0, 0))
        if draw * 2 >= self._spec.stopped_share:
            return (Transition(send, -2, 0),)
        resumed = send + int(log_normal(rng.random(), 7200.0, 1.0) * self._scale)
        return (Transition(send, -2, 0), Transition(resumed, 0, 0))

    def _held(self, created: int, send: int, until: float) -> tuple[Transition, ...]:
        lapses = send + self._spec.validity * self._scale
        if until >= lapses:
            return (Transition(created, -1, 0), Transition(int(lapses), Status.EXPIRED, UNREPORTED))
        return (Transition(created, -1, 0), Transition(int(until), 0, 0))

    def _aftermath(self, rng: Random, kind: Kind, last: Transition) -> tuple[Transition, ...]:
        spec = self._spec
        if last.status in (Status.UNDELIVERABLE, Status.EXPIRED):
            corrected = spec.correction_share and rng.random() < spec.correction_share
            if not corrected:
                return ()
            return (self._later(rng, last.time, spec.correction_median, Status.DELIVERED),)
        if last.status != Status.DELIVERED:
            return ()
        return self._reaction(rng, kind, last.time)

    def _reaction(self, rng: Random, kind: Kind, delivered: int) -> tuple[Transition, ...]:
        source = self._spec.emails if kind is Kind.EMAIL else self._spec
        read, click = source.read_share, source.click_share
        if not read + click:
            return ()
        draw, median = rng.random(), self._spec.reaction_median
        if draw >= read + click:
            return ()
        if draw >= click:
            return (self._later(rng, delivered, median, Status.READ),)
        if draw * 2 >= click:
            return (self._later(rng, delivered, median, Status.CLICKED),)
        seen = self._later(rng, delivered, median, Status.READ)
        return (seen, self._later(rng, seen.time, median, Status.CLICKED))

    def _later(self, rng: Random, time: int, median: float, status: Status) -> Transition:
        delay = log_normal(rng.random(), median, 1.0) * self._scale
        return Transition(time + max(1, int(delay)), status, 0)

    def _new_price(self, rng: Random, final: int, cost: Decimal) -> Price:
        delay = log_normal(rng.random(), 3600.0, 1.0) * self._scale
        factor = PRICE_FACTORS[int(rng.random() * len(PRICE_FACTORS))]
        return Price(final + max(1, int(delay)), cost * factor)

    def _published(self, rng: Random, draft: Record) -> Record:
        spec = self._spec
        if spec.late_share and rng.random() < spec.late_share:
            delay = min(spec.max_late, log_normal(rng.random(), spec.late_median, 1.0))
            draft.visible = draft.created + delay * self._scale
        return draft


NOBODY = Network()


def _draft(salt: int, int_id: int, kind: Kind, created: float, sender: str) -> Record:
    send = int(created)
    return Record(
        int_id, kind, NOBODY, sender, 0, created, created, send, 1, (), (), salt or 1, salt
    )
