"""An offline audit from end to end: staged inputs in, segments of a ledger out."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import duckdb

from intact.adapters.files import whole_file
from intact.adapters.offline import joining
from intact.adapters.offline.inputs import Of
from intact.adapters.offline.staging import Stage
from intact.adapters.rows import records
from intact.audit import Copy, Evidence, Finding, Record, Slot, Unreadable, Withheld, decide
from intact.audit.schema import COLUMNS, Type
from intact.batch.manifest import ManifestFormat
from intact.errors import UsageError
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from intact.adapters.offline.inputs import Inputs
    from intact.audit import Policy, Subject

BUCKETS = 32
"""20 million objects in slices of 625,000; measured by benchmarks/bench_offline.py."""
_ASKED = ("source_versions", "destination_versions", "source_parts", "destination_parts")
"""Slots that ``decide`` may ask for, to no avail, where no bytes may be read."""
_TYPES = {
    "string": "VARCHAR",
    "binary": "BLOB",
    "bool": "BOOLEAN",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "timestamp": "TIMESTAMPTZ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What one bucket of the inputs held.

    Attributes:
        rows: Rows of the manifest that could be read.
        duplicates: Rows that name an object that another row names.
        results: Readable rows of the report.
        stray_results: Those that match no row of the manifest.
        sorts: Sorts of rows that were judged.
    """

    rows: int
    duplicates: int
    results: int
    stray_results: int
    sorts: int


