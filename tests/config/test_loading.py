"""What a sound configuration becomes."""

from pathlib import Path
from typing import Any

import pytest

from exporter.config import Config, Secret, listen_address, load


MINIMAL = "accounts: [{name: main, login: demo, password: pa55}]\n"


def test_minimal_file_has_the_documented_defaults(read: Any) -> None:
    """Everything but the account itself has a default."""
    config = read(MINIMAL).config
    account = config.account("main")
    assert account.api_url == "https://smsc.ru"
    assert (account.credentials.login, account.credentials.apikey) == ("demo", None)
    assert account.credentials.password == Secret("pa55")
    assert account.credentials.files == ()
    assert (account.channels, account.lookback, account.timeout) == (("sms",), 86400.0, 30.0)
    assert (account.timezone, account.currency) == ("Europe/Moscow", "RUB")
    assert (account.track_phones, account.expected_countries) == (True, ())
    budget = account.budget
    assert (budget.requests, budget.window, budget.reserve) == (30, 3600.0, 1)
    assert (budget.identical, budget.identical_window, budget.concurrency) == (3, 60.0, 2)
    assert (config.web.listen_addresses, config.web.telemetry_path) == ((":10048",), "/metrics")
    assert config.ledger.retention == 7 * 86400
    assert (config.deadlines, config.grace, config.zero_hold) == ((300, 3600, 86400), 30.0, 60.0)
    assert (config.log.level, config.log.format) == ("info", "logfmt")
    assert not config.created_series
    assert not config.exemplars
    labels = config.labels
    assert (labels.operator, labels.country, labels.sender, labels.region) == (1, 1, 1, 0)
    limits = (labels.max_operators, labels.max_countries, labels.max_senders, labels.max_regions)
    assert (*limits, labels.max_sets) == (50, 40, 20, 100, 200)


def test_account_by_name(read: Any) -> None:
    """An account is found by its name, and an unknown name is a KeyError."""
    config: Config = read(MINIMAL).config
    assert config.account("main") is config.accounts[0]
    with pytest.raises(KeyError):
        config.account("other")


@pytest.mark.parametrize("password", ["0123456", "1e3", "yes", "1_000", "0x1F", "12:30:45", "="])
def test_plain_scalars_stay_as_written(password: str, read: Any) -> None:
    """YAML's guesses do not change a password, a login or a country code."""
    text = f"accounts: [{{name: 007, login: 012, password: {password}, expected_countries: [no]}}]"
    (account,) = read(text).config.accounts
    assert account.credentials.password == Secret(password)
    assert (account.name, account.credentials.login) == ("007", "012")
    assert account.expected_countries == ("NO",)


def test_keys_without_a_value_count_as_left_out(read: Any) -> None:
    """A key whose value is commented out has its default."""
    text = MINIMAL + "web:\nlog: {level: ~}\ndeadlines: null\n"
    assert read(text).config == read(MINIMAL).config


def test_aliases_share_a_section(read: Any) -> None:
    """An anchor can be used for several accounts."""
    config = read(
        """
        accounts:
          - {name: a, apikey: k1, budget: &budget {requests: 10, window: 30m}}
          - {name: b, apikey: k2, budget: *budget}
        """
    ).config
    assert config.account("b").budget == config.account("a").budget
    assert (config.account("b").budget.requests, config.account("b").budget.window) == (10, 1800)


def test_secret_file_is_read_from_beside_the_configuration(read: Any, tmp_path: Path) -> None:
    """A relative path starts at the configuration's folder; one trailing line end is dropped."""
    secret = tmp_path / "key"
    secret.write_bytes(b" spaced key \r\n")
    secret.chmod(0o600)
    loaded = read("accounts: [{name: main, apikey_file: key}]")
    credentials = loaded.config.account("main").credentials
    assert credentials.apikey == Secret(" spaced key ")
    assert credentials.files == (secret,)
    assert loaded.warnings == ()


def test_environment_alone_gives_an_account() -> None:
    """Without a file the variables are the configuration; empty ones count as unset."""
    environ = {"SMSC_LOGIN": "demo", "SMSC_PASSWORD": "p", "SMSC_APIKEY": "", "HOME": "/"}
    loaded = load(None, environ)
    (account,) = loaded.config.accounts
    assert (account.name, account.api_url) == ("default", "https://smsc.ru")
    assert (account.credentials.login, account.credentials.password) == ("demo", Secret("p"))
    assert (loaded.path, loaded.warnings) == (None, ())


def test_environment_files(tmp_path: Path) -> None:
    """Each variable may name a file instead; all of them are watched."""
    login, password = tmp_path / "login", tmp_path / "password"
    login.write_text("demo\n")
    password.write_text("p\n")
    password.chmod(0o600)
    login.chmod(0o600)
    environ = {
        "SMSC_LOGIN_FILE": str(login),
        "SMSC_PASSWORD_FILE": str(password),
        "SMSC_API_URL": "http://127.0.0.1:8080/",
    }
    (account,) = load(None, environ).config.accounts
    assert account.api_url == "http://127.0.0.1:8080"
    assert (account.credentials.login, account.credentials.password) == ("demo", Secret("p"))
    assert account.credentials.files == (login, password)


