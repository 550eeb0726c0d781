"""Audits without a request per object: every input is a file, joined out of core by DuckDB.

Stage one cuts each input into buckets by a hash of the source key; stage two joins one bucket of
every input on each of a few threads, so that memory is bounded by the size of a bucket.  What is
finished of either stage is never done again.
"""
