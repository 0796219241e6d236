"""Pages of lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True)
class LinkedPage(Generic[Row]):
    """One page of a list."""

    rows: Sequence[Row]
    next: str | None
    """The cursor of the next page, or None on the last one."""
