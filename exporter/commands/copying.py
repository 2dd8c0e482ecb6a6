"""``smsc-exporter ledger copy``: a ledger from one database to another."""

import os
from pathlib import Path

from exporter import logs
from exporter.commands.shell import emit, fail
from exporter.config.credentials import only_line
from exporter.config.values import LONGEST_SECRET, ledger_url
from exporter.ledger.copying import copy
from exporter.ledger.errors import LedgerError
from exporter.ledger.file_store import FileStore
from exporter.ledger.shared_store import Address, Membership, SharedStore
from exporter.ledger.store import Store
from exporter.secrets import Secret


def copy_ledger(
    source: str, target: str, *, source_password: Path | None, target_password: Path | None
) -> None:
    """Copy, or say why not and end: status 1 for a ledger, 2 for wrong flags."""
    logs.set_up("error")
    stores = _store("--from", source, source_password), _store("--to", target, target_password)
    giving, taking = stores
    if isinstance(giving, FileStore) and not giving.path.is_file():
        fail(f"--from: there is no ledger {giving.path}")
    if giving.name == taking.name:
        fail("--from and --to name the same ledger")
    try:
        copied = copy(giving, taking)
    except LedgerError as error:
        fail(str(error), status=1)
    width = max(map(len, copied.rows))
    lines = [f"{name:<{width}}  {rows}" for name, rows in copied.rows.items()]
    emit("\n".join([*lines, f"{taking.name} holds what {giving.name} does", ""]))


def _store(flag: str, place: str, password_file: Path | None) -> Store:
    if "://" not in place:
        if password_file is not None:
            fail(f"{flag} names a file, which has no password")
        return FileStore(Path(place), owner=True)
    try:
        url = ledger_url(place)
    except ValueError as error:
        fail(f"{flag} {str(error).replace('the key password_file beside it', _flag(flag))}")
    member = Membership("copy", os.urandom(16).hex(), 60.0)
    password = None if password_file is None else _password(_flag(flag), password_file)
    return SharedStore(Address(url, password), member, owner=True)


def _flag(place: str) -> str:
    return f"{place}-password-file"


def _password(flag: str, path: Path) -> Secret:
    try:
        text = only_line(path.read_bytes()[: LONGEST_SECRET + 3])
    except OSError as error:
        fail(f"{flag}: {path} can't be read: {error.strerror}")
    if text is None:
        fail(f"{flag}: {path} does not hold one line of text; put the password there")
    logs.redact([Secret(text)])
    return Secret(text)
