"""Stage one: every input, cut into buckets by a hash of the source key, as Arrow files.

DuckDB reads what is plain, and Python, by the readers of ``intact.batch``, whatever is not: rows
one by one, or whole files of a report where a row may go on in the next line.  Either way a row
means the same.  A folder appears under its name only when all is in it.
"""

from __future__ import annotations

import heapq
import json
import shutil
from contextlib import ExitStack, closing
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from intact.adapters.columnar import inventory_batches
from intact.adapters.offline.lines import NOTHING, alone, line_end, lines_of, text_size
from intact.adapters.offline.listed import columns_query, require_columns, text_query
from intact.adapters.offline.reports import (
    COMPUTED,
    KEY,
    SPACED,
    TASKS,
    computed_query,
    computed_rows,
    task_query,
    task_rows,
)
from intact.adapters.offline.seen import ODD, SIZE, Seen
from intact.adapters.offline.slices import ROWS, SLICE, SliceWriter, each, files_of
from intact.adapters.offline.spooling import spooled
from intact.adapters.offline.taking import Taker, take_row
from intact.adapters.offline.words import quoted
from intact.adapters.parallel import ahead, in_order
from intact.adapters.patterns import exactly
from intact.adapters.plain import ELSEWHERE
from intact.batch import MalformedRow, TaskResult, read_results
from intact.batch.columns import FileFormat
from intact.batch.manifest import IGNORE
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import duckdb

    from intact.adapters.offline.inputs import ComputedInput, InventoryInput
    from intact.adapters.offline.spooling import Spool
    from intact.adapters.offline.taking import Reader
    from intact.s3 import ObjectRef

    Look = Callable[[pa.RecordBatch], pa.RecordBatch]

    class Query(Protocol):
        """SQL that reads lines of a report; see ``task_query``."""

        def __call__(self, lines: str, *, end: int) -> str:
            """See above."""


GROUP = 1 << 29
"""Bytes of a report that are staged in one go; what a kill loses at most."""
MALFORMED, TALLY = "malformed.jsonl", "tally.json"
MANIFEST = {"line": "BIGINT", "bucket": "VARCHAR", "key": "VARCHAR", "version": "VARCHAR"}


