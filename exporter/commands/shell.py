"""How commands begin and end: one line for each error, quiet where a person or a pipe left."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NoReturn, TypeVar

import typer
from typer.core import TyperGroup

from exporter import logs
from exporter.config import ConfigError, Loaded


USAGE_ERROR = 2
"""Exit status for wrong flags and configurations."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""
_T = TypeVar("_T")
PIECE = 16384
"""Characters written at once, no more bytes than a pipe holds."""


class Commands(TyperGroup):
    """The program: a wrong flag is one line on standard error, an interruption none.

    A closed pipe is typer's to handle: status 1, and no word.
    """

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002  typer's own signature
        windows_expand_args: bool = True,  # noqa: FBT001, FBT002  same
        **extra: Any,
    ) -> Any:
        """Run a command line; ends the process unless ``standalone_mode`` is false."""

        def run() -> Any:
            return super(Commands, self).main(
                args,
                prog_name,
                complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )

        return _guarded(run) if standalone_mode else run()


def _guarded(run: Callable[[], Any]) -> NoReturn:
    try:
        status = run()
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001  re-raised unless it is a usage error
        _explain(error)
    sys.exit(status if isinstance(status, int) else 0)


def _explain(error: Exception) -> NoReturn:
    """Say a usage error in one line; any other error goes on its way.

    typer carries its own copy of click in some versions, so that the class can't be named.
    """
    words = getattr(error, "format_message", None)
    if words is None:
        raise error
    context = getattr(error, "ctx", None)
    advice = f"; see '{context.command_path} --help'" if context else ""
    fail(" ".join(str(words()).split()).rstrip(".") + advice)


def run_to_end(work: Coroutine[Any, Any, _T]) -> _T:
    """Run it in an event loop of its own; Ctrl-C ends it at once, whatever it waits for.

    Without a handler in the loop a signal that comes just before a wait is noticed only after it.

    Raises:
        KeyboardInterrupt: it was interrupted.

    """
    interrupted = False

    async def run() -> _T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def interrupt() -> None:
            nonlocal interrupted
            interrupted = True
            if task is not None:
                task.cancel()

        loop.add_signal_handler(signal.SIGINT, interrupt)
        return await work

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:
        if interrupted:
            raise KeyboardInterrupt from None
        raise


def emit(text: str) -> None:
    """Write data to standard output.

    In pieces, because an unbuffered stream drops without a word what a closed pipe did not take.
    """
    for start in range(0, len(text), PIECE):
        sys.stdout.write(text[start : start + PIECE])
    sys.stdout.flush()


def note(text: str) -> None:
    """Say something beside the data, on standard error."""
    typer.echo(text, err=True)


def fail(message: str, *, status: int = USAGE_ERROR) -> NoReturn:
    """Say what is wrong and end."""
    note(f"error: {message}")
    sys.exit(status)


def refuse(error: ConfigError) -> NoReturn:
    """Say everything that is wrong with a configuration and end."""
    for problem in error.problems:
        note(f"error: {problem}")
    sys.exit(USAGE_ERROR)


def load_or_exit(read: Callable[[], Loaded]) -> Loaded:
    """The configuration, or every problem on standard error and exit status 2.

    From here on its secrets are kept out of the log.
    """
    try:
        loaded = read()
    except ConfigError as error:
        refuse(error)
    logs.redact(loaded.config.secrets())
    return loaded


def load_for_command(read: Callable[[], Loaded]) -> Loaded:
    """The configuration for a command that a person runs: warnings shown, only errors logged."""
    loaded = load_or_exit(read)
    logs.set_up("error")
    for warning in loaded.warnings:
        note(f"warning: {warning}")
    return loaded
