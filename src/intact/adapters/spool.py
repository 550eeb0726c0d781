"""A DuckDB file of bounded memory, and rows on their way into it by disk."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

from intact.adapters.patterns import exactly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

PAGE = 20_000
"""Rows in memory at a time while a table is read back."""


class Spool:
    """A database in a folder of its own; text in it is ASCII without line ends."""

    def __init__(self, folder: Path, *, memory_limit: str) -> None:
        """Make the database in an existing folder.

        Args:
            folder: Holds the database and what spills out of memory; the caller removes it.
            memory_limit: DuckDB's ``memory_limit``.
        """
        self._folder = folder
        self._connection = duckdb.connect(
            str(folder / "join.duckdb"),
            config={
                "memory_limit": memory_limit,
                "temp_directory": str(folder / "spill"),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def create(self, tables: Mapping[str, Mapping[str, str]]) -> None:
        """Make empty tables: the type of each column by its name."""
        for table, columns in tables.items():
            described = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            self._connection.execute(f"CREATE TABLE {table} ({described})")

    @contextmanager
    def appending(self, table: str) -> Iterator[Callable[[Iterable[object]], object]]:
        """Yield a function that appends one row to a table; they are in it at the end."""
        path = self._folder / f"{table}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            yield csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerow
        self._connection.execute(
            f"COPY {table} FROM {literal(exactly(path))} "
            "(FORMAT csv, HEADER false, AUTO_DETECT false, DELIMITER ',', QUOTE '\"', "
            "ESCAPE '\"', NEW_LINE '\\r\\n', NULLSTR '\\N')"
        )
        path.unlink()

    def load(self, table: str, rows: Iterable[Iterable[object]]) -> None:
        """Append rows to a table."""
        with self.appending(table) as append:
            for row in rows:
                append(row)

    def execute(self, query: str, arguments: Mapping[str, object] | None = None) -> None:
        """Run a statement that answers nothing; its parameters by name."""
        self._connection.execute(query, arguments or {})

    def number(self, query: str) -> int:
        """Return the one number that a query answers."""
        row = self._connection.execute(query).fetchone()
        return int(row[0]) if row else 0

    def rows(self, table: str, *, by: str) -> Iterator[dict[str, Any]]:
        """Yield a table's rows, ordered by a column of distinct numbers from 1, page by page."""
        last = 0
        while True:
            cursor = self._connection.execute(
                f"SELECT * FROM {table} WHERE {by} > ? ORDER BY {by} LIMIT {PAGE}",  # noqa: S608 - names of ours
                [last],
            )
            names = [column[0] for column in cursor.description or ()]
            page = cursor.fetchall()
            for values in page:
                yield dict(zip(names, values, strict=True))
            if not page:
                return
            last = page[-1][names.index(by)]

    def write(self, query: str, path: Path) -> None:
        """Write what a query answers to a CSV file with a header, as a stream."""
        self._connection.execute(
            f"COPY ({query}) TO {literal(str(path))} (FORMAT csv, HEADER true)"
        )


def literal(text: str) -> str:
    """Spell a text as SQL does, for statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"