@dataclass(frozen=True, slots=True)
class Stage:
    """A folder of staged inputs, which may hold what an earlier run has finished.

    Attributes:
        folder: Holds one folder for each finished input, or group of its files.
        connection: Reads the inputs.
        buckets: Slices to cut them into.
        rows: How many are cut at a time.
        workers: Groups of a report's files that are staged at a time.
        packed: Whether to compress what is staged.
    """

    folder: Path
    connection: duckdb.DuckDBPyConnection
    _: KW_ONLY
    buckets: int
    rows: int = ROWS
    workers: int = 1
    packed: bool = False

    def __post_init__(self) -> None:
        """Make the folder, and the connection ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.connection.execute("SET preserve_insertion_order = false")
        self.connection.execute("SET enable_progress_bar = false")  # which notebooks would show

    def manifest(self, path: Path, *, fields: tuple[str, ...]) -> None:
        """Stage a CSV manifest; malformed rows go to a file beside it."""
        self._once("manifest", lambda into: self._manifest(into, path, fields=fields))

    def report(self, parts: Sequence[Path]) -> None:
        """Stage the copy job's report."""
        self._report("report", parts, query=task_query, columns=TASKS, read=task_rows)

    def computed(
        self, name: str, made: ComputedInput, *, copies: ObjectRef, sources: frozenset[str]
    ) -> None:
        """Stage a Compute checksum job's report.

        Args:
            name: What to call it.
            made: The report.
            copies: Bucket of the copies, and what their keys begin with.
            sources: Buckets of the manifest.
        """
        under = f"starts_with(key, {quoted(copies.key)})"
        mine = f"coalesce(bucket = {quoted(copies.bucket)} AND {under}, false)"
        key = f"substr(key, {len(copies.key) + 1})"
        both = copies.bucket in sources

        def query(lines: str, *, end: int) -> str:
            names = ", ".join([*COMPUTED, ODD, SIZE])
            rows = f"(SELECT * FROM ({computed_query(lines, end=end)}) AS said({names}))"
            if both:
                return f"FROM {rows}"
            return (
                f"SELECT * REPLACE (CASE WHEN {mine} THEN {key} ELSE key END AS key, "
                f"{mine} AS copy) FROM {rows}"
            )

        def read(result: TaskResult) -> Iterator[dict[str, Any]]:
            for row in computed_rows(result, written=made.written):
                if row["kind"] is None:
                    continue
                found = row["key"]
                if not both and row["bucket"] == copies.bucket and found.startswith(copies.key):
                    row |= {"key": found[len(copies.key) :], "copy": True}
                yield row

        self._report(name, made.parts, query=query, columns=COMPUTED, read=read)
        files = files_of(self.folder, f"{name}-[0-9]*")
        if both and files:  # a copy may be the source of another row
            again = f"SELECT * REPLACE ({key} AS key, true AS copy) FROM staged WHERE {mine}"

            def work(into: Path) -> None:
                for number, table in enumerate(each(files)):
                    self.connection.register("staged", table)
                    self._cut_all(into / str(number), again)
                    self.connection.unregister("staged")

            self._once(f"{name}-copies", work)

    def inventory(self, listed: InventoryInput, *, prefix: str) -> None:
        """Stage an inventory, of whatever format: a row means the same in each.

        S3 writes inventories by one program in one form, so a row of another form ends the audit.

        Args:
            listed: Its files and their columns.
            prefix: What the keys have before the source's.

        Raises:
            FormatError: Its columns do not say what an audit needs, or a row is malformed.
        """
        import duckdb  # noqa: PLC0415 - heavy

        require_columns(listed)

        def work(into: Path) -> None:
            try:
                if listed.file_format is FileFormat.CSV:
                    self._cut_all(into / "rows", text_query(listed, prefix=prefix))
                else:
                    self._columns(into / "rows", listed, prefix=prefix)
            except duckdb.OperationalError:  # of the machine
                raise
            except (duckdb.Error, pa.ArrowException) as error:
                raise FormatError(f"inventory: {error}") from error

        self._once(listed.of.value, work)

    def _columns(self, into: Path, listed: InventoryInput, *, prefix: str) -> None:
        """Stage the files of an inventory that are no text, a few rows at a time."""
        got = wanted = 0

        def count(batch: pa.RecordBatch) -> pa.RecordBatch:
            nonlocal got
            got += batch.num_rows
            return batch

        with SliceWriter(into, packed=self.packed) as writer:
            for part in listed.parts:
                for batch in inventory_batches(
                    part, file_format=listed.file_format, schema=listed.schema, rows=self.rows
                ):
                    query = columns_query("listed", columns=batch.schema.names, prefix=prefix)
                    self.connection.register("listed", pa.Table.from_batches([batch]))
                    self._cut(writer, query, look=count)
                    self.connection.unregister("listed")
                    wanted += batch.num_rows
        if got != wanted:
            raise AssertionError(f"an inventory's {wanted:,} rows were staged as {got:,}")

    def _once(self, name: str, work: Callable[[Path], None]) -> None:
        """Do a piece of work whose folder appears only when it is whole."""
        whole, partly = self.folder / name, self.folder / f"{name}.partial"
        if whole.exists():
            return
        shutil.rmtree(partly, ignore_errors=True)
        partly.mkdir()
        work(partly)
        partly.rename(whole)

    def _manifest(self, into: Path, path: Path, *, fields: tuple[str, ...]) -> None:
        names = ("elsewhere", "odd")  # rows that Python took at once, and those that DuckDB left
        good = {name: into / f"{name}.jsonl" for name in names}
        bad = {name: into / f"{name}.malformed" for name in names}
        lines = 0
        with ExitStack() as files:
            takers = [
                partial(
                    take_row,
                    fields=fields,
                    good=files.enter_context(good[name].open("w")),
                    bad=files.enter_context(bad[name].open("w")),
                )
                for name in names
            ]
            rows = files.enter_context(SliceWriter(into / "rows", packed=self.packed))
            self.connection.execute("SET preserve_insertion_order = true")  # to number the lines
            for spool in ahead(spooled(path, into, takers[0])):
                with Seen(into / "odd.arrow", begin=lines) as seen:
                    self._cut(rows, _manifest_query(spool.path, fields), look=seen.manifest)
                _require_lines(spool, seen)
                _take_odd(spool, seen, begin=lines, take=takers[1])
                spool.path.unlink()
                lines += spool.lines
            self.connection.execute("SET preserve_insertion_order = false")
        if not lines:
            raise FormatError(f"{path}: the manifest has no rows, so nothing is proven")
        for taken in good.values():
            self._add(into, taken, MANIFEST)
        with (
            bad["elsewhere"].open() as ours,
            bad["odd"].open() as theirs,
            (into / MALFORMED).open("w") as whole,
        ):
            whole.writelines(
                heapq.merge(ours, theirs, key=lambda row: int(json.loads(row)["line"]))
            )
        for taken in bad.values():
            taken.unlink()

    def _report(
        self,
        name: str,
        parts: Sequence[Path],
        *,
        query: Query,
        columns: dict[str, str],
        read: Reader,
    ) -> None:
        def work(task: tuple[int, Sequence[Path]]) -> None:
            number, group = task
            with closing(self.connection.cursor()) as connection:
                stage = replace(self, connection=connection)
                each = partial(stage._group, parts=group, query=query, columns=columns, read=read)  # noqa: SLF001 - its own
                stage._once(f"{name}-{number}", each)  # noqa: SLF001

        for _ in in_order(
            work, enumerate(_groups(parts)), threads=self.workers, ahead=self.workers
        ):
            pass

    def _group(
        self,
        into: Path,
        *,
        parts: Sequence[Path],
        query: Query,
        columns: dict[str, str],
        read: Reader,
    ) -> None:
        """Stage files of a report: by lines, but for those whose rows may span several."""
        ends = {part: line_end(part) for part in parts if part.stat().st_size}
        left = {part: end for part, end in ends.items() if end is not None}
        odd = into / "odd.jsonl"
        tally = {"rows": 0, "succeeded": 0, "failed": 0, "malformed": 0}
        whole: set[Path] = set()
        with odd.open("w") as good, (into / MALFORMED).open("w") as bad:
            taker = Taker(read, good=good, bad=bad, tally=tally)
            while left:
                with Seen(into / "odd.arrow") as seen:
                    rows = _read(left, query=query, columns=columns)
                    self._cut_all(into / "rows", rows, look=seen.report)
                whole = self._whole(left, seen, query=query, columns=columns)
                if not whole:
                    for part, result in _alones(seen):
                        if result is not None:
                            taker.take(part, result)
                    _count(seen, tally)
                    break
                left = {part: end for part, end in left.items() if part not in whole}
                shutil.rmtree(into / "rows", ignore_errors=True)
            for part in ends:
                if part not in left:
                    with part.open("rb") as lines:
                        for result in read_results(lines):
                            taker.take(part, result)
        (into / TALLY).write_text(json.dumps(tally))
        self._add(into, odd, columns)

    def _whole(
        self, ends: Mapping[Path, int], seen: Seen, *, query: Query, columns: dict[str, str]
    ) -> set[Path]:
        """Files that were wrongly read line by line: DuckDB skipped some, or a row goes on."""
        if not seen.rows:
            return set(ends)
        whole = {part for part, result in _alones(seen) if result is None}
        if seen.size != sum(text_size(part, end=end) for part, end in ends.items()):
            for part, end in ends.items():
                alone_query = _read({part: end}, query=query, columns=columns)
                [(got,)] = self._rows(f"SELECT sum({SIZE}) FROM ({alone_query})")
                whole |= set() if got == text_size(part, end=end) else {part}
        return whole

    def _cut(self, into: SliceWriter, query: str, *, look: Look | None = None) -> None:
        """Cut the rows of a query, as one look at them leaves them."""
        part = f"(hash(key) % {self.buckets})::UINTEGER"
        slices = f"CASE WHEN key IS NOT NULL THEN {part} END AS {SLICE}"
        rows = self.connection.sql(f"SELECT *, {slices} FROM ({query})")
        read = getattr(rows, "to_arrow_reader", None) or rows.fetch_record_batch  # before 1.5
        for batch in read(self.rows):
            into.write(look(batch) if look else batch)

    def _cut_all(self, into: Path, query: str, *, look: Look | None = None) -> None:
        """Cut the rows of a query into a folder."""
        with SliceWriter(into, packed=self.packed) as writer:
            self._cut(writer, query, look=look)

    def _add(self, into: Path, path: Path, columns: dict[str, str]) -> None:
        """Add rows that Python has read."""
        described = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
        if path.stat().st_size:
            self._cut_all(
                into / path.stem,
                f"SELECT * FROM read_json({quoted(exactly(path))}, format = 'newline_delimited', "
                f"maximum_object_size = 67108864, columns = {{{described}}})",
            )
        path.unlink()
        (into / "odd.arrow").unlink(missing_ok=True)

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query; nothing else may be run meanwhile."""
        cursor = self.connection.execute(query)
        while page := cursor.fetchmany(10_000):
            yield from page


def _manifest_query(plain: Path, fields: tuple[str, ...]) -> str:
    cell = {name: f"h{place}" for place, name in enumerate(fields, 1) if name != IGNORE}
    version = cell.get("VersionId", "NULL")
    plainly = (
        f"h{len(fields)} IS NOT NULL AND h{len(fields) + 1} IS NULL AND bucket <> '' "
        "AND raw_key <> '' AND key IS NOT NULL AND NOT contains(raw_key, '+') "
        "AND coalesce(version, '-') <> ''"
    )
    return (
        "SELECT bucket, key, version, "
        f"CASE WHEN NOT coalesce({plainly}, false) THEN h1[1] END AS odd "
        f"FROM (SELECT *, {KEY.format('raw_key')} AS key "
        f"FROM (SELECT *, {SPACED.format('raw_key')} AS spaced FROM (SELECT *, "
        f"{cell['Bucket']} AS bucket, {cell['Key']} AS raw_key, "
        f"{version}::VARCHAR AS version FROM {lines_of([plain], cells=len(fields) + 1)})))"
    )


def _read(ends: Mapping[Path, int], *, query: Query, columns: dict[str, str]) -> str:
    """SQL of what is staged of files, whose line ends have so many bytes."""
    lines: dict[int, list[Path]] = {}
    for part, end in ends.items():
        lines.setdefault(end, []).append(part)
    queries = [query(lines_of(some), end=end) for end, some in lines.items()]
    names = ", ".join([*columns, ODD, SIZE])
    typed = ", ".join(f"{name}::{kind} AS {name}" for name, kind in columns.items())
    union = " UNION ALL ".join(queries)
    return f"SELECT {typed}, {ODD}, {SIZE} FROM ({union}) AS staged({names})"


def _groups(parts: Sequence[Path]) -> Iterator[list[Path]]:
    group: list[Path] = []
    for part in parts:
        group.append(part)
        if sum(one.stat().st_size for one in group) >= GROUP:
            yield group
            group = []
    if group:
        yield group


def _alones(seen: Seen) -> Iterator[tuple[Path, TaskResult | MalformedRow | None]]:
    """Yield what lines say that are not plain, and which files they are in."""
    for odd in seen.odd():
        name, _, text = odd[ODD].rpartition(NOTHING)
        yield Path(name), alone(text)


def _count(seen: Seen, tally: dict[str, int]) -> None:
    """Add the plain rows, which Python did not count."""
    tally["rows"] += seen.plain
    tally["failed"] += seen.failed
    tally["succeeded"] += seen.plain - seen.failed


def _take_odd(spool: Spool, seen: Seen, *, begin: int, take: Callable[[str, int], None]) -> None:
    """Take the rows that DuckDB left; ``begin`` stand before the spool's."""
    with spool.path.open(encoding="ascii", newline="\n") as rows:
        numbered = enumerate(rows, begin + 1)
        for wanted in seen.odd():
            if wanted[ODD] != ELSEWHERE:
                text = next(text for line, text in numbered if line == wanted["line"])
                take(text.removesuffix("\n"), wanted["line"])


def _require_lines(spool: Spool, seen: Seen) -> None:
    """Refuse to go on where DuckDB saw other lines than Python, or in another order."""
    found = (seen.rows, *seen.elsewhere)
    if found != (spool.lines, *spool.elsewhere):
        wanted = (spool.lines, *spool.elsewhere)
        raise AssertionError(f"the manifest's lines were staged as {found}; wanted {wanted}")
