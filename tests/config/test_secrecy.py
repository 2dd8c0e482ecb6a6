"""Secrets do not show, whatever is wrong; and nothing but a ConfigError is raised."""

import io
from pathlib import Path
from typing import Any

import pytest
import structlog
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter import logs
from exporter.config import ConfigError, Credentials, Overrides, Problem, Secret, load, render
from exporter.config.models import Account, Settings
from exporter.config.written import WrittenAccount


CANARY = "hunter2"

MISPLACED = [
    "login: a\n  password: *hunter2",
    "login: a\n  password: &hunter2",
    "login: a\n  password: !hunter2",
    "login: a\n  password: !hunter2!x y",
    "login: a\n  password: %hunter2",
    "login: a\n  password: @hunter2",
    "login: a\n  password: `hunter2",
    "login: a\n  password: |hunter2",
    "login: a\n  password: {hunter2}",
    "login: a\n  password: [hunter2]",
    "login: a\n  password: 'hunter2",
    'login: a\n  password: "hunter2',
    'login: a\n  password: "hunter2\\q"',
    "login: a\n  password: hunter2: x",
    "login: a\n  password:hunter2",
    "login: a\n  password:\n    hunter2: x",
    "login: a\n  password: |\n    hunter2\n    x\n  login_file: b",
    "login: a\n  password_file: hunter2",
    "login: a\n  password_file: [hunter2]",
    "login: a\n  passwrod: hunter2",
    "login: hunter2 hunter2",
    "login: a\n  password: a\n  api_url: https://a:hunter2@smsc.ru",
    "login: a\n  password: a\n  api_url: hunter2",
    "login: a\n  password: a\n  timezone: hunter2",
    "login: a\n  password: a\n  currency: hunter2",
    "login: a\n  password: a\n  channels: [hunter2]",
    "login: a\n  password: a\n  lookback: hunter2",
    "login: a\n  password: a\n  track_phones: hunter2",
    "login: a\n  password: a\n  budget: {requests: hunter2}",
    "login: a\n  password: a\n  budget: hunter2",
    "apikey: hunter2\n  password: hunter2\n  apikey_file: hunter2",
]


@pytest.mark.parametrize("text", MISPLACED)
def test_errors_quote_no_value(text: str, read: Any) -> None:
    """A secret in a wrong place, or written as YAML reads otherwise, is not in the error."""
    with pytest.raises(ConfigError) as caught:
        read(f"accounts:\n- name: main\n  {text}\n")
    assert CANARY not in f"{caught.value}{caught.value!r}{caught.value.problems!r}"
    assert caught.value.__cause__ is None


def test_flags_quote_no_value() -> None:
    """Wrong flags are told by their names alone."""
    overrides = Overrides(listen_addresses=(CANARY,), log_level=CANARY, telemetry_path=CANARY)
    with pytest.raises(ConfigError) as caught:
        load(None, {"SMSC_APIKEY": CANARY}, overrides)
    assert len(caught.value.problems) == 3
    assert CANARY not in str(caught.value)


def test_a_sound_configuration_shows_no_secret(read: Any, tmp_path: Path) -> None:
    """Representations, dumps, printed configuration, warnings and debug logs show no secret."""
    (tmp_path / "key").write_text(CANARY)
    loaded = read(
        f"accounts: [{{name: a, login: l, password: {CANARY}}}, {{name: b, apikey: {CANARY}}}, "
        "{name: c, apikey_file: key}]"
    )
    config = loaded.config
    stream = io.StringIO()
    log = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[logs._Finish(logs.Redactor(), stacks=True), logs.render_logfmt],
        wrapper_class=structlog.make_filtering_bound_logger("debug"),
    )
    log.debug("loaded", config=config, accounts=config.accounts, loaded=[loaded])
    shown = (
        f"{config!r}{config}{loaded}{render(config)}{config.model_dump()}"
        f"{config.model_dump_json()}{stream.getvalue()}"
    )
    assert shown.count("<secret>") >= 10
    assert CANARY not in shown
    assert [secret.reveal() for secret in config.secrets()] == [CANARY] * 3


def test_models_refuse_wrong_values_without_quoting() -> None:
    """Building credentials by hand quotes nothing either."""
    with pytest.raises(ValueError, match="must be one line") as caught:
        Credentials(login="a", password=f"{CANARY}\n")  # type: ignore[arg-type]
    assert CANARY not in str(caught.value)


TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=30)
KEYS = st.sampled_from([*Settings.model_fields, *WrittenAccount.model_fields, "requests", "path"])
WORDS = st.sampled_from(
    ["*a", "&a", "!t", "<<", "~", "[", "{", "5m", "-1", "1e999", "yes", "9" * 5000, "[::1]:1", "/"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | WORDS | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | TEXTS, inner, max_size=4),
    max_leaves=12,
)


def _load(text: bytes, folder: Path) -> None:
    path = folder / "smsc.yml"
    path.write_bytes(text)
    problems: tuple[Problem, ...] = ()
    told = ""
    try:
        load(path, {})
    except ConfigError as error:
        problems, told = error.problems, str(error)
    assert len(told.splitlines()) == len(problems)
    assert all(line.isprintable() for line in told.splitlines())


SHARED_FOLDER = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SHARED_FOLDER
@given(text=st.binary(max_size=200) | TEXTS.map(lambda text: text.encode(errors="surrogatepass")))
def test_any_bytes_are_a_configuration_or_a_config_error(text: bytes, tmp_path: Path) -> None:
    """Garbage never raises anything but ConfigError, one printable line for each problem."""
    _load(text, tmp_path)


@SHARED_FOLDER
@given(content=st.dictionaries(KEYS, VALUES, max_size=5), account=st.dictionaries(KEYS, VALUES))
def test_any_yaml_is_a_configuration_or_a_config_error(
    content: dict[str, Any], account: dict[str, Any], tmp_path: Path
) -> None:
    """Wrong values under known keys never raise anything but ConfigError."""
    content["accounts"] = [{"name": "a", "apikey": "k"} | account]
    text = yaml.safe_dump(content, allow_unicode=True)
    _load(text.encode(errors="surrogatepass"), tmp_path)


@SHARED_FOLDER
@given(
    pieces=st.lists(
        st.sampled_from(["accounts:", "\n", "- ", "  ", "name: ", "{", "}", "[", "]", ",", ": "])
        | WORDS
        | st.sampled_from(["|", ">", "'", '"', "#", "%YAML 1.1", "---", "...", "\t", "\\x", "? "]),
        max_size=25,
    )
)
def test_any_pieces_of_yaml_are_a_configuration_or_a_config_error(
    pieces: list[str], tmp_path: Path
) -> None:
    """Broken syntax never raises anything but ConfigError."""
    _load("".join(pieces).encode(), tmp_path)


def test_secret_is_a_value() -> None:
    """Secrets compare by what they hold, so that a changed one is noticed."""
    assert Secret("a") == Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("<secret>") != "<secret>"


def test_accounts_can_be_built_in_code() -> None:
    """Other parts build accounts without a file."""
    account = Account(name="a", credentials=Credentials(apikey=Secret("k")))
    assert account.budget.requests == 30
