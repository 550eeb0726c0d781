"""The audit as a Spark job: the same files, the same join, the same rules, on many machines.

Tasks of three kinds, each a function from what it is given to what it yields, so that a task that
is tried again, or twice at once, changes nothing: one cuts an input into pieces by a hash of the
source key (``cutting``), one joins and judges all pieces of a hash and cuts its findings by their
rows (``judging``), one makes a segment of a ledger of all findings of a stretch of rows.  The
driver counts what came back against what went out, and seals.  Only ``job`` knows Spark.
"""
