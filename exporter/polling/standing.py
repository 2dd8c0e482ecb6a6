"""How an account stands with the gateway after an answer, and when it may call again.

Pure rules over `Memory`, which the ledger keeps: a restart, or a crash in a loop, changes nothing.
"""

from random import Random

import msgspec

from exporter.gateway.errors import (
    AddressBlocked,
    ApiError,
    GatewayError,
    OverLimit,
    RefusedLogin,
    TooManyAtOnce,
    Unreachable,
)
from exporter.ledger.accounts import Memory


MINUTE = 60.0
REFUSED_FIRST = 10 * MINUTE
REFUSED_LATER = 30 * MINUTE
BLOCKED = 31 * MINUTE
LIMITED_FIRST = MINUTE
LIMITED_MOST = 16 * MINUTE
FAULT_FIRST = 30.0
FAULT_MOST = 15 * MINUTE
JITTER = 0.2
"""Share by which the pause after a fault varies, so that clients don't return together."""
LEARN_EVERY = 300.0
"""Seconds within which error 9 lowers the limit once at most."""
REGAIN_EVERY = 1200.0
"""Seconds after which one call an hour of the lowered limit is tried again."""
LEAST_LEARNED = 5
"""Calls an hour below which error 9 doesn't lower the limit: the pauses are enough then."""


def after_success(memory: Memory) -> Memory:
    """The account after a readable page."""
    return msgspec.structs.replace(memory, state="ok", detail="", not_before=0.0, pause=0.0)


def after_error(
    memory: Memory, error: GatewayError, now: float, *, mark: int, random: Random
) -> Memory:
    """The account after an error."""
    state, pause = _pause(memory, error, mark)
    wait = pause if isinstance(error, ApiError) else jittered(pause, random)
    return msgspec.structs.replace(
        memory,
        state=state,
        detail=str(error),
        pause=pause,
        not_before=now + wait,
        credentials_mark=mark,
    )


def teaches(error: GatewayError) -> bool:
    """Whether the error says that somebody else spends the account's hour."""
    return isinstance(error, OverLimit) and not isinstance(error, TooManyAtOnce)


def with_lower_limit(memory: Memory, now: float, spent: int) -> Memory:
    """The account after such an error; ``spent`` are its calls of the last hour, with this one.

    One call less would be its part now; as this one is, it gets what the others leave free next.
    """
    if memory.learned_at is not None and now - memory.learned_at < LEARN_EVERY:
        return memory
    learned = max(limit_now(memory, spent, now), LEAST_LEARNED)
    return msgspec.structs.replace(memory, learned_limit=learned, learned_at=now)


def with_credentials(memory: Memory, mark: int) -> Memory:
    """The account with the credentials told by ``mark``: a refusal of other ones is void."""
    if memory.state != "refused" or memory.credentials_mark == mark:
        return memory
    return msgspec.structs.replace(
        memory, state="starting", detail="", not_before=0.0, pause=0.0, credentials_mark=mark
    )


def limit_now(memory: Memory, requests: int, now: float) -> int:
    """Calls an hour that the gateway seems to leave us, at most ``requests``."""
    if memory.learned_limit is None or memory.learned_at is None:
        return requests
    regained = int((now - memory.learned_at) / REGAIN_EVERY)
    return max(1, min(requests, memory.learned_limit + max(0, regained)))


def jittered(pause: float, random: Random) -> float:
    """The pause, longer or shorter by up to a fifth."""
    return pause * random.uniform(1 - JITTER, 1 + JITTER)


def _pause(memory: Memory, error: GatewayError, mark: int) -> tuple[str, float]:
    was_refused = memory.state == "refused" and memory.credentials_mark == mark
    if isinstance(error, RefusedLogin):
        return "refused", REFUSED_LATER if was_refused else REFUSED_FIRST
    if was_refused and not isinstance(error, ApiError):
        # The gateway may have refused the login again without our hearing of it.
        return "refused", REFUSED_LATER
    if isinstance(error, AddressBlocked):
        return "blocked", BLOCKED
    if isinstance(error, OverLimit):
        return "limited", _longer(memory, "limited", LIMITED_FIRST, LIMITED_MOST)
    state = "unreachable" if isinstance(error, Unreachable) else "unreadable"
    return state, _longer(memory, state, FAULT_FIRST, FAULT_MOST)


def _longer(memory: Memory, state: str, first: float, most: float) -> float:
    doubled = memory.pause * 2 if memory.state == state else first
    return min(max(doubled, first), most)
