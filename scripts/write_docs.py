"""Write what pages derive from the code: schema and table of keys, and README's real output."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from greenlight.config import Config

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
START, END = "<!-- keys: written by make docs -->", "<!-- end of keys -->"


def schema() -> str:
    """Text of docs/greenlight.schema.json."""
    return json.dumps(Config.model_json_schema(mode="serialization"), indent=2) + "\n"


def keys() -> str:
    """Markdown tables of every section: key, default, meaning."""
    lines: list[str] = []
    for path, section in sections(Config(), ()):
        lines += ["", f"### [{'.'.join(path)}]", "", "| key | default | meaning |", "|---|---|---|"]
        values = section.model_dump(mode="json")
        for key, field in type(section).model_fields.items():
            if not isinstance(getattr(section, key), BaseModel):
                shown = show(values[key])
                lines.append(f"| `{key}` | {shown} | {field.description or ''} |")
    return "\n".join(lines)


def sections(
    section: BaseModel, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], BaseModel]]:
    """Every table of the configuration that holds keys of its own."""
    tables = {name: value for name, value in section if isinstance(value, BaseModel)}
    if len(tables) < len(type(section).model_fields):
        yield path, section
    for name, table in tables.items():
        yield from sections(table, (*path, name))


def show(value: Any) -> str:  # noqa: ANN401  # whatever JSON holds
    """A default as it stands in TOML; long lists by their length."""
    if value is None:
        return ""
    if isinstance(value, list) and len(value) > 3:
        return f"{len(value)} entries"
    return f"`{json.dumps(value)}`"


def page() -> str:
    """Text of docs/configuration.md with its table of keys as it is now."""
    before, _, rest = (DOCS / "configuration.md").read_text().partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}{keys()}\n\n{END}{after}"


def readme() -> str:
    """Text of README with what its commands print now, one after the other in one folder."""
    with tempfile.TemporaryDirectory() as folder:
        return re.sub(
            r"(```console\n\$ )(.*?)\n.*?(```)",
            lambda block: f"{block[1]}{block[2]}\n{printed(block[2], folder)}{block[3]}",
            README.read_text(),
            flags=re.S,
        )


def printed(command: str, folder: str) -> str:
    """What the demo prints up to its benchmarks, another backtest up to its tables; last line.

    Short output stands whole, but for how long it took.
    """
    arguments = "demo" if command == "make demo" else command.partition("greenlight ")[2]
    done = subprocess.run(  # noqa: S603  # the commands are README's own
        [sys.executable, "-m", "greenlight", *arguments.split()],
        cwd=folder,
        env={**os.environ, "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    end = "\nAgainst " if arguments == "demo" else "\n\n"
    if end not in done.stdout:
        took = re.compile(r"^Took .*$", re.M)
        return took.sub("...", done.stdout.rstrip("\n")) + "\n"
    above, _, below = done.stdout.partition(end)
    lines = [line.rstrip() for line in [*above.splitlines(), "...", below.splitlines()[-1]]]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write all of it."""
    README.write_text(readme())
    (DOCS / "greenlight.schema.json").write_text(schema())
    (DOCS / "configuration.md").write_text(page())


if __name__ == "__main__":
    main()