def test_environment_gives_the_account_a_file_leaves_out(read: Any) -> None:
    """A file without accounts takes the account from the environment."""
    config = read("log: {level: debug}", {"SMSC_APIKEY": "k"}).config
    assert (config.log.level, config.accounts[0].credentials.apikey) == ("debug", Secret("k"))


def test_file_with_accounts_ignores_the_environment_aloud(read: Any) -> None:
    """Variables that are not used are named in a warning."""
    loaded = read(MINIMAL, {"SMSC_LOGIN": "other", "SMSC_PASWORD": "x"})
    assert loaded.config == read(MINIMAL).config
    assert loaded.warnings == (
        "environment: SMSC_PASWORD: is not used; did you mean SMSC_PASSWORD?",
        "environment: SMSC_LOGIN: is ignored, because the file lists accounts",
    )


def test_flags_win_over_the_file(read: Any) -> None:
    """Flags replace the file's values and nothing beside them."""
    text = MINIMAL + "web: {listen_addresses: [':1'], telemetry_path: /m}\nlog: {level: error}\n"
    config = read(
        text, listen_addresses=("[::1]:0", "127.0.0.1:80"), log_level="debug", log_format="json"
    ).config
    assert config.web.listen_addresses == ("[::1]:0", "127.0.0.1:80")
    assert config.web.telemetry_path == "/m"
    assert (config.log.level, config.log.format) == ("debug", "json")
    assert read(text, telemetry_path="/x").config.web.telemetry_path == "/x"


@pytest.mark.parametrize(
    ("written", "state", "path"),
    [
        (None, None, "var/smsc-exporter.sqlite"),
        (None, "/var/lib/smsc:/other", "/var/lib/smsc/smsc-exporter.sqlite"),
        ("a.sqlite", None, "a.sqlite"),
        ("a.sqlite", "/var/lib/smsc", "/var/lib/smsc/a.sqlite"),
        ("/a.sqlite", "/var/lib/smsc", "/a.sqlite"),
    ],
)
def test_ledger_path(written: str | None, state: str | None, path: str, read: Any) -> None:
    """The ledger lies in the state directory unless the file says otherwise."""
    text = MINIMAL + (f"ledger: {{path: {written}}}" if written else "")
    environ = {"STATE_DIRECTORY": state} if state else {}
    assert read(text, environ).config.ledger.path == Path(path)


def test_public_files_with_secrets_are_doubtful(read: Any, tmp_path: Path) -> None:
    """Secrets that every user of the machine can read are warned of, without the file's name."""
    (tmp_path / "key").write_text("k")
    (tmp_path / "key").chmod(0o644)
    text = "accounts:\n- {name: a, apikey_file: key}\n- {name: b, apikey: k}\n"
    read(text)
    (tmp_path / "smsc.yml").chmod(0o644)
    loaded = load(tmp_path / "smsc.yml", {})
    place = tmp_path / "smsc.yml"
    assert loaded.warnings == (
        (
            f"{place}:2: accounts[0].apikey_file: names a file that every user can read; "
            "chmod 640 or stricter"
        ),
        f"{place}: can be read by every user and holds a secret; chmod 640, or use password_file",
    )


@pytest.mark.parametrize(("url", "warned"), [("http://sms.lan", 1), ("http://localhost:1", 0)])
def test_unencrypted_gateway_is_doubtful(url: str, warned: int, read: Any) -> None:
    """Credentials sent unencrypted beyond this machine are warned of."""
    loaded = read(f"accounts: [{{name: a, apikey: k, api_url: '{url}'}}]")
    assert len(loaded.warnings) == warned


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        (":10048", ("", 10048)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("[::1]:65535", ("::1", 65535)),
        ("[::]:80", ("::", 80)),
        ("metrics.example.com:80", ("metrics.example.com", 80)),
    ],
)
def test_listen_address_parts(text: str, parsed: tuple[str, int]) -> None:
    """Addresses are taken apart; an empty host is all interfaces."""
    assert listen_address(text) == parsed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10048",
        ":",
        ":65536",
        ":-1",
        "::1:80",
        "[::1]",
        "[1.2.3.4]:80",
        "[:80",
        "a b:80",
        "256.0.0.1:80",
        "http://a:80",
        ":८",
        "a:80:80",
        "-a:80",
    ],
)
def test_listen_address_refuses(text: str) -> None:
    """What cannot be listened on is refused."""
    with pytest.raises(ValueError, match="must be host:port"):
        listen_address(text)
