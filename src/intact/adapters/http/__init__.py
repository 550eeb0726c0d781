"""The lean HTTP path to S3: plain answers at a fraction of boto3's cost, all others through boto3.

botocore owns credentials, endpoints, configuration, retries and redirects.  ``route`` learns from
it what it would send for a bucket and takes over only where it can reproduce that to the byte,
signature included; ``answer`` accepts only what is beyond doubt.  Whatever else happens, the
object is asked for once more through botocore, whose word is final.
"""

from intact.adapters.http.store import LeanStore, lean_store

__all__ = ["LeanStore", "lean_store"]
