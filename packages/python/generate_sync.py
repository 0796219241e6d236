"""Make the client that blocks of the client for asyncio: `python3 generate_sync.py`."""

from __future__ import annotations

import re
from pathlib import Path

PACKAGE = Path(__file__).parent / "src" / "signalbox_sdk"
HEADER = "# Generated from ../_async by generate_sync.py. Change the file there.\n"

RULES = (
    (r"AbstractAsyncContextManager", "AbstractContextManager"),
    (r"AsyncIterator", "Iterator"),
    (r"Awaitable\[None\]", "None"),
    (r"import asyncio\b", "import time"),
    (r"asyncio\.sleep", "time.sleep"),
    (r"\bAwaitable, ", ""),
    (r"httpx\.AsyncClient", "httpx.Client"),
    (r"\bAsync(?=[A-Z])", ""),
    (r"\basync (?=def|with|for)", ""),
    (r"\bawait ", ""),
    (r"__a(enter|exit)__", r"__\1__"),
    (r"\baclose\b", "close"),
    (r"\baiter_bytes\b", "iter_bytes"),
    (r"for `asyncio`\. `generate_sync\.py` makes the other one of it\.", "that blocks."),
)


def sync_text(text: str) -> str:
    for pattern, replacement in RULES:
        text = re.sub(pattern, replacement, text)
    return HEADER + text


def targets() -> dict[Path, str]:
    """What each generated file should contain."""
    sources = sorted((PACKAGE / "_async").glob("*.py"))
    return {PACKAGE / "_sync" / source.name: sync_text(source.read_text("utf-8")) for source in sources}


def stale_files() -> list[str]:
    return [path.name for path, text in targets().items() if not path.exists() or path.read_text("utf-8") != text]


if __name__ == "__main__":
    for path, text in targets().items():
        path.write_text(text, "utf-8")
