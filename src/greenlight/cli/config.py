"""greenlight config: what is set, and where each value comes from."""

import difflib
import json
import os
from pathlib import Path

import click

from greenlight.cli.output import emit, table
from greenlight.domain import UserError

CONFIG_OPTION = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="Configuration file (default: greenlight.toml here, if there is one).",
)
SET_OPTION = click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="SECTION.KEY=VALUE",
    help="Override one value, e.g. --set limits.stop=0.03; may be repeated.",
)
JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Write JSON to standard output.")


@click.group()
def config() -> None:
    """Show what is set and where each value comes from."""


@config.command()
@CONFIG_OPTION
@SET_OPTION
@JSON_OPTION
@click.argument("section", required=False)
def show(
    config_file: Path | None, assignments: tuple[str, ...], section: str | None, *, as_json: bool
) -> None:
    """Show every value, or those of SECTION, with its origin.

    Example: greenlight config show limits --set limits.stop=0.03
    """
    from greenlight.config import Config, load, parse_assignments

    resolved = load(config_file, os.environ, parse_assignments(assignments))
    rows = [row for row in resolved.rows() if section is None or row[0].startswith(f"{section}.")]
    if not rows:
        near = difflib.get_close_matches(str(section), Config.model_fields, n=1, cutoff=0)
        raise UserError(f"no section {section}; did you mean {near[0]}?")
    result = [{"key": key, "value": value, "origin": origin} for key, value, origin in rows]
    shown = [(key, _toml(value), origin) for key, value, origin in rows]
    emit(result, table(None, ["key", "value", "origin"], shown), as_json=as_json)


@config.command()
def schema() -> None:
    """Write the JSON schema of greenlight.toml.

    Example: greenlight config schema > greenlight.schema.json
    """
    from greenlight.config import Config

    click.echo(json.dumps(Config.model_json_schema(mode="serialization"), indent=2))


def _toml(value: object) -> str:
    return "" if value is None else json.dumps(value)
