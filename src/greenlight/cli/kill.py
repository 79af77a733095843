"""greenlight kill: everything cancelled, everything closed, and looked at until it is."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenlight.cli.asking import LEDGER_OPTION, control_of, mailbox_of, resolved
from greenlight.cli.config import CONFIG_OPTION, JSON_OPTION, SET_OPTION
from greenlight.cli.output import to_json
from greenlight.domain import GreenlightError

if TYPE_CHECKING:  # they bring settings and database, which `--help` can do without
    from greenlight.config import Config
    from greenlight.control import Control, KillReport
    from greenlight.live import Broker, KillMark, Progress, Sight

_FLAT, _ALARM = 0, 1
_LOOK_S = 0.25


@click.command()
@click.argument("why", nargs=-1)
@click.option(
    "--patience",
    type=click.FloatRange(min=1),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to go on before the alarm is raised.",
)
@LEDGER_OPTION
@CONFIG_OPTION
@SET_OPTION
@JSON_OPTION
def kill(
    why: tuple[str, ...],
    patience: float,
    ledger_url: str | None,
    config_file: Path | None,
    assignments: tuple[str, ...],
    *,
    as_json: bool,
) -> int:
    """Cancel every order and close every position of the account, now, for the reason WHY.

    Works with the bot dead, frozen or alive: it loses the account first, so that it can send
    nothing when it wakes. Then the broker is asked until the account is flat. Exit code 1: it is
    not, and the output says what is left. Nothing is bought again until greenlight resume.

    Example: greenlight kill
    """
    config = resolved(config_file, assignments, ledger_url)
    control, reason = control_of(config), " ".join(why)
    try:
        broker = _open(config)
    except GreenlightError as error:
        return _from_within(config, control, (reason, str(error)), patience, as_json=as_json)
    if broker is None:
        problem = "the simulated exchange runs inside its bot"
        return _from_within(config, control, (reason, problem), patience, as_json=as_json)
    report = asyncio.run(_kill(config, control, broker, (reason, patience)))
    is_flat = report.outcome.is_flat
    if as_json:
        click.echo(to_json(_plain(report)))
    else:
        for line in told(report, broker.name):
            click.echo(line)
    return _FLAT if is_flat else _ALARM


def _open(config: "Config") -> "Broker | None":
    """The broker; None where it has no account outside of its bot."""
    from greenlight.wiring import open_broker

    if config.broker.name == "simulated":
        return None
    return open_broker(config, os.environ)


async def _kill(
    config: "Config", control: "Control", broker: "Broker", wanted: tuple[str, float]
) -> "KillReport":
    from greenlight.live import WorldClock
    from greenlight.wiring import open_ledger, wall

    said: set[str] = set()

    def tell(sight: "Sight", progress: "Progress") -> None:
        """Each thing once, as it happens, for whoever watches."""
        news = [f"cancelled {what}" for what in progress.cancelled.values()]
        news += [f"closing {name}" for name in progress.closed]
        news += [f"refused {name}: {why}" for name, why in progress.refused.items()]
        news += ["flat; watching whether it stays so"] if sight.is_flat else []
        for line in news:
            if line not in said:
                said.add(line)
                click.echo(f"  {line}", err=True)

    reason, patience = wanted
    try:
        return await control.kill(
            broker,
            WorldClock(wall),
            lambda: open_ledger(config, os.environ),
            (reason, patience),
            tell,
        )
    finally:
        try:
            async with asyncio.timeout(2.0):
                await broker.close()
        except (GreenlightError, TimeoutError):
            pass  # the process ends anyway


def told(report: "KillReport", broker: str) -> list[str]:
    """What was done, what was not, how to go on."""
    outcome = report.outcome
    lines = [f"Scope: the whole account at {broker}, its orders and positions of any origin."]
    if outcome.ledger:
        lines.append(
            f"! The ledger was not reached ({outcome.ledger}): a bot that is frozen may send when "
            "it wakes. End its process."
        )
    else:
        before = f"; {report.previous} had it" if report.previous else ""
        lines.append(f"The account's lease was raised to {outcome.fence}{before}.")
    if report.problem:
        lines.append(f"! {report.problem}: a bot that starts now may trade again.")
    lines.append(_listed("Cancelled", outcome.cancelled, "no order"))
    if outcome.foreign:
        lines.append(_listed("  of them not laid by the bot", outcome.foreign, ""))
    closed = [f"{'sell' if q < 0 else 'buy'} {abs(q)} {name}" for name, q in outcome.closed.items()]
    lines.append(_listed("Sent to close", closed, "nothing"))
    refused = [f"{name}: {why}" for name, why in outcome.refused.items()]
    lines += [_listed("! Refused", refused, "")] if refused else []
    return [*lines, *_ending(report)]


def _ending(report: "KillReport") -> list[str]:
    outcome = report.outcome
    resume = "No entry is made until: greenlight resume"
    if outcome.is_flat:
        return ["FLAT: the broker shows no order and no position, and it stayed so.", resume]
    if not outcome.seen:
        return [
            f"ALARM: the broker could not be read ({outcome.trouble}). Close the account by hand "
            "at the broker, or run greenlight kill again.",
            resume,
        ]
    lines = []
    if outcome.queued:
        lines.append(
            _listed("Queued, the market is closed; filled at its open", outcome.queued, "")
        )
    left = [one for one in (*outcome.orders, *outcome.positions) if one not in outcome.queued]
    if left:
        lines.append(_listed("Left", left, ""))
        lines += [f"The last trouble: {outcome.trouble}"] if outcome.trouble else []
    lines.append(
        "ALARM: not flat. Run greenlight kill again"
        + (" after the open" if outcome.queued and not left else ", or close it at the broker")
        + "; greenlight status shows what is held."
    )
    return [*lines, resume]


def _listed(title: str, items: "tuple[str, ...] | list[str]", none: str) -> str:
    return f"{title}: {'; '.join(items) or none}."


def _plain(report: "KillReport") -> dict[str, object]:
    outcome = report.outcome
    return {
        "is_flat": outcome.is_flat,
        "seen": outcome.seen,
        "fence": outcome.fence,
        "held_before_by": report.previous,
        "ledger_problem": outcome.ledger or None,
        "file_problem": report.problem or None,
        "cancelled": outcome.cancelled,
        "foreign": outcome.foreign,
        "closed": outcome.closed,
        "refused": outcome.refused,
        "queued": outcome.queued,
        "orders_left": outcome.orders,
        "positions_left": outcome.positions,
        "trouble": outcome.trouble or None,
    }


def _from_within(
    config: "Config",
    control: "Control",
    reasons: tuple[str, str],
    patience: float,
    *,
    as_json: bool,
) -> int:
    """The broker cannot be reached from here: ask the running bot, which can."""
    from greenlight.live import KillState

    why, problem = reasons
    control.kill_from_within(why)
    click.echo(f"greenlight: {problem}; asking the bot itself to close everything", err=True)
    mark = asyncio.run(_wait(config, patience))
    is_flat = mark is not None and mark.state is KillState.DONE and mark.text == "flat"
    if mark is not None and mark.state is KillState.DONE:
        line = f"The bot has done it: {mark.text}."
    else:
        line = (
            "ALARM: no bot has answered. It does it when it starts or wakes; until then what is "
            "held stays held."
        )
    result = {"is_flat": is_flat, "by": "bot", "told": line, "problem": problem}
    click.echo(to_json(result) if as_json else line)
    if not as_json:
        click.echo("No entry is made until: greenlight resume")
    return _FLAT if is_flat else _ALARM


async def _wait(config: "Config", patience: float) -> "KillMark | None":
    """The file KILL when the bot has written into it, or as it is when patience ends."""
    from greenlight.live import KillState

    mailbox, waited = mailbox_of(config), 0.0
    while True:
        mark = mailbox.mark()
        if waited >= patience or mark is None or mark.state is KillState.DONE:
            return mark
        await asyncio.sleep(_LOOK_S)
        waited += _LOOK_S
