"""The web configuration in force, which follows its files without a restart."""

from pathlib import Path
from ssl import CERT_REQUIRED

import structlog

from exporter.config import ConfigError, InvalidConfigError, Problem
from exporter.web.protection.files import Files
from exporter.web.protection.reading import Protection, read_protection
from exporter.web.protection.tls_section import SECTION as TLS


log = structlog.get_logger("exporter")


class WatchedProtection:
    """What protects the server now: the last reading of the files that made sense.

    The files are looked at whenever it is asked for, that is for each connection and request. What
    cannot be used changes nothing, nor does what would take a protection away: a file that is half
    written must not open the door.
    """

    def __init__(self, path: Path | None) -> None:
        """Read the file; without one there is no protection.

        Raises ConfigError.
        """
        self._path = path
        self._files = Files()
        self._protection = self._read(self._files)
        self.good = True
        """Whether the files as they are can be used."""

    def current(self) -> Protection:
        """What to go by."""
        if self._files.changed():
            self._read_again()
        return self._protection

    def _read_again(self) -> None:
        files = Files()
        try:
            fresh = self._read(files)
            self._check_change(fresh)
        except ConfigError as error:
            self.good = False
            problems = "; ".join(map(str, error.problems))
            log.error("web configuration refused", problems=problems)  # noqa: TRY400  no stack for a typo
        else:
            self._protection, self.good = fresh, True
            log.info("web configuration read again", path=str(self._path))
        self._files = files

    def _read(self, files: Files) -> Protection:
        if self._path is None:
            return Protection()
        fresh = read_protection(self._path, files)
        for warning in fresh.warnings:
            log.warning("web configuration", warning=warning)
        return fresh

    def _check_change(self, fresh: Protection) -> None:
        before, after = (_barriers(each) for each in (self._protection, fresh))
        gone = [key for key, stood in before.items() if stood and not after[key]]
        if after[TLS] and not before[TLS]:
            gone.append(TLS)
        if gone:
            message = "is switched on or off by a restart only; restart, or put it back"
            raise InvalidConfigError(Problem(str(self._path), key, None, message) for key in gone)


def _barriers(protection: Protection) -> dict[str, bool]:
    """Which barriers stand, by the key that puts them up."""
    tls = protection.tls
    return {
        TLS: tls is not None,
        f"{TLS}.client_auth_type": tls is not None and tls.verify_mode is CERT_REQUIRED,
        f"{TLS}.client_allowed_sans": tls is not None and bool(tls.allowed_sans),
        "basic_auth_users": bool(protection.users),
    }
