"""Write what docs/ derives from the code: the schema of greenlight.toml and its table of keys."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from greenlight.config import Config

DOCS = Path(__file__).parents[1] / "docs"
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


def main() -> None:
    """Write both."""
    (DOCS / "greenlight.schema.json").write_text(schema())
    (DOCS / "configuration.md").write_text(page())


if __name__ == "__main__":
    main()
