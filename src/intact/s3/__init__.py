"""What S3 says, as values; no client, no sockets."""

from intact.s3.names import ObjectRef, decode_key, encode_key
from intact.s3.objects import ObjectFacts, PartList

__all__ = ["ObjectFacts", "ObjectRef", "PartList", "decode_key", "encode_key"]
