"""Proves that S3 copies are byte-for-byte right, object by object, with the evidence.

Checksums are here; the audit is in ``intact.audit``, what S3 says in ``intact.s3``, batch jobs in
``intact.batch``, and everything that touches network, disk or clock in ``intact.adapters``.
"""

from intact.adapters.local import file_digest, file_digests
from intact.adapters.parallel import buffer_digest
from intact.checksum import (
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
    kernels,
    new,
)

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
