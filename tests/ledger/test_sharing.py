"""Accounts are shared out evenly among replicas, and move only when they must."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from exporter.ledger.sharing import share_out


Replicas = dict[str, frozenset[int]]
SESSIONS = st.sampled_from("abcde")
ACCOUNTS = st.frozensets(st.integers(1, 30), max_size=30)
UNLIKE = st.dictionaries(SESSIONS, ACCOUNTS, min_size=1)
"""Replicas with different configurations."""
ALIKE = st.builds(dict.fromkeys, st.sets(SESSIONS, min_size=1), ACCOUNTS)
HOLDERS = st.dictionaries(st.integers(1, 30), st.none() | st.sampled_from("abcdexyz"))


@given(UNLIKE, HOLDERS)
def test_each_account_goes_to_one_that_can_poll_it(
    replicas: Replicas, holders: dict[int, str | None]
) -> None:
    """Nothing that somebody can poll is left out, and nobody gets what he does not know."""
    given_out = share_out(replicas, holders)
    assert given_out.keys() == frozenset().union(*replicas.values())
    assert all(account in replicas[session] for account, session in given_out.items())


@given(ALIKE, HOLDERS)
def test_alike_replicas_get_as_many(replicas: Replicas, holders: dict[int, str | None]) -> None:
    """Loads differ by one account at most."""
    loads = Counter(dict.fromkeys(replicas, 0)) + Counter()
    loads = Counter(share_out(replicas, holders).values())
    counts = [loads[session] for session in replicas]
    assert max(counts) - min(counts) <= 1


@given(UNLIKE, HOLDERS)
def test_what_is_shared_out_stays(replicas: Replicas, holders: dict[int, str | None]) -> None:
    """Once everybody has his part, nothing moves any more."""
    settled = share_out(replicas, holders)
    assert share_out(replicas, dict(settled)) == settled


@given(ALIKE, st.data())
def test_one_that_joins_takes_its_part_and_no_more(replicas: Replicas, data: st.DataObject) -> None:
    """Accounts move to the newcomer only, and only as many as its part is."""
    settled = share_out(replicas, {})
    everybody = {**replicas, "new": next(iter(replicas.values()))}
    after = share_out(everybody, dict(settled))
    moved = [account for account, session in after.items() if settled[account] != session]
    assert {after[account] for account in moved} <= {"new"}
    assert len(moved) == len(settled) // len(everybody)
    gone = data.draw(st.sampled_from(sorted(everybody)))
    rest = {session: able for session, able in everybody.items() if session != gone}
    stayed = share_out(rest, dict(after)) if rest else {}
    assert all(stayed[a] == s for a, s in after.items() if s != gone and rest)
