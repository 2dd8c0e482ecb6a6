"""Flags, help, and quiet ends: what every command has in common."""

import signal
import socket
import time

import pytest

from exporter.clock import SystemClock
from tests.commands.conftest import LOGIN, PASSWORD, PATIENCE, Served, Shell, started


def test_without_a_command_there_is_help(shell: Shell) -> None:
    """The bare program shows its commands; the status says that nothing was done."""
    ran = shell.run()
    assert ran.status == 2
    assert ran.out == shell.run("--help").out
    for command in ("run", "check-config", "messages", "doctor", "demo", "simulate-gateway"):
        assert f"\n  {command} " in ran.out


def test_help_answers_the_vendors_questions(shell: Shell) -> None:
    """The help of messages shows how to ask what the vendor's page asks, and the like."""
    shown = shell.run("messages", "--help").out
    for example in (
        "  smsc-exporter messages\n",
        "  smsc-exporter messages --last 1 --phone 79999999999\n",
        "  smsc-exporter messages --from yesterday --to yesterday --email ",
    ):
        assert example in shown


@pytest.mark.parametrize(
    "words",
    [
        ["--nope"],
        ["mesages"],
        ["messages", "--nope"],
        ["messages", "extra"],
        ["messages", "--last", "0"],
        ["messages", "--last", "x"],
        ["messages", "--last"],
        ["messages", "--output", "xml"],
        ["messages", "--answer-format", "4"],
        ["messages", "--from", "soon"],
        ["messages", "--phone", "12"],
        ["messages", "--account", "nobody"],
        ["doctor", "--answer"],
        ["check-config", "--config.file", "/nowhere/smsc.yml"],
        ["simulate-gateway", "--fault", "bla"],
        ["simulate-gateway", "--port", "99999"],
        ["run", "--log.level=loud"],
    ],
)
def test_wrong_flags_are_one_line(shell: Shell, served: Served, words: list[str]) -> None:
    """A wrong flag or value is status 2 and one line on standard error, before anything is done."""
    ran = shell.run(*words)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    assert not served.gateway.calls
    assert not shell.ledger.exists()


def test_flags_are_written_as_prometheus_users_do(shell: Shell) -> None:
    """--config.file=x and --config.file x are the same."""
    flag = shell.configured({})
    one = shell.run("check-config", flag)
    two = shell.run("check-config", *flag.split("="))
    assert one == two
    assert one.status == 0


def test_check_config_says_that_it_is_fine(shell: Shell) -> None:
    """The configuration is data on standard output, the verdict stands beside it."""
    ran = shell.run("check-config")
    assert ran.err == "configuration: fine\n"
    assert ran.out.startswith("accounts:\n")
    assert PASSWORD not in ran.out
    doubtful = shell.run("check-config", SMSC_API_URL="http://gateway.example")
    assert doubtful.status == 0
    assert doubtful.err.endswith("configuration: usable, 1 warning\n")


@pytest.mark.parametrize("command", ["messages", "doctor", "check-config", "run"])
def test_every_problem_of_the_configuration_is_told(shell: Shell, command: str) -> None:
    """A command without a usable configuration is status 2 with a line for each problem."""
    ran = shell.run(command, shell.configured({"budget": {"requests": 0}, "colour": "red"}))
    assert ran.status == 2
    assert ran.err.count("error: ") == ran.err.count("\n") == 2


def test_several_accounts_need_a_name(shell: Shell) -> None:
    """Which account is meant is never guessed."""
    config = shell.configured({"name": "one"}, {"name": "two"})
    ran = shell.run("messages", config)
    assert (ran.status, ran.out) == (2, "")
    assert "--account must name one of the accounts: one, two" in ran.err
    assert shell.run("messages", config, "--account", "two").status == 0


def test_a_taken_port_is_one_line(shell: Shell) -> None:
    """Where another program listens, the simulated gateway and the demo say so and end."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        gateway = shell.run("simulate-gateway", "--port", port)
        state = str(shell.folder / "demo")
        demo = shell.run("demo", "--state", state, "--web.listen-address", f"127.0.0.1:{port}")
    for ran in (gateway, demo):
        assert ran.status == 1
        assert ran.err.splitlines()[-1].startswith("error: ")
        assert "Traceback" not in ran.err


def test_a_closed_pipe_is_quiet(shell: Shell) -> None:
    """`messages | head -1` ends without a word about the pipe."""
    with started(shell, "messages", "--last", "1000", "--output", "json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "[\n"
        process.stdout.close()
        told = process.stderr.read()
        assert process.wait(PATIENCE) == 1
    assert "Traceback" not in told
    assert "Broken" not in told


def test_an_interruption_is_quiet_and_its_permit_is_spent(shell: Shell, served: Served) -> None:
    """Ctrl-C during a call ends at once without a trace; the call that left is booked."""
    served.gateway.clock, served.gateway.latency = SystemClock(), 30.0
    with started(shell, "messages") as process:
        deadline = time.monotonic() + PATIENCE
        while not served.gateway.meters[LOGIN].running and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert (out, err) == ("", "")
    assert shell.permits() == ["lookup"]
