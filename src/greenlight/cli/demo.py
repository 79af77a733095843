"""greenlight demo: the main job on the sample, nothing to set up."""

import os
from pathlib import Path

import click

from greenlight.cli.backtest import run
from greenlight.cli.config import JSON_OPTION
from greenlight.config import load


@click.command()
@click.option("--runs", type=click.Path(file_okay=False, path_type=Path), help="Folder of results.")
@JSON_OPTION
def demo(runs: Path | None, *, as_json: bool) -> int:
    """Backtest all shipped strategies on the shipped prices, with every gate at its default.

    Example: greenlight demo
    """
    # a fixed fraction shows what the votes are worth; half Kelly, the default elsewhere, finds in
    # what came of them no edge and soon stops trading: right for an account, dull for a report
    overrides = {
        "data.source": "sample",
        "backtest.runs": runs,
        "limits.sizing": "fraction",
    }
    return run(load(None, os.environ, overrides).config, as_json=as_json)
