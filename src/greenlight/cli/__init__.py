"""The command line: a table of verbs, each loaded when called, and one door for all errors."""

import difflib
import errno
import importlib
import os
import tempfile
import traceback
from collections.abc import Sequence
from typing import NamedTuple

import click

from greenlight.domain import GreenlightError, UserError

RAN, CANNOT_RUN = 0, 2
DEBUG = "GREENLIGHT_DEBUG"


class Verb(NamedTuple):
    """Where a command lives and the line `greenlight --help` shows, so that help loads nothing."""

    module: str
    help: str


VERBS = {
    "approve": Verb("greenlight.cli.approve", "Let an entry go on that waits for you."),
    "audit": Verb("greenlight.cli.audit", "Ask strategies again with the future cut away."),
    "backtest": Verb("greenlight.cli.backtest", "Trade history and write a report."),
    "config": Verb("greenlight.cli.config", "Show what is set and where each value comes from."),
    "data": Verb("greenlight.cli.data", "Fetch, import, list and check prices."),
    "demo": Verb("greenlight.cli.demo", "Backtest the shipped strategies on the sample."),
    "doctor": Verb("greenlight.cli.doctor", "Check keys, clock, disk, database, broker and feed."),
    "exchange": Verb("greenlight.cli.exchange", "Serve Alpaca's API on loopback, without a key."),
    "halt": Verb("greenlight.cli.halt", "Stop entries; what is held stays protected."),
    "keys": Verb("greenlight.cli.keys", "Keep keys of brokers in an encrypted file."),
    "kill": Verb("greenlight.cli.kill", "Cancel every order, close every position, prove it."),
    "ledger": Verb("greenlight.cli.ledger", "Show, check and carry what was written down."),
    "live": Verb("greenlight.cli.live", "Trade real money; refuses until readiness is measured."),
    "paper": Verb("greenlight.cli.paper", "Trade on paper: live data, or stored bars as if live."),
    "reconcile": Verb("greenlight.cli.reconcile", "Compare book and broker; settle a difference."),
    "reject": Verb("greenlight.cli.reject", "Drop an entry that waits for you."),
    "replay": Verb("greenlight.cli.replay", "Tell a run's journal again and compare every bit."),
    "resume": Verb("greenlight.cli.resume", "Allow entries again, after a halt or a kill."),
    "status": Verb("greenlight.cli.status", "Show what the bot holds and does, dead or alive."),
    "storm": Verb("greenlight.cli.storm", "Simulate the whole bot in bad weather, seed by seed."),
}


class LazyGroup(click.Group):
    """A group that imports a verb's module only when that verb is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Names of the verbs."""
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load a verb; None where there is none of that name."""
        if cmd_name not in VERBS:
            return None
        command = getattr(importlib.import_module(VERBS[cmd_name].module), cmd_name)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest verb where there is none of that name."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], VERBS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(VERBS))}"
            raise UserError(f"no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the verbs from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.help) for name, verb in sorted(VERBS.items())])


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="greenlight", message="%(package)s %(version)s")
@click.pass_context
def greenlight(ctx: click.Context) -> None:
    """Decide by measurable criteria when a trading bot is ready for real money.

    Educational software, no investment advice: money traded with it can be lost.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return 0 (done), 1 (the answer is no) or 2 (could not run)."""
    try:
        result = greenlight.main(arguments, prog_name="greenlight", standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        return _fail("interrupted; stored data and earlier runs are untouched")
    except Exception as error:  # the one door: a bug, too, is told in one line
        if os.environ.get(DEBUG):
            raise
        return _fail(_line(error))
    return result if isinstance(result, int) else RAN


def _fail(line: str) -> int:
    click.echo(f"greenlight: {line}", err=True)
    return CANNOT_RUN


def _line(error: Exception) -> str:
    match error:
        case GreenlightError():
            return " ".join(str(error).split())
        case click.UsageError() if error.ctx is not None:
            return f"{error.format_message()} Try: {error.ctx.command_path} --help"
        case click.ClickException():
            return error.format_message()
        case OSError(errno=errno.ENOSPC):
            return "the disk is full; free some space and try again (what was stored is untouched)"
        case OSError(filename=str() as name, strerror=str() as reason):
            return f"{name}: {reason}"
        case _:
            return f"{type(error).__name__}: {error}; this is a bug, details are in {_keep(error)}"


def _keep(error: Exception) -> str:
    with tempfile.NamedTemporaryFile(
        "w", prefix="greenlight-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.writelines(traceback.format_exception(error))
    return file.name
