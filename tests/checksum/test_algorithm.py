import pytest
from botocore.loaders import create_loader

from intact.checksum import Algorithm, ChecksumType
from intact.errors import UsageError

SHAPES = create_loader().load_service_model("s3", "service-2")["shapes"]
every_algorithm = pytest.mark.parametrize("algorithm", Algorithm)


def test_the_algorithms_are_those_of_s3() -> None:
    assert {algorithm.value for algorithm in Algorithm} == {*SHAPES["ChecksumAlgorithm"]["enum"]}


def test_the_types_are_those_of_s3() -> None:
    assert {kind.value for kind in ChecksumType} == {*SHAPES["ChecksumType"]["enum"]}


def test_every_member_is_one_of_the_responses() -> None:
    members = {algorithm.member for algorithm in Algorithm}
    assert members == {
        name
        for name in SHAPES["HeadObjectOutput"]["members"]
        if name.startswith("Checksum") and name != "ChecksumType"
    }


def test_digests_are_as_long_as_s3_says() -> None:
    assert {algorithm.value: algorithm.digest_size for algorithm in Algorithm} == {
        "CRC32": 4,
        "CRC32C": 4,
        "CRC64NVME": 8,
        "MD5": 16,
        "SHA1": 20,
        "SHA256": 32,
        "SHA512": 64,
        "XXHASH64": 8,
        "XXHASH3": 8,
        "XXHASH128": 16,
    }


def test_only_the_crcs_combine() -> None:
    crcs = {Algorithm.CRC32, Algorithm.CRC32C, Algorithm.CRC64NVME}
    assert {algorithm for algorithm in Algorithm if algorithm.combines} == crcs


@every_algorithm
def test_a_name_is_read_in_any_case(algorithm: Algorithm) -> None:
    assert Algorithm.parse(algorithm.value) is algorithm
    assert Algorithm.parse(algorithm.value.lower()) is algorithm


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [("SHA-256", Algorithm.SHA256), ("CRC64-NVME", Algorithm.CRC64NVME)],
)
def test_the_dashes_of_inventories_are_read(name: str, algorithm: Algorithm) -> None:
    assert Algorithm.parse(name) is algorithm


@pytest.mark.parametrize("name", ["", "CRC64", "SHA384", "ChecksumSHA256", "SHA256 "])
def test_an_unknown_name_is_refused_with_those_that_exist(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name!r}; wanted one of CRC32, .*XXHASH128"):
        Algorithm.parse(name)
