"""What waits, and what is sent."""

from collections.abc import Mapping
from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from grafana import words
from grafana.charts import areas, lines
from grafana.face import SHARE_STEP, About
from grafana.queries import (
    NO_LOOKUPS,
    PENDING,
    ROUTE,
    SENDER,
    STEP,
    SUBMITTED,
    Query,
    per_minute,
    select,
    summed,
)
from grafana.style import AGES, DASHED, FAINT, PER_MINUTE, STATES, colour, colours, for_name


def row() -> list[Panel]:
    """Draw queue and traffic."""
    return [
        _pending("age", "Waiting messages by age", _AGES, AGES),
        _pending("state", "Waiting messages by state", _PLACES, STATES),
        _traffic(),
    ]


_AGES: Final = About(
    "Messages without a final status by how long ago they were sent.",
    words.LAST_PAGE,
    words.NO_SENDER,
    "a hill that drains was a mailing; a hill that turns yellow and orange is stuck.",
)
_PLACES: Final = About(
    "Messages without a final status by where they are: queued at the gateway, accepted by the"
    " operator, or stopped by ourselves.",
    words.LAST_PAGE,
    words.NO_SENDER,
    "queued ones: call the gateway's support. Accepted ones: it is up to operators and phones.",
)


def _pending(label: str, title: str, about: About, palette: Mapping[str, str]) -> Panel:
    waiting = (select(PENDING, ROUTE, f'{label}="{value}"', NO_LOOKUPS) for value in palette)
    return areas(
        *(Query(summed(series), value) for series, value in zip(waiting, palette, strict=True)),
        title=title,
        about=about,
        overrides=colours(palette),
        nothing="not known: polls are stale",
    )


_TRAFFIC: Final = About(
    "Messages per minute, and the same a day and a week before.",
    words.FIRST_SEEN,
    words.NOTHING,
    "nothing where there used to be much: our own programs do not send. Much more than ever: a"
    " campaign, a loop or a fraud.",
)


def _traffic() -> Panel:
    sent = select(SUBMITTED, SENDER)
    before = {"a day before": "1d", "a week before": "1w"}

    return lines(
        Query(per_minute(sent), "now"),
        *(
            Query(f"{summed(f'rate({sent}[{STEP}] offset {back})')} * 60", name)
            for name, back in before.items()
        ),
        step=SHARE_STEP,
        title="Messages sent, against a day and a week before",
        about=_TRAFFIC,
        unit=PER_MINUTE,
        width=24,
        overrides=[
            for_name("now", colour("blue")),
            for_name("a day before", colour("light-purple"), DASHED),
            for_name("a week before", colour(FAINT), DASHED),
        ],
        nothing="none",
    )
