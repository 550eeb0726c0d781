"""One bucket of every input as views, and the join over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from intact.adapters.offline import assembling
from intact.adapters.offline.inputs import Of
from intact.adapters.offline.joining import ComputedSet, Terms, joined
from intact.adapters.offline.listed import LISTED
from intact.adapters.offline.reports import COMPUTED, TASKS
from intact.adapters.offline.slices import each, files_of, together
from intact.adapters.offline.staging import MANIFEST
from intact.adapters.offline.words import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    import duckdb

_COLUMNS = {
    "manifest": MANIFEST,
    "report": TASKS,
    "computed": COMPUTED,
    "source": LISTED,
    "destination": LISTED,
}
_OBJECT = "bucket, key, coalesce(version, '') AS version"


class Views:
    """The staged inputs, a bucket at a time.

    Attributes:
        terms: What to join; set before the first bucket is shown.
        duplicates: Rows of the manifest in this bucket that repeat another.
    """

    terms: Terms

    def __init__(self, connection: duckdb.DuckDBPyConnection, stage: Path) -> None:
        """Use what is staged in a folder."""
        self._connection = connection
        self._stage = stage
        self._staged: dict[str, pa.Table] = {}
        self.duplicates = 0
        self._once = True  # no two rows of the manifest in this bucket have one key

    @property
    def numbers(self) -> list[str]:
        """Columns of the join that count what was found, besides the ledger's."""
        words = ["words", "results"] if self.terms.has_report else []
        return words + [f"n{number}" for number in range(len(self.terms.computed))]

    def source_buckets(self) -> frozenset[str]:
        """Buckets that the manifest names."""
        return frozenset(
            bucket
            for table in each(files_of(self._stage, "manifest"))
            for bucket in pc.unique(table["bucket"]).to_pylist()
        )

    def sets(self, name: str, *, begun: datetime | None, versioned: bool) -> Iterator[ComputedSet]:
        """Yield what a Compute checksum report speaks of: sides, by name of the version or not.

        A row without version, or beside a manifest without versions, is on the key alone.
        """
        found: set[tuple[bool, bool]] = set()
        for table in each(files_of(self._stage, f"{name}-*")):
            named = pc.and_(pc.invert(table["copy"]), pc.not_equal(table["version"], ""))
            kinds = pa.table({"copy": table["copy"], "named": named})
            rows = kinds.group_by(kinds.column_names).aggregate([]).to_pylist()
            found |= {(row["copy"], row["named"] and versioned) for row in rows}
        for copy, by_version in sorted(found):
            of = Of.DESTINATION if copy else Of.SOURCE
            table = f"{name}_{of.value}" + ("_named" if by_version else "")
            yield ComputedSet(table=table, of=of, begun=begun, named=by_version)

    def show(self, bucket: int) -> None:
        """Make the views that the join reads."""
        self.hide()
        self._shared(bucket)
        if self.terms.has_report:
            self._view("results", self._files("report", "report-*", bucket))
        for made in self.terms.computed:
            name = made.table.partition("_")[0]
            side = "copy" if made.of is Of.DESTINATION else "NOT copy"
            version = ""
            if self.terms.versioned and made.of is Of.SOURCE:
                version = "AND version <> ''" if made.named else "AND version = ''"
            rows = self._files(name, f"{name}-*", bucket)
            self._view(made.table, f"{rows} WHERE {side} {version}")
        for of in self.terms.inventories:
            every = self.terms.versioned and of is Of.SOURCE
            current = "" if every else "WHERE latest"
            self._view(of.value, f"{self._files(of.value, of.value, bucket)} {current}")

    def hide(self) -> None:
        """Let go of the files of the last bucket, which Windows does not remove before."""
        for name in self._staged:
            self._connection.unregister(f"staged_{name}")
        self._staged.clear()

    def joined(self) -> pa.Table:
        """Return a row for each row of the manifest, in batches, so that few are copied."""
        wanted = self._number("SELECT count(*) FROM rows")
        found = self._arrow(joined(self.terms, unique=True))
        flat = self._filled(found) if found.num_rows == wanted else self._sorted_out(found)
        if flat.num_rows != wanted:
            raise AssertionError(f"a join made {flat.num_rows} rows of {wanted}")
        return flat

    def leftovers(self, flat: pa.Table) -> dict[str, int]:
        """Count what no row accounts for, and what speaks of an object again."""
        found = {"stray_results": 0, "duplicate_results": 0, "stray_computed": 0}
        exact = self.duplicates == 0
        if self.terms.has_report:
            results = self._number("SELECT count(*) FROM results")
            if exact and results == _sum(flat.column("results")):
                told = flat.num_rows - flat.column("words").null_count
                found["duplicate_results"] = results - told
            else:
                found["stray_results"] = self._number(
                    f"SELECT count(*) FROM results ANTI JOIN (SELECT {_OBJECT} FROM rows) "
                    "USING (bucket, key, version)"
                )
                found["duplicate_results"] = self._number(
                    "SELECT count(*) - count(DISTINCT (bucket, key, version)) FROM results"
                )
        for number, made in enumerate(self.terms.computed):
            rows = self._number(f"SELECT count(*) FROM {made.table}")
            if self._once and rows == _sum(flat.column(f"n{number}")):
                continue
            bucket = "bucket" if made.of is Of.SOURCE else quoted(self.terms.copies.bucket)
            version = ", version" if made.named else ""
            found["stray_computed"] += self._number(
                f"SELECT count(*) FROM {made.table} ANTI JOIN "
                f"(SELECT {bucket} AS bucket, key{version} FROM rows) USING (bucket, key{version})"
            )
        return found

    def _shared(self, bucket: int) -> None:
        """Make ``rows``: what could be read of the manifest, and which rows share a copy."""
        self._view("named", self._files("manifest", "manifest", bucket))
        shared, self.duplicates = "false", 0
        self._once = not self._number("SELECT count(*) - count(DISTINCT hash(key)) FROM named")
        if not self._once:
            self.duplicates = self._number(
                "SELECT count(*) - count(DISTINCT (bucket, key, version)) FROM named"
            )
            shared = (
                "key IN (SELECT key FROM named GROUP BY key "
                "HAVING count(DISTINCT (bucket, version)) > 1)"
            )
        copies = self.terms.copies
        replaced = (
            "false"
            if copies.key
            else (f"bucket = {quoted(copies.bucket)} AND coalesce(version, 'null') = 'null'")
        )
        self._view("rows", f"SELECT *, {shared} AS shared, {replaced} AS replaced FROM named")

    def _sorted_out(self, found: pa.Table) -> pa.Table:
        """Join those rows again of which an input speaks twice."""
        counted = found.select(["row"]).group_by("row").aggregate([([], "count_all")])
        several = counted["row"].filter(pc.greater(counted["count_all"], 1)).combine_chunks()
        once = self._filled(found.filter(pc.invert(pc.is_in(found["row"], value_set=several))))
        lines = pa.table({"line": several})
        self._connection.register("several", lines)
        keys = self._arrow("SELECT DISTINCT key FROM named SEMI JOIN several USING (line)")["key"]
        for name, table in self._staged.items():
            few = table.filter(pc.is_in(table["key"], value_set=keys.combine_chunks()))
            self._connection.register(f"staged_{name}", few)
        some = "rows AS (FROM rows SEMI JOIN several USING (line))"
        again = self._arrow(f"WITH {some} {joined(self.terms, unique=False)}")
        for name, table in self._staged.items():
            self._connection.register(f"staged_{name}", table)
        self._connection.unregister("several")
        kinds = {field.name: field.type for field in once.schema}
        more = [again[name].cast(kinds.get(name, again[name].type)) for name in again.column_names]
        again = pa.table(dict(zip(again.column_names, more, strict=True)))
        return pa.concat_tables([once, again], promote_options="default")

    def _filled(self, found: pa.Table) -> pa.Table:
        nothing = pa.record_batch(
            [pa.array([], field.type) for field in found.schema], found.schema
        )
        filled = []
        for batch in found.to_batches() or [nothing]:
            given = dict(zip(batch.schema.names, batch.columns, strict=True))
            filled.append(pa.table(assembling.filled(given, self.terms)))
        return pa.concat_tables(filled, promote_options="default")

    def _arrow(self, query: str) -> pa.Table:
        return self._connection.sql(query).to_arrow_table()

    def _view(self, name: str, query: str) -> None:
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {query}")

    def _files(self, name: str, pattern: str, bucket: int) -> str:
        """SQL of the rows of one bucket of an input, which become known by a name."""
        if name not in self._staged:
            table = together(files_of(self._stage, pattern, number=bucket))
            if table is None:
                kinds = next(kinds for start, kinds in _COLUMNS.items() if name.startswith(start))
                nothing = ", ".join(f"NULL::{kind} AS {column}" for column, kind in kinds.items())
                return f"FROM (SELECT {nothing} WHERE false)"
            self._staged[name] = table
            self._connection.register(f"staged_{name}", table)
        return f"FROM staged_{name}"

    def _number(self, query: str) -> int:
        [(number,)] = self._connection.execute(query).fetchall()
        return int(number)


def _sum(numbers: pa.Array) -> int:
    return pc.sum(numbers).as_py() or 0
