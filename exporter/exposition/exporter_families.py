"""Families about names of codes and about the exporter itself."""

from exporter.exposition.family import Scope, counter, gauge
from exporter.ledger.snapshot import Total


NAMES = (
    gauge(
        "smsc_status_info",
        ("status", "name", "outcome", "owner"),
        "Name and outcome of each known code of field status, and whose problem it is where no err"
        " says so; always 1.",
    ),
    gauge(
        "smsc_error_info",
        ("err", "name", "owner"),
        "Name of each known code of field err and whose problem it is (recipient, sender, account,"
        " operator, provider); always 1.",
    ),
    gauge(
        "smsc_operator_info",
        ("operator", "country", "mcc", "mnc"),
        "Networks seen (fields operator and mccmnc); always 1.",
    ),
)

EXPORTER = (
    gauge(
        "smsc_exporter_build_info",
        ("version", "python"),
        "Version of the exporter and of the Python that runs it; always 1.",
    ),
    gauge(
        "smsc_exporter_deadline_seconds",
        ("deadline",),
        "Each configured deadline by its label.",
    ),
    gauge(
        "smsc_exporter_ledger_up",
        (),
        "1 if the ledger could be written when last tried, 0 if not.",
    ),
    gauge(
        "smsc_exporter_account_owner",
        ("account", "replica"),
        "Which of the processes that share a ledger polls the account: the one that shows this;"
        " always 1, absent where the ledger is a file.",
    ),
    gauge(
        "smsc_exporter_state_saved_timestamp_seconds",
        (),
        "Unix time of the ledger's last commit.",
    ),
    counter(
        Total.LABEL_OVERFLOW,
        ("label",),
        "Messages that had a value of this label folded into other because its limit was reached.",
        scope=Scope.PROCESS,
        preset=1,
    ),
    gauge(
        "smsc_exporter_config_last_reload_successful",
        (),
        "1 if the configuration was in order when last read, 0 if the one before it stays in use.",
    ),
    gauge(
        "smsc_exporter_config_last_reload_success_timestamp_seconds",
        (),
        "Unix time at which the configuration in use was read.",
    ),
    gauge(
        "smsc_exporter_scrape_duration_seconds",
        (),
        "Time that rendering this page took, up to this line.",
    ),
)
