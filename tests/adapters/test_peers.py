"""Whoever is installed agrees with us; whoever is not is named."""

from __future__ import annotations

import sys
from operator import attrgetter
from types import ModuleType

import pytest

from intact import _native
from intact.adapters.peers import PEERS, PUBLIC, Contender, Kind, Peer, Why, own, roster
from intact.checksum import Algorithm, new
from intact.checksum.encoding import crc_of

VECTORS = [b"", b"123456789", bytes(range(256)) * 5, b"\xff" * 70_001]
CHECKS = {
    Algorithm.CRC64NVME: 0xAE8B14860A799888,
    Algorithm.CRC32: 0xCBF43926,
    Algorithm.CRC32C: 0xE3069283,
}
"""CRCs of "123456789" in the catalogue of parametrised CRC algorithms."""
ABSENT = Peer(name="absent", module="intact_absent", functions={})


def value(contender: Contender, data: bytes) -> int:
    result = contender.function(data)
    return crc_of(result) if isinstance(result, bytes) else result


@pytest.mark.parametrize("peer", PEERS, ids=attrgetter("name"))
def test_each_installed_peer_agrees_with_us(peer: Peer) -> None:
    here = roster([peer])
    if not here.contenders:
        pytest.skip(f"{peer.name}: {here.left_out[0].why.value}")
    assert here.versions[peer.name]
    for contender in here.contenders:
        for data in VECTORS:
            assert value(contender, data) == crc_of(new(contender.algorithm, data).digest())


@pytest.mark.parametrize("algorithm", PUBLIC)
def test_our_own_contenders_are_the_public_function_and_every_usable_kernel(
    algorithm: Algorithm,
) -> None:
    contenders = own(algorithm)
    usable = [name for name, usable in _native.kernels() if usable]
    assert [one.name for one in contenders] == ["intact", *usable]
    assert {value(one, b"123456789") for one in contenders} == {CHECKS[algorithm]}


def test_the_standard_library_and_our_dependencies_are_always_there() -> None:
    names = {contender.name for contender in roster().contenders}
    assert {"zlib", "xxhash xxhash3", "hashlib sha256"} <= names


def test_every_row_of_the_table_is_either_there_or_named() -> None:
    everyone = roster()
    here = {contender.name.split()[0] for contender in everyone.contenders}
    gone = {left.name for left in everyone.left_out}
    assert here | gone == {peer.name for peer in PEERS}


def test_a_missing_peer_is_named_and_hides_nobody() -> None:
    found = roster([ABSENT, *PEERS])
    assert found.left_out[0].name == "absent"
    assert found.left_out[0].why is Why.NOT_INSTALLED
    assert found.contenders


def test_a_release_without_the_function_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "intact_old", ModuleType("intact_old"))
    old = Peer(
        name="old",
        module="intact_old",
        functions={Algorithm.CRC32: attrgetter("crc32")},
        version=lambda _: "0",
    )
    found = roster([old])
    assert not found.contenders
    assert [left.why for left in found.left_out] == [Why.NO_FUNCTION]


def test_a_broken_peer_is_named() -> None:
    def fail(module: ModuleType) -> str:
        raise RuntimeError(module.__name__)

    found = roster([Peer(name="broken", module="zlib", functions={}, version=fail)])
    assert [left.why for left in found.left_out] == [Why.BROKEN]


def test_only_the_three_crcs_are_peers_and_the_rest_are_anchors() -> None:
    for contender in roster().contenders:
        assert (contender.kind is Kind.PEER) == (contender.algorithm in PUBLIC)
