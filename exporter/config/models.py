"""The configuration as the program uses it.

Descriptions and defaults here are the source of ``docs/configuration.md`` and of the commented
example file.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from exporter.config.values import (
    ApiUrl,
    Country,
    Currency,
    Deadlines,
    Distinct,
    Duration,
    LedgerUrl,
    ListenAddress,
    Login,
    Name,
    NotEmpty,
    SecretText,
    TelemetryPath,
    TimeZone,
    Within,
)
from exporter.secrets import Secret


HOUR = 3600.0
DAY = 86400.0


class Section(BaseModel):
    """A mapping of the configuration: frozen, without unknown keys, never quoting its input."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )


class Credentials(Section):
    """Who calls the gateway: a login with a password, or an API key alone."""

    login: Login | None = None
    password: SecretText | None = None
    apikey: SecretText | None = None
    files: tuple[Path, ...] = ()
    """Files these were read from; a change of one of them means new credentials."""
    origins: Mapping[str, Path] = {}
    """File of each of login, password and apikey that came from one."""


class Budget(Section):
    """How many history calls the account may make; the defaults are the gateway's own limits."""

    requests: int = Field(
        default=30, ge=1, le=1_000_000, description="History calls allowed in one `window`."
    )
    window: Annotated[Duration, AfterValidator(Within(1, DAY))] = Field(
        default=HOUR, description="Length of the rolling window that `requests` are counted in."
    )
    identical: int = Field(
        default=3,
        ge=1,
        le=1000,
        description="Calls with the same parameters in one `identical_window`.",
    )
    identical_window: Annotated[Duration, AfterValidator(Within(1, HOUR))] = Field(
        default=60.0,
        description="Length of the rolling window that `identical` calls are counted in.",
    )
    concurrency: int = Field(
        default=2,
        ge=1,
        le=14,
        description="Calls under way at once; the gateway refuses the fifteenth.",
    )
    reserve: int = Field(
        default=1,
        ge=0,
        description="Calls of each `window` left to the account's other programs; less than "
        "`requests`.",
    )

    @field_validator("reserve")
    @classmethod
    def _leaves_calls(cls, reserve: int, info: ValidationInfo) -> int:
        if "requests" in info.data and reserve >= info.data["requests"]:
            raise ValueError("must be less than requests, or no call could ever be made; lower it")
        return reserve


class BalancePolling(Section):
    """How the balance is asked for: by calls of their own, which `budget` does not bound."""

    enabled: bool = Field(default=True, description="Ask for the balance.")
    interval: Annotated[Duration, AfterValidator(Within(60, DAY))] = Field(
        default=600.0,
        description="Time between readings. A balance older than three of them, an hour at least, "
        "is no longer shown.",
    )


class AccountSettings(Section):
    """What can be chosen for an account, besides who it is."""

    name: Name = Field(
        description="What the account is called in metrics and logs; unique.", examples=["main"]
    )
    api_url: ApiUrl = Field(
        default="https://smsc.ru",
        description="Address of the gateway; `/sys/get.php` and `/sys/balance.php` below it are "
        "called.",
    )
    channels: Annotated[tuple[Literal["sms", "email"], ...], NotEmpty, Distinct] = Field(
        default=("sms",),
        description="Histories to read; `email` is a second one out of the same budget.",
    )
    budget: Budget = Field(default=Budget(), description="Limits on history calls.")
    balance: BalancePolling = Field(
        default=BalancePolling(), description="How the balance is asked for."
    )
    lookback: Annotated[Duration, AfterValidator(Within(0, 183 * DAY))] = Field(
        default=DAY,
        description="How far back the first sync reads. What it finds is tracked, not counted. "
        "The gateway keeps half a year.",
    )
    timezone: TimeZone = Field(
        default="Europe/Moscow", description="Time zone of the dates in the gateway's answers."
    )
    currency: Currency = Field(
        default="RUB",
        description="Currency of the account's costs. A balance in another one gives a warning.",
    )
    track_phones: bool = Field(
        default=True,
        description="Keep phone numbers of pending messages in the ledger until the messages are "
        "final, so that they can be looked up, and tell of the last hour's recipients. When false "
        "no number outlives the answer it came in.",
    )
    expected_countries: Annotated[tuple[Country, ...], Distinct] = Field(
        default=(),
        description="Countries the account sends to, as two-letter codes; traffic to others "
        "stands out in alerts. Empty means any.",
    )
    timeout: Annotated[Duration, AfterValidator(Within(1, 600))] = Field(
        default=30.0, description="Longest wait for a connection and for each part of an answer."
    )


class Account(AccountSettings):
    """One account at the gateway."""

    credentials: Credentials


class Web(Section):
    """What is served to Prometheus."""

    listen_addresses: Annotated[tuple[ListenAddress, ...], NotEmpty, Distinct] = Field(
        default=(":10048",),
        description="Where to listen: `host:port`, `[IPv6]:port`, or `:port` for all interfaces.",
    )
    telemetry_path: TelemetryPath = Field(
        default="/metrics", description="Path of the metrics page."
    )
    config_file: Path | None = Field(
        default=None,
        description="File with TLS and logins, as Prometheus' exporters have it; see "
        "`docs/security.md`. A relative path starts at the configuration file's folder.",
    )
    enable_lifecycle: bool = Field(
        default=False,
        description="Whether `POST /-/reload` is answered. SIGHUP reloads in any case.",
    )


