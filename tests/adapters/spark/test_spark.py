"""The distributed audit on a Spark of two threads."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from tests.adapters.offline.worlds import world
from tests.adapters.spark.cluster import audited

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pyspark.sql import SparkSession

if shutil.which("java") is None:
    pytest.skip("Spark needs Java", allow_module_level=True)
pytestmark = pytest.mark.filterwarnings(  # py4j leaves its sockets to the collector
    "ignore:unclosed:ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
    "ignore:distutils Version classes:DeprecationWarning",  # PySpark 3.5 reads versions by them
)
sql = pytest.importorskip("pyspark.sql")


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)  # PySpark 3.5 takes python3 of PATH
        found = (
            sql.SparkSession.builder.master("local[2,4]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate()
        )
        yield found
        found.stop()


def test_spark_finds_what_one_machine_finds(tmp_path: Path, spark: SparkSession) -> None:
    known = world(tmp_path, 3)
    alone = audited(known, tmp_path / "alone")
    assert audited(known, tmp_path / "ledger", spark=spark, work=str(tmp_path / "work")) == alone
