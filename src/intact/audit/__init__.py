"""What the evidence proves: types, rules, ledger.  Pure; ``intact.adapters`` fetches."""

from intact.audit.decide import decide
from intact.audit.evidence import (
    Absent,
    BytesRead,
    Computed,
    Evidence,
    Expected,
    Slot,
    Unreadable,
    Withheld,
)
from intact.audit.policy import Policy, ReadMode, Window
from intact.audit.record import Copy, Record
from intact.audit.subject import Subject
from intact.audit.summary import Counts, Summary
from intact.audit.verdict import Finding, Level, Reason, Verdict

__all__ = [
    "Absent",
    "BytesRead",
    "Computed",
    "Copy",
    "Counts",
    "Evidence",
    "Expected",
    "Finding",
    "Level",
    "Policy",
    "ReadMode",
    "Reason",
    "Record",
    "Slot",
    "Subject",
    "Summary",
    "Unreadable",
    "Verdict",
    "Window",
    "Withheld",
    "decide",
]
