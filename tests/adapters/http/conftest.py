"""Certificates for servers that are asked over TLS."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate authority of our own, and a server that it vouches for."""
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return path, context


@pytest.fixture(params=["plain", "tls"])
def tls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext | None:
    """Whether the server is asked over TLS."""
    if request.param == "plain":
        return None
    found: tuple[Path, ssl.SSLContext] = request.getfixturevalue("certificates")
    path, context = found
    monkeypatch.setenv("AWS_CA_BUNDLE", str(path))
    return context
