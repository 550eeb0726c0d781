"""The effects: network, disk, clock, engines.

What moves and audits objects is public here; it is imported when it is first asked for, since
boto3 is heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intact.adapters.clients import Asking, Client
    from intact.adapters.delivery import Download
    from intact.adapters.downloading import DownloadStream, download, download_bytes
    from intact.adapters.pipeline import Audit, Audited, audit_copies, audit_job
    from intact.adapters.proof import Proof
    from intact.adapters.registration import register_checksums, unregister_checksums
    from intact.adapters.sending import Upload
    from intact.adapters.terms import ReadTerms
    from intact.adapters.uploading import upload

__all__ = [
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

_HOMES = {
    "Asking": "clients",
    "Audit": "pipeline",
    "Audited": "pipeline",
    "Client": "clients",
    "Download": "delivery",
    "DownloadStream": "downloading",
    "Proof": "proof",
    "ReadTerms": "terms",
    "Upload": "sending",
    "audit_copies": "pipeline",
    "audit_job": "pipeline",
    "download": "downloading",
    "download_bytes": "downloading",
    "register_checksums": "registration",
    "unregister_checksums": "registration",
    "upload": "uploading",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
