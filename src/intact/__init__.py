"""Proves that S3 copies are byte-for-byte right, object by object, with the evidence.

Checksums are here; the audit is in ``intact.audit``, what S3 says in ``intact.s3``, batch jobs in
``intact.batch``, and everything that touches network, disk or clock in ``intact.adapters``.
"""

from intact._native import (
    Crc32,
    Crc32c,
    Crc64Nvme,
    crc32,
    crc32_combine,
    crc32_combine_many,
    crc32_many,
    crc32c,
    crc32c_combine,
    crc32c_combine_many,
    crc32c_many,
    crc64nvme,
    crc64nvme_combine,
    crc64nvme_combine_many,
    crc64nvme_many,
)

TYPE_CHECKING = False  # as the one of typing, whose import takes longer than all else here
if TYPE_CHECKING:
    from intact.adapters.local import file_digest, file_digests
    from intact.adapters.parallel import buffer_digest
    from intact.checksum.hasher import new
    from intact.checksum.kernels import kernels
else:

    def __getattr__(name):  # noqa: ANN001, ANN202 - PEP 562
        """Import what only some need, and most not at once, when it is asked for."""
        homes = {
            "buffer_digest": "intact.adapters.parallel",
            "file_digest": "intact.adapters.local",
            "file_digests": "intact.adapters.local",
            "kernels": "intact.checksum",
            "new": "intact.checksum",
        }
        if name not in homes:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module  # noqa: PLC0415 - as all that it imports

        value = globals()[name] = getattr(import_module(homes[name]), name)
        return value


__all__ = [
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


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
