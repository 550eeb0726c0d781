"""The effects: network, disk, clock, engines.

What moves objects is public here; it is imported when it is first asked for, since boto3 is heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intact.adapters.delivery import Download
    from intact.adapters.downloading import DownloadStream, download, download_bytes
    from intact.adapters.proof import Proof
    from intact.adapters.registration import register_checksums, unregister_checksums
    from intact.adapters.sending import Upload
    from intact.adapters.uploading import upload

__all__ = [
    "Download",
    "DownloadStream",
    "Proof",
    "Upload",
    "download",
    "download_bytes",
    "register_checksums",
    "unregister_checksums",
    "upload",
]

_HOMES = {
    "Download": "delivery",
    "DownloadStream": "downloading",
    "Proof": "proof",
    "Upload": "sending",
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
