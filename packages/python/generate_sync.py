"""Make the client that blocks of the client for asyncio: `python3 generate_sync.py [--check]`."""

from __future__ import annotations

import re
import sys
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


def main() -> int:
    check = "--check" in sys.argv[1:]
    stale = []
    for source in sorted((PACKAGE / "_async").glob("*.py")):
        target = PACKAGE / "_sync" / source.name
        text = sync_text(source.read_text("utf-8"))
        if target.exists() and target.read_text("utf-8") == text:
            continue
        stale.append(target.name)
        if not check:
            target.write_text(text, "utf-8")
    if check and stale:
        print(f"Not up to date: {', '.join(stale)}. Run generate_sync.py.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