class OfflineAudit:
    """Judges every row of a manifest by files alone.

    Use ``segments`` until it ends; what it has finished a later run does not do again.
    """

    def __init__(  # noqa: PLR0913 - keywords all but the first three
        self,
        subject: Subject,
        policy: Policy,
        inputs: Inputs,
        *,
        folder: Path,
        buckets: int = BUCKETS,
        memory_limit: str = "2GB",
        threads: int | None = None,
    ) -> None:
        """Check that the inputs can prove anything.

        Args:
            subject: The copy job.
            policy: The terms.
            inputs: The files.
            folder: Holds what is staged and finished; may hold what an earlier run left.
            buckets: Slices that are joined one by one.
            memory_limit: DuckDB's ``memory_limit``.
            threads: DuckDB's ``threads``; None for one per core.

        Raises:
            UsageError: The manifest is no CSV, or an inventory is older than the copies.
        """
        if subject.format is not ManifestFormat.CSV:
            raise UsageError(f"manifest format is {subject.format.value}; wanted CSV")
        named = policy.versioned
        for listed in inputs.inventories:
            unneeded = named and listed.of is Of.SOURCE
            if not unneeded and (subject.window is None or listed.taken < subject.window.end):
                raise UsageError(
                    f"the {listed.of.value}'s inventory is of {listed.taken.isoformat()}; "
                    "wanted one that was taken after the job had ended"
                )
        self._policy = policy
        self._inputs = inputs
        self._folder = folder
        self._buckets = buckets
        self._copy = subject.operation.destination(ObjectRef(bucket="", key=""))
        self._window = subject.window
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory_limit,
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": False,
            "TimeZone": "UTC",
        }
        if threads is not None:
            config["threads"] = threads
        self._connection = duckdb.connect(config=config)
        self._stage = Stage(folder / "stage", self._connection, buckets=buckets)

    def segments(self) -> Iterator[tuple[Path, Slice]]:
        """Yield a file of ledger rows for each bucket, and what the bucket held.

        Raises:
            FormatError: An input is not what it promises.
        """
        done = self._folder / "slices"
        done.mkdir(exist_ok=True)
        terms = None
        for bucket in range(self._buckets):
            path, note = done / f"{bucket}.parquet", done / f"{bucket}.json"
            if not note.exists():
                terms = terms or self._load()
                found = self._judge(bucket, terms, path)
                with whole_file(note) as file:
                    file.write(json.dumps(asdict(found)).encode())
            yield path, Slice(**json.loads(note.read_bytes()))

    def malformed_rows(self) -> Iterator[Record]:
        """Yield a record for each row of the manifest that could not be read."""
        for row in _lines(self._folder / "stage" / "manifest" / "malformed.jsonl"):
            evidence = Evidence(row=Unreadable(problem=row["problem"]))
            finding = decide(evidence, self._policy)
            if isinstance(finding, Slot):
                raise AssertionError("a malformed row needs no more evidence")
            copy = Copy(row=row["line"], source=None, destination=None, text=row["text"])
            yield Record(copy=copy, evidence=evidence, finding=finding)

    def malformed_results(self) -> int:
        """Rows of the copy job's report that could not be read."""
        files = (self._folder / "stage").glob("report-*/malformed.jsonl")
        return sum(1 for file in files for _ in _lines(file))

    def _load(self) -> joining.Terms:
        stage, inputs = self._stage, self._inputs
        prefix = self._copy.key
        stage.manifest(inputs.manifest, fields=inputs.fields)
        if inputs.report is not None:
            stage.report(inputs.report)
        for number, made in enumerate(inputs.computed):
            theirs = prefix if made.of is Of.DESTINATION else ""
            stage.computed(f"computed{number}", made.parts, prefix=theirs)
        for listed in inputs.inventories:
            theirs = prefix if listed.of is Of.DESTINATION else ""
            stage.inventory(listed.of.value, listed, prefix=theirs)
        window = self._window
        return joining.Terms(
            versioned=self._policy.versioned,
            reported=self._policy.reported,
            has_report=inputs.report is not None,
            malformed_results=self.malformed_results(),
            bucket=self._copy.bucket,
            prefix=prefix,
            window=window and (window.begin - window.skew, window.end + window.skew),
            computed=[
                joining.ComputedSet(table=f"computed{number}", of=made.of, begun=made.begun)
                for number, made in enumerate(inputs.computed)
            ],
            inventories=frozenset(listed.of for listed in inputs.inventories),
        )

    def _judge(self, bucket: int, terms: joining.Terms, path: Path) -> Slice:
        """Join one bucket, judge its sorts, and write its rows."""
        run = self._connection.execute
        duplicates = self._views(bucket, terms)
        query = joining.joined(terms, versions=self._versions)
        self._view("joined", query)
        run(
            "CREATE OR REPLACE TEMP TABLE findings (sort VARCHAR, verdict VARCHAR, reason VARCHAR, "
            "level VARCHAR, " + ", ".join(f"{slot} BOOLEAN" for slot in _ASKED) + ")"
        )
        run(
            "CREATE OR REPLACE TEMP TABLE chosen AS "
            "SELECT sort, min(row) AS row, count(*) AS rows FROM joined GROUP BY sort"
        )
        rows = self._number("SELECT coalesce(sum(rows), 0) FROM chosen")
        if rows != self._number("SELECT count(*) FROM rows"):
            raise AssertionError("a join made rows or lost some")
        sorts = self._decide_sorts()
        partial = path.with_suffix(".partial")
        run(
            f"COPY (SELECT {_select(judged=True)} FROM joined JOIN findings AS f USING (sort)) "
            f"TO {joining.quoted(str(partial))} (FORMAT parquet)"
        )
        results = stray = 0
        if terms.has_report:
            results = self._number("SELECT count(*) FROM results")
            stray = self._number("SELECT count(*) FROM results ANTI JOIN (SELECT bucket, key, coalesce(version, '') AS version FROM rows) USING (bucket, key, version)")
        partial.replace(path)
        return Slice(
            rows=rows, duplicates=duplicates, results=results, stray_results=stray, sorts=sorts
        )

    def _decide_sorts(self) -> int:
        """Judge one row of each sort, by its evidence as the ledger will hold it."""
        query = (
            f"SELECT joined.sort, {_select(judged=False)} FROM joined JOIN chosen "  # noqa: S608 - as above
            "ON joined.row = chosen.row AND joined.sort = chosen.sort"
        )
        reader = self._connection.sql(query).to_arrow_reader(10_000)
        judged = []
        for batch in reader:
            sorts = batch.column(0).to_pylist()
            found = records(batch.drop_columns(["sort"]))
            for sort, record in zip(sorts, found, strict=True):
                finding, asked = self._decide(record.evidence)
                judged.append(
                    (sort, finding.verdict.value, finding.reason.value, finding.level.name.lower())
                    + tuple(slot in asked for slot in _ASKED)
                )
        marks = ", ".join("?" * (4 + len(_ASKED)))
        self._connection.executemany(f"INSERT INTO findings VALUES ({marks})", judged)  # noqa: S608 - as above
        return len(judged)

    def _decide(self, evidence: Evidence) -> tuple[Finding, set[str]]:
        asked: set[str] = set()
        while isinstance(step := decide(evidence, self._policy), Slot):
            asked.add(step.value)
            answer: dict[str, Any] = {step.value: Withheld(terms=joining.OFFLINE)}
            evidence = replace(evidence, **answer)
        return step, asked

    def _views(self, bucket: int, terms: joining.Terms) -> int:
        """Name one bucket of every input; return how many rows of the manifest repeat another."""
        run = self._connection.execute
        run(
            "CREATE OR REPLACE TEMP TABLE named AS SELECT line, bucket, key, version "  # noqa: S608 - as above
            f"FROM {self._files('manifest', bucket)} WHERE odd IS NULL"
        )
        objects = "count(DISTINCT (bucket, key, version))"
        duplicates = self._number(f"SELECT count(*) - {objects} FROM named")  # noqa: S608 - as above
        several = self._number(f"SELECT {objects} - count(DISTINCT key) FROM named")  # noqa: S608 - as above
        shared = "false"
        if several:
            shared = (
                "key IN (SELECT key FROM named GROUP BY key "
                "HAVING count(DISTINCT (bucket, version)) > 1)"
            )
        run(f"CREATE OR REPLACE TEMP VIEW rows AS SELECT *, {shared} AS shared FROM named")
        self._versions = frozenset[str]()
        if terms.has_report:
            self._view("results", f"SELECT * FROM {self._files('report-*', bucket)}")  # noqa: S608 - as above
            by = "bucket, key, version"
            self._view("tasks", joining.tasks("results", unique=self._unique("results", by)))
        for made in terms.computed:
            source = f"staged_{made.table}"
            mine = f"AND bucket = {joining.quoted(terms.bucket)}" if made.of is Of.DESTINATION else ""
            self._view(
                source,
                f"SELECT * FROM {self._files(f'{made.table}-*', bucket)} "  # noqa: S608 - as above
                f"WHERE digest IS NOT NULL AND key IS NOT NULL {mine}",
            )
            by = self._by(made.table, source, versioned=terms.versioned and made.of is Of.SOURCE, plain="''")
            self._view(
                made.table, joining.computed(source, made, by=by, unique=self._unique(source, by))
            )
        for of in terms.inventories:
            source = f"staged_{of.value}"
            versioned = terms.versioned and of is Of.SOURCE
            current = "true" if versioned else "latest"
            self._view(source, f"SELECT * FROM {self._files(of.value, bucket)} WHERE key IS NOT NULL AND {current}")  # noqa: S608 - as above
            by = self._by(of.value, source, versioned=versioned, plain="NULL")
            self._view(of.value, joining.objects(source, by=by, unique=self._unique(source, by)))
        return duplicates

    def _by(self, table: str, source: str, *, versioned: bool, plain: str) -> str:
        """Columns that name an object in an input that is joined with the manifest."""
        named = f"SELECT count(*) FROM {source} WHERE version IS DISTINCT FROM {plain}"  # noqa: S608 - as above
        if versioned and self._number(named):
            self._versions |= {table}
            return "bucket, key, version"
        return "bucket, key"

    def _unique(self, source: str, by: str) -> bool:
        return not self._number(f"SELECT count(*) - count(DISTINCT hash({by})) FROM {source}")  # noqa: S608 - as above

    def _view(self, name: str, query: str) -> None:
        self._connection.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {query}')

    def _files(self, name: str, bucket: int) -> str:
        """Rows of one bucket of an input; of none, where nothing fell into the bucket."""
        folder = self._folder / "stage"
        found = sorted(map(str, folder.glob(f"{name}/*/slice={bucket}/*.parquet")))
        if not found:
            found = sorted(map(str, folder.glob(f"{name}/*/slice=*/*.parquet")))[:1]
            return f"(FROM read_parquet({found}) WHERE false)"
        return f"read_parquet({found}, union_by_name = true)"

    def _number(self, query: str) -> int:
        row = self._connection.execute(query).fetchone()
        return int(row[0]) if row else 0


