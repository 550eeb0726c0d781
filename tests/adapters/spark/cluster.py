"""A cluster of one process, for what the tasks of a distributed audit do to one another's work."""

from __future__ import annotations

import pickle
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from intact.adapters.ledger import LedgerReader
from intact.adapters.spark.inputs import ComputedSource, InventorySource, Source, Sources
from intact.adapters.spark.job import SparkAudit
from intact.adapters.verify import contradictions
from intact.audit.ledger import Header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from pyspark.sql import SparkSession

    from intact.adapters.offline.inputs import Inputs
    from tests.adapters.offline.worlds import World

Row = dict[str, Any]
BINARY = "binary"


def sources(inputs: Inputs) -> Sources:
    """The same files, by their names."""

    def parts(paths: Iterable[Path]) -> list[Source]:
        return [Source(path=str(path)) for path in paths]

    return Sources(
        manifest=Source(path=str(inputs.manifest)),
        fields=inputs.fields,
        report=None if inputs.report is None else parts(inputs.report),
        computed=[
            ComputedSource(parts=parts(made.parts), written=made.written, begun=made.begun)
            for made in inputs.computed
        ],
        inventories=[
            InventorySource(
                of=listed.of,
                taken=listed.taken,
                parts=parts(listed.parts),
                schema=listed.schema,
                file_format=listed.file_format,
            )
            for listed in inputs.inventories
        ],
    )


@dataclass
class Frame:
    """As much of a DataFrame as the driver uses."""

    cluster: Cluster
    parts: list[list[Row]]
    files: tuple[str, ...] = ()

    def inputFiles(self) -> list[str]:  # noqa: N802 - Spark's name
        return list(map(quote, self.files))

    def select(self, name: str) -> Frame:
        return Frame(self.cluster, [[{name: row[name]} for row in self.rows()]])

    def rows(self) -> list[Row]:
        return [row for part in self.parts for row in part]

    def where(self, condition: str) -> Frame:
        name, sign, value = condition.split()
        wanted = sign == "="
        kept = [row for row in self.rows() if (row[name] == int(value)) == wanted]
        return Frame(self.cluster, [kept], self.files)

    def repartition(self, number: int, name: str) -> Frame:
        parts: list[list[Row]] = [[] for _ in range(number)]
        for row in self.rows():
            parts[hash(row[name]) % 3 % number].append(row)  # several to a task
        return Frame(self.cluster, parts)

    def repartitionByRange(self, _number: int, name: str) -> Frame:  # noqa: N802 - Spark's name
        return Frame(self.cluster, [[row] for row in sorted(self.rows(), key=lambda r: r[name])])

    def mapInArrow(  # noqa: N802 - Spark's name
        self, work: Callable[..., Iterator[pa.RecordBatch]], _schema: str
    ) -> Frame:
        work = pickle.loads(pickle.dumps(work))  # noqa: S301 - our own, as Spark sends it
        parts = []
        for part in self.parts:
            batches = pa.Table.from_pylist(part).to_batches(max_chunksize=2)
            parts.append([row for batch in work(iter(batches)) for row in batch.to_pylist()])
        return Frame(self.cluster, parts)

    def collect(self) -> list[Row]:
        return self.rows()

    @property
    def write(self) -> Frame:
        return self

    def option(self, _name: str, _value: str) -> Frame:
        return self

    def parquet(self, path: str) -> None:
        kept = self.rows()
        self.cluster.files[path] = kept + kept if self.cluster.twice else kept


class Cluster:
    """As much of a SparkSession as the driver uses; whatever is written may be there twice."""

    def __init__(self, *, twice: bool) -> None:
        self.twice = twice
        self.files: dict[str, list[Row]] = {}
        self.set: dict[str, str] = {}
        self.sparkContext = Context(self)

    @property
    def conf(self) -> object:
        class Conf:
            get = self.set.get
            set = self.set.__setitem__
            unset = self.set.__delitem__

        return Conf

    def createDataFrame(self, rows: Sequence[tuple[int, bytes]], _schema: str) -> Frame:  # noqa: N802
        return Frame(self, [[{"place": place, "task": task} for place, task in rows]])

    @property
    def read(self) -> Cluster:
        return self

    def schema(self, _schema: str) -> Cluster:
        return self

    def parquet(self, *paths: str) -> Frame:
        return Frame(self, [self.files[path] for path in paths], paths)


class Context:
    """As much of Hadoop as it takes to remove a folder."""

    def __init__(self, cluster: Cluster, *, kind: type[Place] | None = None) -> None:
        hadoop = SimpleNamespace(fs=SimpleNamespace(Path=partial(kind or Place, cluster)))
        apache = SimpleNamespace(apache=SimpleNamespace(hadoop=hadoop))
        self._jvm = SimpleNamespace(org=apache)
        self._jsc = SimpleNamespace(hadoopConfiguration=lambda: None)


@dataclass
class Place:
    """A path, and the file system that it is in."""

    cluster: Cluster
    path: str

    def getFileSystem(self, _configuration: None) -> Place:  # noqa: N802 - Hadoop's name
        return self

    def delete(self, place: Place, _recursive: bool) -> None:  # noqa: FBT001 - Hadoop's
        for path in list(self.cluster.files):
            if path.startswith(f"{place.path}/"):
                del self.cluster.files[path]

    def exists(self, place: Place) -> bool:
        return any(path.startswith(f"{place.path}/") for path in self.cluster.files)


def header(known: World) -> Header:
    return Header(
        policy=known.policy,
        subject=known.subject.name,
        created=datetime(2026, 11, 22, tzinfo=UTC),
        intact="0",
    )


def audited(  # noqa: PLR0913 - keywords
    known: World,
    ledger: Path,
    *,
    spark: SparkSession | None = None,
    work: str = "the work",
    each: int | None = 3000,
    twice: bool = False,
    kind: type[SparkAudit] = SparkAudit,
    **terms: Any,  # noqa: ANN401 - of SparkAudit
) -> tuple[list[Row], Row]:
    """Rows and counts of the ledger that a distributed audit writes."""
    left = kind(
        spark=spark or cast("SparkSession", Cluster(twice=twice)),
        subject=known.subject,
        policy=known.policy,
        sources=sources(known.inputs),
        work=work,
        **({"buckets": 4, "each": each} | terms),
    ).run(ledger, header(known))
    assert left is None, left
    reader = LedgerReader(ledger)
    assert not list(contradictions(reader))
    tables = [pq.ParquetFile(file).read() for file in reader.files()]
    rows = pa.concat_tables(tables).to_pylist() if tables else []
    return rows, asdict(reader.counts)
