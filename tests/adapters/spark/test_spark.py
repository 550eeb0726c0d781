"""The distributed audit on a Spark of two threads."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from intact.adapters.spark.scratch import remove
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
    work = tmp_path / "work"
    (work / "intact-other").mkdir(parents=True)
    (work / "mine").touch()
    assert audited(known, tmp_path / "ledger", spark=spark, work=str(work)) == alone
    assert {path.name for path in work.iterdir()} == {"intact-other", "mine"}
    again = audited(
        known, tmp_path / "again", spark=spark, work=work.as_uri(), keep=True, each=None
    )
    assert again == alone
    [kept] = work.glob("intact-*[0-9a-f]*/segments/_SUCCESS")
    removed = remove(spark, kept.parent.parent.as_uri())
    assert removed is None
    assert {path.name for path in work.iterdir()} == {"intact-other", "mine"}


def test_a_folder_of_no_file_system_is_told(spark: SparkSession) -> None:
    told = remove(spark, "nothing://there/work/intact-1")
    assert told is not None
    assert told.startswith("nothing://there/work/intact-1 could not be removed: ")
    assert "\n" not in told
