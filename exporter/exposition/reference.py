"""The page docs/metrics.md, written from the catalogue."""

from collections.abc import Iterable

from exporter.exposition.catalogue import GROUPS
from exporter.exposition.family import Family, Kind
from exporter.exposition.metrics import bucket_names


_INTRODUCTION = """# Metrics

Generated from the code by `python -m exporter.exposition.reference`; edit the catalogue in
`exporter/exposition`, not this page.

Every value comes from memory: a scrape never calls the gateway and never waits for a poll. Fields
are those of a row of `get.php?get_messages=1` unless said otherwise. Text format 0.0.4 and
OpenMetrics 1.0.0 are chosen by the Accept header; `?name[]=` (repeatable) narrows the page to
samples with these names, `?account=` (repeatable) to series of these accounts and of none.
`/probe?account=NAME` has one account's series alone.

## How to read them

- **Counters only rise**, and go on where they were after a restart. Each message counts once when
  first seen, once when final, and once per deadline.
- **The first start is a baseline**: messages sent before it are not counted, but those still
  pending are followed, so that what becomes of them is. Series of messages appear when the first
  sync of their account and stream (SMS or e-mail) is done.
- **Zero first**: a new series of a counter or histogram is shown at 0 until a scrape has taken the
  0 and `zero_hold` (60 s) has passed, then at its true total. The first `increase()` is thus all of
  it. This outlasts restarts and crashes: a series that was shown at its total goes on from there at
  once, any other is held at 0 again.
- **No data is not zero**: what is not known has no series. `smsc_messages_pending` and
  `smsc_recent_*` are left out while the last good page is older than three cadences (and than
  10 minutes), the balance while it is older than three of its cadences (and than an hour). What is
  known to be none is shown as 0.
- **Label values are bounded**: what exceeds a limit is counted under `other`, and in
  `smsc_exporter_label_overflow_total`. A label that is switched off is empty.
- **`_created` series are off**; with `created_series` each counter and histogram that came up since
  the start of the process has one: when it was first shown, at 0. Series from before have none,
  because a later time than their first would look like a reset.
- **[Exemplars](#exemplars) are off**; with `exemplars` failures and times name a message each.
- **`le`** is written as `1.0`, `10.0`, `+Inf`, in both formats.

## Labels

| label | meaning |
| --- | --- |
| `account` | name of the account in the configuration |
| `channel` | kind of message (field type): sms, flash, binary, wap_push, hlr, ping, mms, call, \
email, viber, social, other; of streams: sms or email; empty where `endpoint` is balance |
| `country` | ISO 3166-1 alpha-2 of the number's network (field mccmnc), XX when unknown |
| `operator` | name of the network (field operator), lower case |
| `sender` | sender name (field sender_id); numbers and mailboxes are cut so that they name nobody |
| `deadline` | age at which the outcome was taken: 5m, 1h, 24h unless configured otherwise |
| `outcome` | delivered, expired, undeliverable, invalid_number, rejected, no_funds, cancelled, \
pending, unknown |
| `status`, `err` | the gateway's raw codes |
| `currency` | currency of the account, from the configuration; of a balance: as the gateway names \
it, RUB for RUR |
| `endpoint` | part of the gateway that was called: history or balance |

HLR requests and pings are no deliveries: leave `channel=~"hlr|ping"` out of delivery ratios.
"""

_EXEMPLARS = """
## Exemplars

With `exemplars: true` the OpenMetrics page names the message that was counted last in each series
of `smsc_message_failures_total` and in each bucket of `smsc_message_delivery_seconds` and
`smsc_message_final_seconds`: which message is it that failed so, or took so long?

```
smsc_message_failures_total{account="main",channel="sms",country="RU",err="1",operator="mts",\
sender="SHOP",status="20"} 5.0 # {int_id="401671913"} 1.0 1700000000
```

The label `int_id` is the gateway's own id: `smsc-exporter messages` shows it with what became of
the message, and smsc.ru's support goes by it. The value is 1 behind a counter and the message's
seconds behind a bucket. The time is that of the final status by the gateway's clock, or that of the
reading where there is none or it lies ahead. Of several messages the one with the latest time
stands there. [Privacy](privacy.md#what-others-can-see) says what an exemplar gives away.

- Exemplars are kept in memory: after a start or a reload there are none until messages become
  final. A series that is still shown at 0 has none.
- The text format has none. Prometheus asks for OpenMetrics by itself, and keeps exemplars with
  `prometheus --enable-feature=exemplar-storage`; `/api/v1/query_exemplars` gives them. In Grafana
  switch on *Exemplars* in a query of a panel.
"""

_CLOSING = """
## Process and Python

`process_*` (processor time, memory, file descriptors, start time), `python_info` and
`python_gc_*` as prometheus-client gives them.
"""


def metrics_page() -> str:
    """The page as Markdown."""
    groups = [_group(heading, families) for heading, families in GROUPS.items()]
    return _INTRODUCTION + "".join(groups) + _EXEMPLARS + _CLOSING


def _group(heading: str, families: Iterable[Family]) -> str:
    rows = "".join(map(_row, families))
    return (
        f"\n## {heading}\n\n| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n{rows}"
    )


def _row(family: Family) -> str:
    labels = ", ".join(f"`{label}`" for label in family.labels) or "none"
    return f"| `{family.name}` | {family.kind} | {labels} | {_meaning(family)} |\n"


def _meaning(family: Family) -> str:
    text = family.help.replace("|", r"\|")
    if family.kind is not Kind.HISTOGRAM:
        return text
    bounds = ", ".join(name.removesuffix(".0") for name in bucket_names(family)[:-1])
    return f"{text} Buckets up to {bounds} s."


if __name__ == "__main__":
    print(metrics_page(), end="")  # noqa: T201 - the page is what is asked for
