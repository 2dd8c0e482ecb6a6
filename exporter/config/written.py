"""The configuration as it is written in a file: credentials are keys of the account itself."""

from pathlib import Path

from pydantic import Field

from exporter.config.models import AccountSettings, Section, Settings
from exporter.config.values import Login, SecretText


class CredentialKeys(Section):
    """Who calls the gateway: `login` with a password, or an API key alone."""

    login: Login | None = Field(
        default=None, description="Login, where a password is used.", examples=["my-company"]
    )
    login_file: Path | None = Field(
        default=None, description="File that holds the login; like `password_file`."
    )
    password: SecretText | None = Field(
        default=None,
        description="Password of the login; better kept in `password_file`.",
    )
    password_file: Path | None = Field(
        default=None,
        description="File that holds the password as its only line. A relative path starts at the "
        "configuration file's folder. A change is noticed while the account is refused.",
        examples=["password"],
    )
    apikey: SecretText | None = Field(
        default=None,
        description="API key, instead of login and password; better kept in `apikey_file`.",
    )
    apikey_file: Path | None = Field(
        default=None, description="File that holds the API key; like `password_file`."
    )


class WrittenAccount(AccountSettings, CredentialKeys):
    """One account at the gateway."""


ACCOUNT_KEYS = ("name", *(key for key in WrittenAccount.model_fields if key != "name"))
"""An account's keys in the order they are shown."""


class WrittenConfig(Settings):
    """The top level of the file."""

    accounts: tuple[WrittenAccount, ...] = Field(
        default=(),
        description="Accounts to read. May be left out when the environment gives one.",
    )


TOP_KEYS = ("accounts", *Settings.model_fields)
"""The file's top keys in the order they are shown."""
