"""Sentences that many panels share, so that the same thing is said in the same words."""

from typing import Final


AT_AGE: Final = (
    "each message counts once, when a reading tells how it stood at that age by the gateway's"
    " clock. A late poll shifts it to the right and never changes its outcome."
)
FIRST_SEEN: Final = "a message counts when a poll first shows it."
FIRST_FINAL: Final = "a message counts when a poll first shows it with a final status."
LAST_PAGE: Final = "as of the last good page; empty while polls are stale."
GATEWAY: Final = (
    "from sending to delivery by the gateway's clock, in whole seconds: how often we poll does not"
    " change it. It stands where a poll first showed the delivery."
)
EVALUATED: Final = "as the rules in Prometheus saw it, once a minute."
PROCESS: Final = "at each scrape."

UNDELIVERABLE: Final = (
    "HLR requests and pings, stopped messages, wrong numbers, and whatever has not reached that"
    " age."
)
LOOKUPS: Final = "HLR requests and pings."
NOTHING: Final = "nothing."
NO_SENDER: Final = (
    "HLR requests and pings. The sender filter has no effect: times and queues know no senders."
)
REFUNDS: Final = "The sender filter has no effect: refunds know no senders."
