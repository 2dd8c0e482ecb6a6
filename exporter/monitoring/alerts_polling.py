"""Alerts about how far what is shown can be trusted."""

from exporter.durations import format_duration
from exporter.monitoring import recorded
from exporter.monitoring.model import Alert
from exporter.monitoring.promql import by, deadline, increase, lines, selector
from exporter.monitoring.tempo import Tempo
from exporter.monitoring.thresholds import Thresholds


ACCOUNT = ("job", "account")
STREAM = (*ACCOUNT, "channel")
HISTORY = 'endpoint="history"'
RETRY = "45m"
"""Longer than the exporter pauses after a refused login or while its address is blocked."""
ERRORS = "smsc_api_errors_total"


def polling_alerts(thresholds: Thresholds, tempo: Tempo) -> tuple[Alert, ...]:
    """From no data at all to data that is late or incomplete."""
    return (
        poll_stale(thresholds, tempo),
        auth_failed(tempo),
        ip_blocked(tempo),
        rate_limited(thresholds, tempo),
        api_budget_low(thresholds, tempo),
        budget_saturated(thresholds, tempo),
        history_behind(thresholds, tempo),
        history_coverage_low(thresholds, tempo),
        history_unread(tempo),
        cohorts_overdue(thresholds, tempo),
        rows_skipped(thresholds, tempo),
    )


