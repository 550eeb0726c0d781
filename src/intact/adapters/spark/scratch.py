"""The folder of a run below ``--work``, wherever Spark can write: on a disk, in S3, in HDFS."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def own_folder(work: str) -> str:
    """Name a folder that is this run's alone."""
    return f"{work.rstrip('/')}/intact-{uuid4().hex}"


def remove(spark: SparkSession, folder: str) -> str | None:
    """Remove a run's folder, as Spark itself would; return why it is still there, if it is."""
    try:
        jvm, java = spark.sparkContext._jvm, spark.sparkContext._jsc  # noqa: SLF001 - no public way to Hadoop
        place = jvm.org.apache.hadoop.fs.Path(folder)
        files = place.getFileSystem(java.hadoopConfiguration())
        files.delete(place, True)  # noqa: FBT003 - Hadoop's
        left = files.exists(place)  # since some file systems only answer that they did not
    except Exception as error:  # noqa: BLE001 - the ledger is sealed; whatever it is, it is said
        return f"{folder} could not be removed: {str(error).splitlines()[0]}"
    return f"{folder} could not be removed" if left else None
