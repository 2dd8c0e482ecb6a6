"""Alerts about the exporter itself."""

from exporter.monitoring.model import Alert
from exporter.monitoring.promql import increase, lines, selector
from exporter.monitoring.tempo import Tempo
from exporter.monitoring.thresholds import Thresholds


def exporter_alerts(thresholds: Thresholds, tempo: Tempo) -> tuple[Alert, ...]:
    """Process, ledger, configuration."""
    return (
        exporter_down(thresholds, tempo),
        exporter_absent(thresholds, tempo),
        ledger_down(tempo),
        config_reload_failed(tempo),
        label_overflow(tempo),
    )


def exporter_down(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """A target that does not answer."""
    return Alert(
        name="SmscExporterDown",
        severity="critical",
        area="exporter",
        expr=f'up{{job=~"{thresholds.scraping.job}"}} == 0',
        wait=tempo("5m"),
        when="Prometheus gets no page from the exporter for 5 minutes.",
        summary="smsc-exporter at {{ $labels.instance }} does not answer",
        description="Prometheus cannot scrape {{ $labels.instance }}. Nothing is known of its"
        " accounts.",
        dashboard="smsc-exporter",
        variables=("job", "instance"),
    )


def exporter_absent(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """No target at all."""
    return Alert(
        name="SmscExporterAbsent",
        severity="critical",
        area="exporter",
        expr=f'absent(up{{job=~"{thresholds.scraping.job}"}})',
        wait=tempo("5m"),
        when="Prometheus knows no target of the exporter.",
        summary="Prometheus has no smsc-exporter to scrape",
        description="No target has a job label that matches. Look at the scrape configuration, the"
        " service discovery and the job in thresholds.yml.",
        dashboard="smsc-exporter",
        variables=(),
    )


def ledger_down(tempo: Tempo) -> Alert:
    """An account that no exporter has a ledger for; a standby's has none by design."""
    ledger = selector("smsc_exporter_ledger_up")
    return Alert(
        name="SmscLedgerDown",
        severity="critical",
        area="exporter",
        expr=lines(
            f"""
            max by (job, account) (
              0 * {selector("smsc_up")}
              + on (job, instance) group_left () {ledger}
            ) == 0
            """
        ),
        wait=tempo("2m"),
        when="The ledger cannot be written, so no call is made. A standby does not count while"
        " another exporter serves the account.",
        summary="{{ $labels.account }}: the exporter cannot write its ledger",
        description="Polling of {{ $labels.account }} has stopped because the ledger file cannot be"
        " written: disk full, read-only, locked or damaged. The log says which.",
        dashboard="smsc-exporter",
    )


def config_reload_failed(tempo: Tempo) -> Alert:
    """A configuration that is not in use."""
    reloaded = selector("smsc_exporter_config_last_reload_successful")
    return Alert(
        name="SmscConfigReloadFailed",
        severity="warning",
        area="exporter",
        expr=f"{reloaded} == 0",
        wait=tempo("5m"),
        when="The configuration has an error, and the one before it stays in use.",
        summary="smsc-exporter at {{ $labels.instance }}: configuration not loaded",
        description="The last reload failed; the exporter goes on with the configuration it had and"
        " will not start with this one. The log has every problem.",
        dashboard="smsc-exporter",
        variables=("job", "instance"),
    )


def label_overflow(tempo: Tempo) -> Alert:
    """Detail that is lost."""
    overflow = increase(("job", "label"), tempo("1h"), "smsc_exporter_label_overflow_total")
    return Alert(
        name="SmscLabelOverflow",
        severity="info",
        area="exporter",
        expr=f"{overflow} > 0",
        when="Messages are counted under other because a label has too many values.",
        summary="smsc-exporter: too many values of {{ $labels.label }}",
        description="{{ $value | humanize }} messages of the last hour were counted under other."
        " Raise labels.max_* in the exporter's configuration, or switch the label off.",
        dashboard="smsc-exporter",
        variables=("job",),
    )