def _select(*, judged: bool) -> str:
    """The ledger's columns, from ``joined`` and, where they are judged, from ``findings AS f``."""
    given = {
        name: name
        for name in (
            "row",
            "source",
            "destination",
            "shared",
            "task",
            "source_computed",
            "destination_computed",
            "source_object",
            "destination_object",
        )
    }
    given["row"] = "joined.row"
    if judged:
        given |= {name: f"f.{name}" for name in ("verdict", "reason", "level")}
        withheld = f"struct_pack(withheld := {joining.quoted(joining.OFFLINE)})"
        given |= {slot: f"CASE WHEN f.{slot} THEN {withheld} END" for slot in _ASKED}
    else:
        given |= {"verdict": "'unchecked'", "reason": "'row_unreadable'", "level": "'none'"}
    return ", ".join(
        f"({given.get(name, 'NULL')})::{sql_type(kind)} AS {name}" for name, kind in COLUMNS.items()
    )


def sql_type(kind: Type) -> str:
    """Write a column's type in DuckDB's words."""
    if isinstance(kind, str):
        return _TYPES[kind]
    if isinstance(kind, list):
        return f"{sql_type(kind[0])}[]"
    return "STRUCT(" + ", ".join(f'"{n}" {sql_type(k)}' for n, k in kind.items()) + ")"


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    if path.exists():
        with path.open() as file:
            yield from map(json.loads, file)