class LedgerConfig(Section):
    """Where counts are kept."""

    path: Path = Field(
        default=Path("var/smsc-exporter.sqlite"),
        description="The SQLite file. A relative path starts at `$STATE_DIRECTORY` where that is "
        "set, else at the working directory.",
        json_schema_extra={
            "default": "`smsc-exporter.sqlite` in `$STATE_DIRECTORY`, else in `./var`"
        },
    )
    url: LedgerUrl | None = Field(
        default=None,
        description="A PostgreSQL database instead of the file, which several processes can share: "
        "`postgresql://user@host:port/database`, as libpq takes it. `ledger: postgresql://...` is "
        "short for this key alone.",
    )
    password: SecretText | None = Field(
        default=None, description="The database user's password; better kept in `password_file`."
    )
    password_file: Path | None = Field(
        default=None,
        description="File that holds that password as its only line. A relative path starts at the "
        "configuration file's folder.",
    )
    replica: Name | None = Field(
        default=None,
        description="What this process is called among those that share the database; no two may "
        "have the same name.",
        json_schema_extra={"default": "the machine's name"},
    )
    lease: Annotated[Duration, AfterValidator(Within(4, 600))] = Field(
        default=20.0,
        description="How long a process that shares the database is not heard of until others poll "
        "its accounts.",
    )
    retention: Annotated[Duration, AfterValidator(Within(HOUR, 3660 * DAY))] = Field(
        default=7 * DAY,
        description="How long messages are remembered after they are final, so that none is "
        "counted twice; at least the longest deadline and a day. Totals are kept for ever.",
    )


class LabelsConfig(Section):
    """Which labels carry values, and how many values each may have."""

    operator: bool = Field(
        default=True, description="Show the operator; when false the label is empty."
    )
    country: bool = Field(
        default=True, description="Show the country; when false the label is empty."
    )
    sender: bool = Field(
        default=True, description="Show the sender name; when false the label is empty."
    )
    region: bool = Field(
        default=False, description="Also count by region, in families of their own."
    )
    max_operators: int = Field(
        default=50,
        ge=1,
        le=10_000,
        description="Most operators shown; more are folded into `other`.",
    )
    max_countries: int = Field(default=40, ge=1, le=10_000, description="Most countries shown.")
    max_senders: int = Field(default=20, ge=1, le=10_000, description="Most sender names shown.")
    max_regions: int = Field(default=100, ge=1, le=10_000, description="Most regions shown.")
    max_sets: int = Field(
        default=200,
        ge=1,
        le=100_000,
        description="Most combinations of all labels shown for an account.",
    )


class LogConfig(Section):
    """What is logged, to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe level that is written."
    )
    format: Literal["logfmt", "json"] = Field(
        default="logfmt", description="One line per event as this."
    )


class Settings(Section):
    """What can be chosen besides the accounts."""

    web: Web = Field(default=Web(), description="What is served to Prometheus.")
    ledger: LedgerConfig = Field(default=LedgerConfig(), description="Where counts are kept.")
    labels: LabelsConfig = Field(default=LabelsConfig(), description="Which labels carry values.")
    log: LogConfig = Field(default=LogConfig(), description="What is logged.")
    deadlines: Deadlines = Field(
        default=(300, 3600, 86400),
        description="Ages at which each message's outcome is counted; 2 to 4, rising.",
        json_schema_extra={"kind": "list of durations"},
    )
    settle: Annotated[Duration, AfterValidator(Within(0, HOUR))] = Field(
        default=120.0,
        description="How long after its sending a message may turn up in the history below newer "
        "ones. What was read sooner is read once more.",
    )
    grace: Annotated[Duration, AfterValidator(Within(0, HOUR))] = Field(
        default=30.0, description="Wait after a deadline before a message is judged by it."
    )
    zero_hold: Annotated[Duration, AfterValidator(Within(0, HOUR))] = Field(
        default=60.0,
        description="Least time new series are shown at 0 before they grow, so that Prometheus "
        "sees the increase: two scrape intervals.",
    )
    created_series: bool = Field(default=False, description="Also expose `_created` series.")
    exemplars: bool = Field(
        default=False,
        description="Also name, in OpenMetrics, the message that a counter of failures or a bucket "
        "of times counted last, by its `int_id`; see `docs/privacy.md`.",
    )

    @field_validator("deadlines")
    @classmethod
    def _within_retention(cls, deadlines: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        ledger = info.data.get("ledger")
        if isinstance(ledger, LedgerConfig) and ledger.retention <= deadlines[-1] + DAY:
            raise ValueError(
                "must end more than a day below ledger.retention; raise that or drop the longest"
            )
        return deadlines


class Config(Settings):
    """Everything the program was told."""

    accounts: tuple[Account, ...] = Field(min_length=1)

    def account(self, name: str) -> Account:
        """The account of that name; KeyError when there is none."""
        return {account.name: account for account in self.accounts}[name]

    def secrets(self) -> Iterator[Secret]:
        """Every password and key, for the log's redaction."""
        for account in self.accounts:
            for secret in (account.credentials.password, account.credentials.apikey):
                if secret is not None:
                    yield secret
        if self.ledger.password is not None:
            yield self.ledger.password
