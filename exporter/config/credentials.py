"""Turns credential keys, and the files they name, into credentials."""

import os
import stat
from pathlib import Path

from exporter.config.document import reason
from exporter.config.models import Credentials
from exporter.config.problems import Findings, Location, Place, Source
from exporter.config.values import LONGEST_SECRET, check_login
from exporter.config.written import CredentialKeys
from exporter.secrets import Secret


KINDS = ("login", "password", "apikey")


def resolve(keys: CredentialKeys, place: Place, folder: Path, findings: Findings) -> Credentials:
    """Credentials with their files read; what is wrong goes to the findings."""
    given = {kind: key for kind in KINDS if (key := _only_key(kind, keys, place, findings))}
    _check_pairing(given, place, findings)
    origins = {
        kind: folder / getattr(keys, key) for kind, key in given.items() if key.endswith("_file")
    }
    values = {kind: getattr(keys, kind) for kind in given}
    for kind, path in origins.items():
        here = place((given[kind],))
        secret = read_secret(path, here, findings)
        values[kind] = _login(secret, here, findings) if kind == "login" else secret
    return Credentials(files=tuple(origins.values()), origins=origins, **values)


def read_secret(path: Path, place: tuple[Source, Location], findings: Findings) -> Secret | None:
    """The only line of a secret file; None, with the reason among the findings, when unusable."""
    try:
        with path.open("rb") as file:
            public = bool(os.fstat(file.fileno()).st_mode & stat.S_IROTH)
            raw = file.read(LONGEST_SECRET + 3)
    except OSError as error:
        findings.wrong(*place, f"names a file that cannot be read: {reason(error)}")
        return None
    if public:
        findings.doubtful(*place, "names a file that every user can read; chmod 640 or stricter")
    text = only_line(raw)
    if text is None:
        expected = f"one line of UTF-8 text, 1 to {LONGEST_SECRET} bytes"
        findings.wrong(*place, f"names a file that does not hold {expected}; put the secret there")
        return None
    return Secret(text)


def _login(secret: Secret | None, place: tuple[Source, Location], findings: Findings) -> str | None:
    if secret is None:
        return None
    try:
        return check_login(secret.reveal())
    except ValueError as error:
        findings.wrong(*place, f"names a file whose line {error}")
        return None


def only_line(raw: bytes) -> str | None:
    """The line that a secret file holds; None when it holds something else."""
    line = raw.removesuffix(b"\n").removesuffix(b"\r")
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() and 1 <= len(line) <= LONGEST_SECRET else None


def _only_key(kind: str, keys: CredentialKeys, place: Place, findings: Findings) -> str | None:
    """Which key gives the login, password or apikey; the same in two places is a problem."""
    given = [key for key in (kind, f"{kind}_file") if getattr(keys, key) is not None]
    if len(given) == 2:
        message = f"is given beside {_named(place, kind)}; keep one of the two"
        findings.wrong(*place((given[1],)), message)
    return given[0] if given else None


def _check_pairing(given: dict[str, str], place: Place, findings: Findings) -> None:
    login, password, apikey = (_named(place, kind) for kind in KINDS)
    if "apikey" in given:
        for key in (given[kind] for kind in ("login", "password") if kind in given):
            message = f"is not used together with {_named(place, given['apikey'])}; keep one"
            findings.wrong(*place((key,)), message)
    elif not given:
        message = f"has no credentials; give {login} and {password}, or {apikey} alone"
        findings.wrong(*place(()), message)
    elif "password" not in given:
        message = f"is missing; give {password} or {_named(place, 'password_file')}"
        findings.wrong(*place(("password",)), message)
    elif "login" not in given:
        message = f"is missing; {_named(place, given['password'])} is of no use without it"
        findings.wrong(*place(("login",)), message)


def _named(place: Place, key: str) -> str:
    return str(place((key,))[1][-1])
