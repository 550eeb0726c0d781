"""What the records of ``--json`` hold: the one description, which the site shows and tests hold.

``RECORDS[command][kind][member]`` is a type, a colon and a sentence.  The types are JSON's: text,
integer, number, boolean, list, object.  A question mark behind one says that the member may be
null or not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

Members = dict[str, str]

EVERY: Final[Mapping[str, Members]] = {
    "failure": {
        "error": "text: What ended the command, in a sentence.",
        "advice": "list: What to do about it, line by line.",
    },
    "summary": {"exit_code": "integer: How the command ended."},
}
"""Records of every command: the first where it failed, the second always, as the last."""

_CHECKSUMS = "list: Each with algorithm, type, checksum in base64, hex, and parts or null."
_OBJECT: Members = {
    "bucket": "text: Of the object.",
    "key": "text: Of the object, decoded.",
    "version_id": "text?: Of the object, in a bucket with versions.",
    "file": "text: The file; - for standard input.",
    "size": "integer: Bytes.",
    "checksums": _CHECKSUMS,
}
_COPIES: Members = {
    "verdicts": "object: Rows by verdict.",
    "reasons": "object: Rows by reason.",
    "levels": "object: Rows by level of evidence.",
    "rows": "integer: Rows of the ledger.",
    "manifest_rows": "integer: Rows of the manifest.",
    "verified_bytes": "integer: Bytes of the verified copies.",
    "imbalances": "list: What does not add up, in sentences.",
    "notes": "list: What else is to be known, in sentences.",
}
_FILE: Members = {"kind": "text: What it is.", "path": "text: Where it is."}
_FINDING: Members = {
    "row": "integer: Row of the manifest, from 1.",
    "verdict": "text: One of the verdicts.",
    "reason": "text: One of the reasons.",
    "level": "text: One of the levels of evidence.",
    "explanation": "text: The reason in a sentence.",
    "remedy": "text: What to do.",
    "problem": "text?: Why an answer is lacking.",
    **{
        f"{side}_{name}": text.format(whose)
        for side, whose in (("source", "the source"), ("destination", "the copy"))
        for name, text in {
            "bucket": "text?: Bucket of {}.",
            "key": "text?: Key of {}, decoded.",
            "version": "text?: Version of {}.",
            "size": "integer?: Bytes of {}.",
            "modified": "text?: When {} was last modified.",
            "etag": "text?: ETag of {}.",
            "checksums": "text?: What S3 stores of {}, as ALGORITHM:TYPE:BASE64, apart by spaces.",
        }.items()
    },
    "task_status": "text?: What the job says of its task.",
    "task_http_status": "integer?: The same, as HTTP has it.",
    "task_error_code": "text?: Code of the task's failure.",
    "task_message": "text?: Words of the task's failure.",
    "row_text": "text?: A row that could not be read, as it stands.",
}
_LEDGER: dict[str, Members] = {
    "header": {
        "ledger": "text: Its folder.",
        "subject": "text: What was audited.",
        "created": "text: When the audit began.",
        "audited_by": "text: Version of intact that audited.",
        "reported_by": "text: Version of intact that writes this.",
        "read": "text: When bytes were read.",
        "require": "text: Weakest level that was accepted.",
        "endpoint_url": "text?: Address of the S3 server; null for AWS.",
        "header_sha256": "text: SHA-256 of the header.",
        "root": "text: SHA-256 that the ledger's chain ends in.",
    },
    "finding": _FINDING,
    "summary": _COPIES,
}
_POLICY: dict[str, Members] = {
    "policy": {
        "format": "text: json, terraform or cloudformation.",
        "document": "object: What the command prints without --json.",
    }
}
_ASKED: dict[str, Members] = {
    "asked": {
        "account_id": "text: Account of the job.",
        "job_id": "text: The job.",
        "asked": "text: What S3 Control was asked, and took.",
    }
}
_PROBLEM: Members = {
    "rule": "text: Name of the rule.",
    "where": "text: Path of the member.",
    "got": "text: What stands there.",
    "wanted": "text: What should.",
    "source": "text: Who says so.",
    "warning": "boolean: Whether S3 may take it all the same.",
}
_PROBLEMS: dict[str, Members] = {
    "problem": _PROBLEM,
    "summary": {
        "errors": "integer: Problems that S3 would refuse, or that do harm.",
        "warnings": "integer: The others.",
    },
}
_PRICES: Members = {
    "date": "text: When they were true.",
    "region": "text: Where.",
    "currency": "text: Of every amount.",
}
_BILL: Members = {
    "bill": "text: What is paid for: the job, a level of proof, the file of a job.",
    "total": "text?: The sum, as a decimal number; null where a price is not known.",
    "lines": "list: Each with item, count, and amount or null.",
}
_STATE: Members = {
    "job_id": "text: The job.",
    "status": "text: Where it stands, in S3 Control's words.",
    "total": "integer: Tasks; 0 before the manifest was read.",
    "succeeded": "integer: Tasks that succeeded.",
    "failed": "integer: Tasks that failed.",
    "created": "text: When it was created.",
    "terminated": "text?: When it ended.",
}

RECORDS: Final[Mapping[str, Mapping[str, Members]]] = {
    "audit": {
        **_LEDGER,
        "file": _FILE,
        "contradiction": {
            "row": "integer: With --replay: row of the manifest.",
            "ledger": "text: Verdict and reason that the ledger holds.",
            "evidence": "text: Those that follow from its evidence.",
        },
        "summary": {
            **_COPIES,
            "records": "integer: With --replay: verdicts that were computed again.",
            "contradictions": "integer: With --replay: those that do not follow.",
        },
    },
    "bench": {
        "machine": {
            "cpu": "text: Its name.",
            "cores": "integer: Logical processors that may be used.",
            "features": "list: Instruction sets.",
            "architecture": "text: Of the processor.",
            "system": "text: The operating system.",
            "python": "text: The interpreter.",
            "compiler": "text?: What built the extension module.",
            "kernel": "text: The CRC64NVME kernel in use.",
            "versions": "object: Versions of whom is raced, by name.",
        },
        "timing": {
            "name": "text: The contender.",
            "kind": "text: public, kernel, peer or anchor.",
            "algorithm": "text: What it computes.",
            "size": "integer: Bytes of the buffer.",
            "turns": "integer: How often it was timed.",
            "median_ns": "number: Nanoseconds of a call.",
            "spread": "number: Half the distance of the quartiles, over the median.",
            "bytes_per_second": "integer: Throughput.",
        },
        "left_out": {
            "name": "text: Who was not timed.",
            "why": "text: Why.",
            "detail": "text: More of it.",
            "algorithm": "text?: In which race; in all without.",
            "size": "integer?: From which size on; at all without.",
        },
    },
    "copy": {
        "results": {
            "status": "text: succeeded or failed.",
            "rows": "integer: Objects.",
            "path": "text: File that names them.",
        },
        "described": {"path": "text: File that intact audit takes for the job."},
    },
    "demo": {
        **_LEDGER,
        "file": _FILE,
        "damage": {
            "damaged": "integer: Copies that were damaged.",
            "named": "integer: Those that the audit accuses.",
            "wronged": "integer: Right copies that it accuses.",
        },
    },
    "function package": {
        "package": {
            "path": "text: The zip.",
            "files": "integer: Files in it.",
            "runtime": "text: Lambda's name of the Python that runs it.",
            "architecture": "text: Lambda's name of the processor.",
        }
    },
    "function policy": _POLICY,
    "get": {"object": {**_OBJECT, "proof": "text: What proves the bytes."}},
    "iam auditor": _POLICY,
    "iam bucket-policy": _POLICY,
    "iam job-role": _POLICY,
    "iam key-policy": _POLICY,
    "iam submitter": _POLICY,
    "job build": {
        **_PROBLEMS,
        "request": {"request": "object: What the command prints without --json."},
    },
    "job cancel": _ASKED,
    "job confirm": _ASKED,
    "job lint": _PROBLEMS,
    "job list": {
        "job": {
            **_STATE,
            "operation": "text: Name of its operation.",
            "priority": "integer: Larger runs earlier.",
            "active_seconds": "integer?: How long tasks ran.",
            "description": "text?: What its author called it.",
        }
    },
    "job plan": {
        "workload": {
            "objects": "integer: How many.",
            "size": "integer: Their bytes.",
            "listed": "integer: Objects of the bucket whose list S3 makes.",
            "large": "integer: Those that no copy task can copy.",
        },
        "prices": _PRICES,
        "bill": _BILL,
        "cheapest": {
            "least": "text: The level that was asked for.",
            "proof": "text?: The cheapest that proves as much; null where no price is known.",
        },
    },
    "job priority": _ASKED,
    "job show": {"described": {"job": "object: What S3 Control says of the job."}},
    "job submit": {
        **_PROBLEMS,
        "submitted": {
            "account_id": "text: Account of the job.",
            "job_id": "text: The job.",
            "path": "text: Its record.",
        },
    },
    "job watch": {
        "job": {
            **_STATE,
            "not_run": "integer: Tasks that neither succeeded nor failed.",
            "failure_reasons": "list: Why the job as a whole failed, each with code and text.",
            "report_bucket": "text?: Bucket of the completion report.",
            "report_prefix": "text?: What its keys begin with.",
        }
    },
    "kernels": {
        "kernel": {
            "name": "text: The kernel.",
            "usable": "boolean: Whether this CPU can run it.",
            "in_use": "boolean: Whether it is the one that runs.",
        }
    },
    "ledger diff": {
        "change": {
            "row": "integer: In the second ledger, else in the first.",
            "destination": "object?: The copy: bucket, key, version_id; null for a row not read.",
            "text": "text: That row, else empty.",
            "before": "object?: verdict, reason and level in the first ledger, if it has the row.",
            "after": "object?: The same of the second.",
        },
        "summary": {"objects": "integer: How many differ."},
    },
    "ledger export": {
        "header": {"header": "object: The ledger's header."},
        "finding": {"finding": "object: A row of the ledger, with its evidence."},
        "seal": {"seal": "object: The ledger's seal."},
    },
    "ledger merge": {
        "ledger": {
            "path": "text: Its folder.",
            "records": "integer: Its rows.",
            "root": "text: SHA-256 that its chain ends in.",
        }
    },
    "manifest lint": {
        "problem": {
            "rule": "text: Name of the rule.",
            "warning": "boolean: Whether a job may run all the same.",
            "sentence": "text: What it says.",
            "rows": "integer: Rows that break it.",
            "lines": "list: The first of them.",
            "source": "text: Who says so.",
        }
    },
    "manifest split": {
        "manifest": {
            "path": "text: The file.",
            "rows": "integer: Its rows.",
            "etag": "text: That it will have if uploaded in one part.",
        },
        "summary": {"rows": "integer: Rows in all."},
    },
    "manifest write": {
        "manifest": {
            "path": "text: The file.",
            "fields": "list: Meaning of its columns.",
            "etag": "text?: That it will have if uploaded in one part; null if too large for that.",
            "rows": "integer: Its rows.",
            "listed": "integer: What was listed.",
            "delete_markers": "integer: What was left out of that.",
        }
    },
    "plan": {
        "sample": {
            "objects": "integer: Objects of the manifest.",
            "malformed": "integer: Its rows that could not be read.",
            "bytes": "integer?: Bytes of the objects, where the manifest tells.",
            "asked": "integer: Objects that were asked about.",
            "unseen_share": "number: Largest share of the objects that the sample may have missed.",
            "shares": "object: By trait, what share has it: low, likely and high.",
            "measured": "object?: Rates and latency of the requests that were sent.",
        },
        "way": {
            "way": "text: One way of auditing.",
            "available": "boolean: Whether it can be taken with what was given.",
            **{
                name: f"object: {what}: low, likely and high; null where nobody knows."
                for name, what in (
                    ("requests", "Requests to S3"),
                    ("read", "Bytes read"),
                    ("computed", "Bytes that S3 reads to compute checksums"),
                    ("tasks", "Tasks of batch jobs"),
                    ("seconds", "How long it takes"),
                    ("money", "What it costs"),
                    ("memory", "Bytes of memory"),
                    ("proven", "Objects that it proves"),
                    ("wrong", "Objects that it finds wrong"),
                    ("open", "Objects that it leaves open"),
                )
            },
            "currency": "text: Of the prices.",
            "bill": "list: Each with item, count and amount, which is null where it is unknown.",
            "levels": "object: Objects of the sample by level of evidence.",
            "reasons": "object: Objects of the sample by reason.",
        },
        "recommendation": {
            "ways": "list: What to do in turn, each with way and the objects it proves.",
            "unproven": "integer: Objects of the sample that no way proves.",
            "rivals": "list: Ways that are cheaper below a price of a gigabyte computed.",
            "commands": "list: To run, in turn; words in capitals are to be filled in.",
        },
    },
    "put": {"object": _OBJECT},
    "rehearse": {
        "endpoint": {
            "url": "text: Address of S3 Control.",
            "s3_url": "text: Address of the S3 server.",
            "region": "text: Of both.",
            "own": "boolean: Whether the S3 server was started for this.",
        }
    },
    "report": {
        **_LEDGER,
        "file": _FILE,
        "damage": {"problem": "text: With --verify: what is not as it was sealed."},
        "seal": {
            "records": "integer: With --verify: rows that are as they were sealed.",
            "segments": "integer: Files that hold them.",
            "root": "text: SHA-256 that their chain ends in.",
            "signed": "boolean: Whether the ledger is signed.",
            "signature_checked": "boolean: Whether that was checked by a public key.",
        },
    },
    "retry": {
        **_PROBLEMS,
        "reason": {
            "reason": "text: Why objects are not proven.",
            "objects": "integer: How many.",
            "remedy": "text: What to do.",
        },
        "manifest": {
            "kind": "text: What it is for.",
            "path": "text: The file.",
            "rows": "integer: Its rows.",
            "size": "integer: Bytes of its objects, as far as they are known.",
            "unsized": "integer: Objects whose bytes are not known.",
            "etag": "text: That it will have if uploaded in one part.",
        },
        "leftover": {
            "path": "text: File of what somebody has to look at.",
            "objects": "integer: How many.",
        },
        "prices": _PRICES,
        "bill": _BILL,
        "input": {"input": "text: What else the audit was given, and the next ones want."},
        "command": {"command": "text: What to run next, in order, for a shell."},
        "summary": {
            **_PROBLEMS["summary"],
            "objects": "integer: What is not proven.",
            "rows": "integer: Rows that name it.",
            "malformed": "integer: Rows that could not be read.",
        },
    },
    "sum": {
        "sum": {
            "name": "text: The file.",
            "algorithm": "text: What was computed.",
            "type": "text: FULL_OBJECT or COMPOSITE.",
            "checksum": "text: Its value in base64, as S3 prints it.",
            "hex": "text: The same in hex.",
            "size": "integer: Bytes.",
        },
        "object": {
            "name": "text: Address of the object.",
            "bucket": "text: Its bucket.",
            "key": "text: Its key.",
            "size": "integer: Bytes.",
            "etag": "text?: Its ETag.",
            "checksums": _CHECKSUMS,
        },
        "check": {
            "name": "text: The file, with --check.",
            "algorithm": "text: What was computed.",
            "expected": "text: The value in the list, in base64.",
            "result": "text: ok, failed, unread or not_comparable.",
        },
        "comparison": {
            "name": "text: The file, with --against.",
            "object": "text?: The object; null for a name that no key can have.",
            "result": "text: equal, different, missing, not_comparable or unread.",
            "reason": "text: Why.",
        },
        "error": {
            "name": "text: What could not be read.",
            "error": "text: Why.",
        },
        "summary": {
            **dict.fromkeys(
                (
                    *("files", "objects", "without_checksum", "unread", "listed", "malformed"),
                    *("ok", "failed", "not_comparable", "ignored", "equal", "different", "missing"),
                ),
                "integer: How many there were.",
            ),
        },
    },
}
"""Records by the words of the command, in the order of their names."""


def kinds(command: str) -> dict[str, Members]:
    """Every kind of record of a command, those of all commands among them.

    A summary holds what was counted: nothing, where the command failed before.
    """
    own = RECORDS[command]
    counted = {name: said.replace(":", "?:", 1) for name, said in own.get("summary", {}).items()}
    return {
        **{kind: members for kind, members in own.items() if kind not in EVERY},
        "failure": EVERY["failure"],
        "summary": {**counted, **EVERY["summary"]},
    }
