"""An answer to an entry that waits: which one is meant, and what became of it."""

from typing import TYPE_CHECKING

from greenlight.cli.asking import ask
from greenlight.domain import UserError

if TYPE_CHECKING:
    from greenlight.config import Config

_DONE, _NOT_DONE = 0, 1


def settle(config: "Config", name: str, *, approved: bool, as_json: bool) -> int:
    """Approve or reject the ask of that id, or the only one of that instrument."""
    from greenlight.control import asks_of
    from greenlight.wiring import read_ledger

    with read_ledger(config) as ledger:
        found = asks_of(ledger, name)
    if not found:
        raise UserError(f"nothing waits under the name {name}; greenlight status shows what does")
    if len(found) > 1:
        ids = ", ".join(row.id for _, row in found)
        raise UserError(f"several wait for {name}: name one of {ids}")
    account, row = found[0]
    sent = ask(
        config,
        account,
        lambda control: control.approve(row.id) if approved else control.reject(row.id),
        as_json=as_json,
    )
    return _DONE if all(one.reply is not None and one.reply.is_done for one in sent) else _NOT_DONE
