"""greenlight live: refuses, until readiness has been measured."""

import click

_NOT_ARMED = 1


@click.command()
def live() -> int:
    """Trade real money. It refuses until a bot has been measured ready and armed.

    Example: greenlight paper
    """
    click.echo(
        "greenlight: not armed: this bot has not been measured ready for real money, and nothing "
        "measures that yet; greenlight paper trades without it",
        err=True,
    )
    return _NOT_ARMED
