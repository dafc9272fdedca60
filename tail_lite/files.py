"""Files that are whole or not there at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tail_lite.errors import UsageError


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object, or None where there is no such file; UsageError where it holds something else."""
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise UsageError(f"{path} holds no JSON object: it is damaged, or not what its name says")
    return content


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: under a temporary name, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Indented JSON, whole or not at all."""
    replace_file(path, json.dumps(content, indent=2) + "\n")