def poll_stale(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """No good page for long."""
    limits = thresholds.polling
    cadence = selector("smsc_poll_cadence_seconds", HISTORY)
    longest = f"{limits.stale_cadences:g} * max {by(STREAM)} ({cadence})"
    least = tempo.seconds(limits.stale)
    polled = f"max {by(STREAM)} ({cadence})"
    began = f"max {by(STREAM)} ({cadence} offset {tempo(limits.stale)})"
    return Alert(
        name="SmscPollStale",
        severity="critical",
        area="polling",
        expr=lines(
            f"""
            time() - {_last_success()} > clamp_min({longest}, {least})
            or
            0 * {polled} + {least} and {began} unless {_last_success()}
            """
        ),
        wait=tempo("1m"),
        when=f"The last good page is older than {format_duration(limits.stale)} and than"
        f" {limits.stale_cadences:g} times the time between pages, or there never was one.",
        summary="{{ $labels.account }}: no news from smsc.ru",
        description="No good page of the {{ $labels.channel }} history for"
        " {{ $value | humanizeDuration }}. Nothing is known of messages since; every other alert of"
        " this account is asleep.",
        dashboard="smsc-exporter",
    )


def auth_failed(tempo: Tempo) -> Alert:
    """Credentials that are not taken."""
    return Alert(
        name="SmscAuthFailed",
        severity="critical",
        area="polling",
        expr=_refused(tempo, "2"),
        when="smsc.ru refuses the login (error 2), and nothing worked since.",
        summary="{{ $labels.account }}: smsc.ru refuses the login",
        description="Login, password or key of {{ $labels.account }} are not accepted, or this"
        " address is not allowed. Do not restart to retry: five failures block the address.",
        dashboard="smsc-exporter",
    )


def ip_blocked(tempo: Tempo) -> Alert:
    """An address that is shut out."""
    return Alert(
        name="SmscIpBlocked",
        severity="critical",
        area="polling",
        expr=_refused(tempo, "4"),
        when="smsc.ru has blocked the exporter's address (error 4), and nothing worked since.",
        summary="{{ $labels.account }}: smsc.ru has blocked our address",
        description="smsc.ru shuts the exporter's address out for half an hour. Some program behind"
        " it logs in wrongly; the exporter waits by itself.",
        dashboard="smsc-exporter",
    )


def rate_limited(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """Somebody else spends the account's calls."""
    limits = thresholds.polling
    refused = increase(ACCOUNT, tempo("1h"), ERRORS, 'code="9"', HISTORY)
    return Alert(
        name="SmscRateLimited",
        severity="warning",
        area="polling",
        expr=f"{refused} > {limits.rate_limited_1h - 0.5:g}",
        when=f"smsc.ru refused {limits.rate_limited_1h} calls or more in an hour as too many (error"
        " 9). The exporter keeps within the limit, so another program uses the account.",
        summary="{{ $labels.account }}: too many history calls",
        description="smsc.ru refused {{ $value | humanize }} calls in the last hour. Another"
        " program reads the history of this account; the exporter makes room and knows less.",
        dashboard="smsc-exporter",
    )


def api_budget_low(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """Far fewer calls than usual."""
    limits = thresholds.polling
    limit = selector("smsc_api_budget_limit")
    usual = f"max_over_time({selector('smsc_api_budget_limit', over=tempo('1d'))})"
    return Alert(
        name="SmscApiBudgetLow",
        severity="warning",
        area="polling",
        expr=lines(
            f"""
            max {by(ACCOUNT)} ({limit})
            / max {by(ACCOUNT)} ({usual})
            < {limits.budget_share:g}
            """
        ),
        wait=tempo("15m"),
        when=f"For a quarter of an hour, fewer than {limits.budget_share:.0%} of the calls could be"
        " made that could be made within the last day.",
        summary="{{ $labels.account }}: hardly any history calls left",
        description="Only {{ $value | humanizePercentage }} of the usual calls can be made. Another"
        " program spends the rest; everything is known later.",
        dashboard="smsc-exporter",
    )


def budget_saturated(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """More messages than the calls can show."""
    limit = thresholds.polling.saturation
    return Alert(
        name="SmscBudgetSaturated",
        severity="warning",
        area="polling",
        expr=f"max {by(ACCOUNT)} ({selector('smsc_poll_saturation_ratio')}) > {limit:g}",
        wait=tempo("1h"),
        when=f"For an hour, reading new rows took more than {limit:.0%} of the calls.",
        summary="{{ $labels.account }}: more messages than history calls can show",
        description="Reading every new row would take {{ $value | humanizePercentage }} of the"
        " calls. Rows are being missed; ask smsc.ru for a higher limit or split the account.",
        dashboard="smsc-exporter",
    )


def history_behind(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """Pages come, but there are older rows that none of them showed."""
    limit = thresholds.polling.behind
    seen = selector("smsc_history_watermark_timestamp_seconds")
    return Alert(
        name="SmscHistoryBehind",
        severity="warning",
        area="polling",
        expr=lines(
            f"""
            {_last_success()}
            - max {by(STREAM)} ({seen})
            > {tempo.seconds(limit)}
            """
        ),
        wait=tempo("15m"),
        when=f"Pages are read, but what was sent {format_duration(limit)} before the last of them"
        " has not all been seen: the history has a gap.",
        summary="{{ $labels.account }}: a gap in what was read ({{ $labels.channel }})",
        description="Messages of the last {{ $value | humanizeDuration }} have not all been seen."
        " Totals of this time are too low until the gap is read.",
        dashboard="smsc-exporter",
    )


def history_coverage_low(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """A day's numbers with holes in them."""
    limit = thresholds.polling.coverage
    coverage = selector("smsc_history_coverage_ratio")
    return Alert(
        name="SmscHistoryCoverageLow",
        severity="warning",
        area="polling",
        expr=f"max {by(STREAM)} ({coverage}) < {limit:g}",
        wait=tempo("1h"),
        when=f"For an hour, less than {limit:.0%} of the last 24 hours had been read.",
        summary="{{ $labels.account }}: a day with holes ({{ $labels.channel }})",
        description="Only {{ $value | humanizePercentage }} of the last 24 hours have been read. Do"
        " not report today's totals as they are.",
        dashboard="smsc-exporter",
    )


def history_unread(tempo: Tempo) -> Alert:
    """History that will never be read."""
    unread = increase(STREAM, tempo("1h"), "smsc_history_unread_seconds_total")
    return Alert(
        name="SmscHistoryUnread",
        severity="warning",
        area="polling",
        expr=f"{unread} > 0",
        when="A stretch of history was given up: it is too old to be read any more.",
        summary="{{ $labels.account }}: a stretch of history is lost ({{ $labels.channel }})",
        description="{{ $value | humanizeDuration }} of history were never read and will not be."
        " What was sent in them is missing from every total for good.",
        dashboard="smsc-exporter",
    )


def cohorts_overdue(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """Messages that cannot be judged, so that alerts about delivery come late."""
    limits = thresholds.polling
    overdue = selector("smsc_messages_overdue", deadline(thresholds.delivery.deadline))
    submitted = f"sum {by(ACCOUNT)} ({recorded.SUBMITTED_1H})"
    return Alert(
        name="SmscCohortsOverdue",
        severity="warning",
        area="polling",
        expr=lines(
            f"""
            sum {by(ACCOUNT)} ({overdue}) >= {limits.overdue}
            and
            sum {by(ACCOUNT)} ({overdue})
              > {limits.overdue_share:g} * {submitted}
            """
        ),
        wait=tempo("30m"),
        when=f"{limits.overdue} messages or more, and over {limits.overdue_share:.0%} of an hour's,"
        " have been past the deadline for half an hour without a page that tells their outcome.",
        summary="{{ $labels.account }}: alerts about delivery come late",
        description="{{ $value | humanize }} messages are past the deadline and their outcome is"
        " not known. Alerts about delivery see them only when they are read.",
        dashboard="smsc-exporter",
    )


def rows_skipped(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """Rows that cannot be counted."""
    fewest = thresholds.polling.rows_skipped_1h
    skipped = increase((*STREAM, "reason"), tempo("1h"), "smsc_rows_skipped_total")
    return Alert(
        name="SmscRowsSkipped",
        severity="warning",
        area="polling",
        expr=f"{skipped} >= {fewest}",
        when=f"{fewest} rows or more in an hour lacked an id, a status or a time.",
        summary="{{ $labels.account }}: rows without {{ $labels.reason }} are not counted",
        description="{{ $value | humanize }} rows of the last hour had no usable"
        " {{ $labels.reason }}. smsc.ru may have changed its answers.",
        dashboard="smsc-exporter",
    )


def _last_success() -> str:
    success = selector("smsc_poll_last_success_timestamp_seconds", HISTORY)
    return f"max {by(STREAM)} ({success})"


def _refused(tempo: Tempo, code: str) -> str:
    matcher = f'code="{code}"'
    return lines(
        f"""
        {increase(ACCOUNT, tempo(RETRY), ERRORS, matcher)} > 0
        and
        max {by(ACCOUNT)} ({selector("smsc_up")}) == 0
        """
    )
