"""Signatures of ledgers: Ed25519, by the optional package ``cryptography``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from intact.audit.ledger import Signature
from intact.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

Signer = Callable[[bytes], Signature]


def signer(path: Path) -> Signer:
    """Read a private key and return what signs with it.

    Raises:
        UsageError: The file holds no Ed25519 private key without passphrase, as PEM.
        OSError: The file cannot be read.
    """
    serialization, ed25519, _ = _cryptography()
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{path}: no private key ({error})") from None
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise UsageError(f"{path}: is another kind of key; wanted an Ed25519 private key")
    private: Ed25519PrivateKey = key

    def sign(statement: bytes) -> Signature:
        public = private.public_key().public_bytes_raw().hex()
        return Signature(public_key=public, value=private.sign(statement).hex())

    return sign


def public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key.

    Raises:
        UsageError: The file holds no Ed25519 public key, as PEM.
        OSError: The file cannot be read.
    """
    serialization, ed25519, _ = _cryptography()
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except ValueError as error:
        raise UsageError(f"{path}: no public key ({error})") from None
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise UsageError(f"{path}: is another kind of key; wanted an Ed25519 public key")
    public: Ed25519PublicKey = key
    return public


def signed(key: Ed25519PublicKey, signature: Signature, statement: bytes) -> bool:
    """Whether that key made the signature."""
    _, _, invalid = _cryptography()
    try:
        key.verify(bytes.fromhex(signature.value), statement)
    except (invalid, ValueError):
        return False
    return True


def _cryptography() -> tuple[Any, Any, type[Exception]]:
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - optional
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - optional
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - optional
    except ImportError:
        raise UsageError("signatures need cryptography: pip install cryptography") from None
    return serialization, ed25519, InvalidSignature
