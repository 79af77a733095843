"""greenlight paper on live data: one process, until it is stopped, killed or loses its lease."""

import asyncio
import gc
import os
import signal

from greenlight.cli.output import emit
from greenlight.config import Config
from greenlight.live import (
    Attendant,
    Bot,
    Endpoint,
    KillOrder,
    KillOutcome,
    Mailbox,
    Redaction,
    Telemetry,
    configure_logs,
)

_REFUSED = 1


def trade(config: Config, *, anew: bool, as_json: bool) -> int:
    """Run until told to leave; 1 where it ended with something left to do."""
    return asyncio.run(_trade(config, anew=anew, as_json=as_json))


async def _trade(config: Config, *, anew: bool, as_json: bool) -> int:
    from greenlight.engine import warm_up
    from greenlight.wiring import (
        Overseen,
        build_bot,
        held_run,
        ledger_folder,
        open_ledger,
        open_scene,
        run_record,
        secrets,
        wall,
    )

    redaction = Redaction(secrets(config, os.environ))
    log = configure_logs(redaction)
    warm_up()  # compiling takes its time: not while it holds an account and hears nobody
    with open_ledger(config, os.environ) as ledger:
        scene = await open_scene(config, os.environ, log.info, redaction.learn)
        began = run_record(scene)
        with held_run(ledger, began, scene.clock.now, anew=anew) as held:
            telemetry = Telemetry(
                log, began.symbols, config.live.beat.total_seconds(), scene.clock.now
            )
            log.info("run", run=held.run, resumed=held.is_resumed, account=began.account)
            mailbox = Mailbox(ledger_folder(config) / "control")
            bot = build_bot(scene, held.journal, held.lease.fence, Overseen(telemetry, mailbox))
            attendant = Attendant(mailbox, bot, began.account, wall)
            attendant.begin()
            gc.collect()
            gc.freeze()  # what was loaded stays: the collector need not look at it at every close
            killed = None
            try:
                outcome = await _run(bot, attendant, telemetry, config.live.metrics_port)
                if bot.killed is not None:
                    killed = await _kill(bot, held.lease.fence, mailbox)
            finally:
                await bot.world.broker.close()
                await bot.world.feed.close()
    result = {"run": held.run, "ended": outcome, "flat": killed.is_flat if killed else None}
    emit(result, f"Run {held.run}: {outcome}", *_told(killed), as_json=as_json)
    return 0 if killed is None or killed.is_flat else _REFUSED


async def _run(bot: Bot, attendant: Attendant, telemetry: Telemetry, port: int) -> str:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, bot.stop)
    endpoint = Endpoint(telemetry.health, telemetry.metrics.text)
    attending = asyncio.ensure_future(attendant.work(_World()))
    try:
        if port:
            await endpoint.open(port)
        return await bot.run()
    finally:
        attending.cancel()
        await endpoint.close()


async def _kill(bot: Bot, fence: int, mailbox: Mailbox) -> KillOutcome:
    """Empty the account: the file KILL asked for it, or a person did through the mailbox."""
    from greenlight.live import Hold, KillMark, KillState, kill

    assert bot.killed is not None  # noqa: S101  # asked for by the caller
    by, why = bot.killed
    hold = Hold(fence, bot.charter.universe.symbols, bot.world.journal)

    async def seize() -> Hold:
        return hold

    world = bot.world
    simulated = world.broker.name == "simulated"
    clock = world.clock if simulated else _World()  # patience is people's time
    outcome = await kill(world.broker, clock, seize, KillOrder(by, why))
    told = "flat" if outcome.is_flat else "not flat"
    mailbox.set_mark(KillMark(KillState.DONE, by, why, _World().now(), told))
    return outcome


def _told(killed: KillOutcome | None) -> list[str]:
    if killed is None:
        return []
    if killed.is_flat:
        return ["The account is flat. Allow entries again: greenlight resume"]
    left = ", ".join((*killed.orders, *killed.positions)) or killed.trouble
    return [f"NOT FLAT: {left}. Look at the broker; greenlight kill tries again"]


class _World:
    """The machine's own pace, which people live by."""

    def now(self) -> int:
        """Now, ns UTC."""
        from greenlight.wiring import wall

        return wall()

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)
