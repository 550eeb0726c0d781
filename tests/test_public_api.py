"""The public names; a change here is a change of the interface."""

import subprocess
import sys

import pytest

import intact
import intact.adapters
import intact.audit
import intact.render
import intact.s3


def test_the_public_names_are_these() -> None:
    assert intact.__all__ == [
        "Crc32",
        "Crc32c",
        "Crc64Nvme",
        "buffer_digest",
        "crc32",
        "crc32_combine",
        "crc32_combine_many",
        "crc32_many",
        "crc32c",
        "crc32c_combine",
        "crc32c_combine_many",
        "crc32c_many",
        "crc64nvme",
        "crc64nvme_combine",
        "crc64nvme_combine_many",
        "crc64nvme_many",
        "file_digest",
        "file_digests",
        "kernels",
        "new",
    ]
    assert intact.render.__all__ == ["Audit"]
    assert intact.s3.__all__ == [
        "ObjectFacts",
        "ObjectRef",
        "PartList",
        "decode_key",
        "encode_key",
    ]
    assert intact.adapters.__all__ == [
        "Asking",
        "Audit",
        "Audited",
        "Client",
        "Download",
        "DownloadStream",
        "Proof",
        "ReadTerms",
        "Upload",
        "audit_copies",
        "audit_job",
        "download",
        "download_bytes",
        "register_checksums",
        "unregister_checksums",
        "upload",
    ]
    assert intact.audit.__all__ == [
        "Absent",
        "BytesRead",
        "Computed",
        "Copy",
        "Counts",
        "Evidence",
        "Expected",
        "Finding",
        "Level",
        "Policy",
        "ReadMode",
        "Reason",
        "Record",
        "Slot",
        "Subject",
        "Summary",
        "Unreadable",
        "Verdict",
        "Window",
        "Withheld",
        "decide",
    ]


def test_every_public_name_exists_and_is_documented() -> None:
    for module in (intact, intact.adapters, intact.audit, intact.render, intact.s3):
        undocumented = [name for name in module.__all__ if not getattr(module, name).__doc__]
        assert undocumented == []


def test_the_package_imports_without_what_only_some_need() -> None:
    heavy = ["asyncio", "boto3", "botocore", "click", "duckdb", "rich", "ssl", "tempfile"]
    code = f"import sys, intact; print(sorted(set({heavy}) & set(sys.modules)))"
    result = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


def test_checksums_import_nothing_that_takes_its_time() -> None:
    heavy = ["ast", "dataclasses", "enum", "inspect", "re", "threading", "typing", "xxhash"]
    code = f"import sys, intact; print(sorted(set({heavy}) & set(sys.modules)))"
    result = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "[]\n"


def test_the_package_has_no_names_but_its_own() -> None:
    assert set(intact.__all__) <= set(dir(intact))
    with pytest.raises(AttributeError, match="module 'intact' has no attribute 'crc16'"):
        getattr(intact, "crc" + "16")
