"""The tables of ``docs/alerting.md`` that are written from the rules."""

from collections.abc import Iterable, Mapping

from exporter.monitoring.alertmanager import INHIBITIONS, Inhibition
from exporter.monitoring.model import Alert
from exporter.monitoring.rules import alerts
from exporter.monitoring.thresholds import Thresholds


_AREAS = {
    "delivery": "Messages do not arrive",
    "traffic": "What is sent",
    "money": "Money",
    "fraud": "Somebody else profits",
    "polling": "What is known",
    "exporter": "The exporter",
}


def tables(thresholds: Thresholds) -> Mapping[str, str]:
    """Text of each table by its name."""
    found = alerts(thresholds)
    return {"alerts": "\n".join(_alerts(found)), "inhibitions": "\n".join(_inhibitions(found))}


def with_tables(page: str, thresholds: Thresholds) -> str:
    """The page with its tables written anew.

    Raises ValueError when a mark is missing.
    """
    for name, text in tables(thresholds).items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        if page.count(begin) != 1 or page.count(end) != 1:
            raise ValueError(f"the page needs the marks {begin} and {end}, each once")
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}"
    return page


def _alerts(found: Iterable[Alert]) -> Iterable[str]:
    listed = tuple(found)
    for area, title in _AREAS.items():
        yield f'\n### {title} (`area="{area}"`)\n'
        yield "| alert | severity | after | fires when |"
        yield "| --- | --- | --- | --- |"
        for alert in listed:
            if alert.area == area:
                wait = alert.wait or "at once"
                link = f"[{alert.name}](runbooks/{alert.name}.md)"
                yield f"| {link} | {alert.severity} | {wait} | {alert.when} |"
    yield ""


def _inhibitions(found: Iterable[Alert]) -> Iterable[str]:
    listed = tuple(found)
    yield "\n| while this fires | these are not told | with the same | because |"
    yield "| --- | --- | --- | --- |"
    for inhibition in INHIBITIONS:
        causes = _names(inhibition.causes)
        equal = ", ".join(inhibition.equal)
        yield f"| {causes} | {_effects(inhibition, listed)} | {equal} | {inhibition.why} |"
    yield ""


def _effects(inhibition: Inhibition, found: Iterable[Alert]) -> str:
    if inhibition.areas:
        areas = " and ".join(f"`{area}`" for area in inhibition.areas)
        return f"all of the areas {areas}"
    return _names(alert.name for alert in found if inhibition.concerns(alert))


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
