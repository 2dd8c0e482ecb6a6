"""Which replica is to poll which account: evenly, and with as few moves as can be."""

from collections.abc import Mapping


def share_out(
    replicas: Mapping[str, frozenset[int]], holders: Mapping[int, str | None]
) -> dict[int, str]:
    """Account to the session of the replica that is to poll it.

    ``replicas`` are those alive with the accounts each can poll, ``holders`` who holds what now.
    Every replica comes to the same answer from the same state, so they need not talk. An account
    that no replica can poll is left out.
    """
    given: dict[int, str] = {}
    loads: dict[str, set[int]] = {session: set() for session in replicas}
    free: list[int] = []
    for account in sorted(frozenset().union(*replicas.values())):
        holder = holders.get(account)
        if holder is not None and account in replicas.get(holder, ()):
            given[account] = holder
            loads[holder].add(account)
        else:
            free.append(account)
    for account in free:
        able = [session for session in sorted(replicas) if account in replicas[session]]
        to = min(able, key=lambda session: len(loads[session]))
        given[account] = to
        loads[to].add(account)
    _even_out(replicas, loads, given)
    return given


def _even_out(
    replicas: Mapping[str, frozenset[int]], loads: dict[str, set[int]], given: dict[int, str]
) -> None:
    """Move accounts from those that have more to those that have less."""
    while (move := _move(replicas, loads)) is not None:
        account, source, target = move
        loads[source].remove(account)
        loads[target].add(account)
        given[account] = target


def _move(
    replicas: Mapping[str, frozenset[int]], loads: Mapping[str, set[int]]
) -> tuple[int, str, str] | None:
    """The move that evens out most: an account, from whom and to whom."""
    by_load = sorted(replicas, key=lambda session: (len(loads[session]), session))
    for source in reversed(by_load):
        for target in by_load:
            if len(loads[source]) - len(loads[target]) < 2:
                break
            movable = loads[source] & replicas[target]
            if movable:
                return min(movable), source, target
    return None
