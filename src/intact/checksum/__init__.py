"""What a checksum is: algorithms, digest objects, encodings, combination."""

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
from intact.checksum.algorithm import Algorithm, ChecksumType
from intact.checksum.combine import composite, full_object
from intact.checksum.hasher import Hasher, new
from intact.checksum.kernels import Kernels, kernels
from intact.checksum.parts import CompositeHasher
from intact.checksum.value import Checksum

__all__ = [
    "Algorithm",
    "Checksum",
    "ChecksumType",
    "CompositeHasher",
    "Crc32",
    "Crc32c",
    "Crc64Nvme",
    "Hasher",
    "Kernels",
    "composite",
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
    "full_object",
    "kernels",
    "new",
]
