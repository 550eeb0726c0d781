"""A ledger as one HTML page: self-contained, and safe whatever its keys hold.

The template escapes all it is given; the list of objects travels as JSON that a script of the
page's own puts into the document as text.  A Content Security Policy names that script and the
styles by their SHA-256 and forbids everything else: other scripts, every request, and any turning
of text into elements.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from intact.audit import Reason, Verdict
from intact.batch.cost import Usage, total, usage_cost
from intact.render.steps import next_steps, reproduce
from intact.render.timeline import timeline_chart, timeline_note
from intact.render.words import (
    LEVELS,
    VERDICTS,
    headline,
    plural,
    runs,
    share_name,
    size_name,
    tone,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from intact.adapters.overview import Group, Overview
    from intact.audit.ledger import Server
    from intact.batch.cost import Prices

MOST = 100_000
"""Objects that the page lists; more are counted, and left to CSV and Parquet."""
_COLUMNS = (
    ("row", "Row"),
    ("verdict", "Verdict"),
    ("object", "Object"),
    ("reason", "Reason"),
    ("size", "Size"),
    ("written", "Written, UTC"),
)
_LEGEND = (("good", "verified"), ("wrong", "wrong"), ("unproven", "not proven"))
_MARKS = {"good": "M7 17l6 6L25 9", "wrong": "M9 9l14 14M23 9L9 23", "unproven": "M9 16h14"}
_TONES = {"good": "#1a7a4c", "wrong": "#b3261e", "unproven": "#8a5800"}

Row = dict[str, Any]
"""One row of ``intact.adapters.flat.FLAT``, by column."""


def html_page(
    overview: Overview,
    rows: Iterable[Row],
    *,
    version: str,
    prices: Prices | None = None,
    most: int = MOST,
) -> Iterator[str]:
    """Yield the page piece by piece.

    Args:
        overview: The ledger, added up.
        rows: Its flat rows in order, at least those that are not verified.
        version: Of this package.
        prices: Of S3's requests; None leaves out what they cost.
        most: Objects to list.
    """
    wanted = allotted(overview.summary.verdicts, most=most)
    yield from _template().generate(
        **_context(overview),
        asked=list(_asked(overview, prices)),
        cost_note=_cost_note(prices),
        digests=list(_digests(overview, version)),
        left=overview.unverified - sum(wanted.values()),
        payload=map(Markup, _payload(rows, wanted)),
    )


def allotted(found: Mapping[Verdict, int], *, most: int) -> Counter[Verdict]:
    """How many rows of each verdict are listed, the gravest verdicts first."""
    wanted = Counter[Verdict]()
    for verdict in Verdict:
        if verdict is not Verdict.VERIFIED:
            wanted[verdict] = min(found[verdict], most - wanted.total())
    return wanted


def picked(rows: Iterable[Row], wanted: Mapping[Verdict, int]) -> Iterator[Row]:
    """Yield the first rows of each verdict, as many as are wanted, in order."""
    left = {verdict.value: count for verdict, count in wanted.items()}
    count = sum(left.values())
    for row in rows if count else ():
        if left.get(row["verdict"], 0) > 0:
            left[row["verdict"]] -= 1
            count -= 1
            yield row
        if not count:
            return


def _payload(rows: Iterable[Row], wanted: Mapping[Verdict, int]) -> Iterator[str]:
    """Yield the JSON that the page's script reads, in ASCII and without a bracket of HTML's."""
    verdicts, reasons = list(Verdict), list(Reason)
    head = {
        "verdicts": [verdict.value for verdict in verdicts],
        "tones": [tone(verdict) for verdict in verdicts],
        "reasons": [(reason.sentence, reason.remedy) for reason in reasons],
    }
    yield f'{{{_json(head)[1:-1]},"rows":['
    comma = ""
    order = {verdict.value: number for number, verdict in enumerate(verdicts)}
    numbers = {reason.value: number for number, reason in enumerate(reasons)}
    for row in picked(rows, wanted):
        cells = (row["row"], order[row["verdict"]], numbers[row["reason"]], *_cells(row))
        yield comma + _json(cells)
        comma = ",\n"
    yield "]}"


def _cells(row: Row) -> Iterator[object]:
    yield row["destination_key"] or row["source_key"] or row["row_text"] or ""
    yield said(row)
    for side in ("source", "destination"):
        yield row[f"{side}_bucket"] and (
            row[f"{side}_bucket"],
            row[f"{side}_key"],
            row[f"{side}_version"],
            row[f"{side}_size"],
            _seconds(row[f"{side}_modified"]),
            row[f"{side}_etag"],
            row[f"{side}_checksums"],
        )


def said(row: Row) -> str | None:
    """What the job or S3 said of a row, beyond the reason."""
    told = [text for text in (row["task_error_code"], row["problem"]) if text]
    if row["task_error_code"] and row["task_message"]:
        told[0] += f": {row['task_message']}"
    return "; ".join(told) or None


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _json(value: object) -> str:
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _context(overview: Overview) -> dict[str, Any]:
    summary, counts = overview.summary, overview.counts
    imbalances = summary.imbalances(counts)
    sizes, classes = Counter[Verdict](), Counter[str]()
    for group in overview.groups:
        sizes[group.verdict] += group.size
        classes[tone(group.verdict)] += group.rows
    reasons = [group for group in merged(overview.groups) if group.verdict is not Verdict.VERIFIED]
    worst = "wrong" if imbalances or classes["wrong"] else "unproven"
    of_all = "good" if classes["good"] == summary.rows and not imbalances else worst
    style, script = _asset("page.css"), _asset("page.js")
    return {
        "o": overview,
        "title": f"intact: {'does not add up' if imbalances else headline(summary, counts)}",
        "headline": headline(summary, counts),
        "lead": _lead(overview, sizes),
        "tone_of_all": of_all,
        "icon": _icon(of_all),
        "policy": content_policy(style, script),
        "style": Markup(style),  # noqa: S704 - our own file
        "script": Markup(script),  # noqa: S704 - our own file
        "total": max(summary.rows, 1),
        "classes": [(name, classes[name]) for name, _ in _LEGEND],
        "legend": [(name, label, classes[name]) for name, label in _LEGEND],
        "verdicts": [(v, summary.verdicts[v], sizes[v], text) for v, text in VERDICTS.items()],
        "total_size": sizes.total(),
        "imbalances": imbalances,
        "notes": counts.notes(),
        "reconciled": list(_reconciled(overview)),
        "reasons": reasons,
        "most": max((group.rows for group in reasons), default=1),
        "worst_prefix": max((p.wrong + p.unproven for p in overview.prefixes), default=1),
        "levels": [(level, summary.levels[level], text) for level, text in LEVELS.items()],
        "steps": list(next_steps(overview)),
        "reproduce": list(reproduce(overview)),
        "columns": _COLUMNS,
        "chart": timeline_chart(overview.timeline) if overview.timeline else "",
        "chart_note": timeline_note(overview.timeline) if overview.timeline else "",
    }


def content_policy(style: str, script: str) -> str:
    """Allow these two texts and nothing else."""
    return (
        f"default-src 'none'; script-src {_source(script)}; style-src {_source(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def merged(groups: Iterable[Group]) -> list[Group]:
    """Groups of one verdict and reason as one, whatever their levels; the largest first."""
    found: dict[tuple[Verdict, Reason], Group] = {}
    for group in groups:
        known = found.get((group.verdict, group.reason))
        found[group.verdict, group.reason] = (
            replace(known, rows=known.rows + group.rows, size=known.size + group.size)
            if known
            else group
        )
    return sorted(found.values(), key=lambda group: -group.rows)


def _lead(overview: Overview, sizes: Counter[Verdict]) -> str:
    summary = overview.summary
    verified = summary.verdicts[Verdict.VERIFIED]
    rest = sizes.total() - sizes[Verdict.VERIFIED]
    lead = (
        f"{verified:,} {'copy' if verified == 1 else 'copies'}, "
        f"{size_name(sizes[Verdict.VERIFIED])}, "
        f"{'is' if verified == 1 else 'are'} shown equal to "
        f"{'its source' if verified == 1 else 'their sources'} by a checksum over all bytes."
    )
    if overview.unverified:
        lead += f" {plural(overview.unverified, 'object')}, {size_name(rest)} as far as S3 told, "
        lead += f"{'is' if overview.unverified == 1 else 'are'} not."
    return lead


def _reconciled(overview: Overview) -> Iterator[tuple[str, str]]:
    counts = overview.counts
    told = (
        ("tasks of the job", counts.tasks),
        ("tasks that succeeded", counts.tasks_succeeded),
        ("tasks that failed", counts.tasks_failed),
        ("rows of the completion report", counts.report_rows),
        ("report rows: succeeded", counts.succeeded_rows),
        ("report rows: failed", counts.failed_rows),
        ("malformed report rows", counts.malformed_report_rows or None),
        ("rows that name an object again", counts.duplicate_rows or None),
        ("Compute checksum rows", counts.computed_rows or None),
        ("expected digests", counts.expected_rows or None),
        ("objects that no row accounts for", counts.extras),
    )
    for name, count in told:
        if count is not None:
            yield name, f"{count:,}"
    if counts.tasks is None:
        yield "reconciled with the job", "no job known, or it did not say"
    if counts.report_rows is None:
        yield "completion report", "none"


def _asked(overview: Overview, prices: Prices | None) -> Iterator[tuple[str, str]]:
    asked = overview.asked
    yield "answers on objects", f"{asked.objects:,}"
    yield "lists of versions", f"{asked.versions:,}"
    yield "lists of parts", f"{asked.parts:,}"
    yield "objects read", f"{asked.reads:,}"
    yield "bytes read", size_name(asked.size)
    if prices is not None:
        reads = asked.objects + asked.parts + asked.reads
        usage = Usage(reads=reads, lists=asked.versions, read=asked.size)
        amount = total(usage_cost(usage, prices=prices))
        known = "unknown" if amount is None else f"{amount:,.2f} {prices.currency}"
        yield "cost at list price", known


def _cost_note(prices: Prices | None) -> str:
    note = (
        "Counted from the answers in the ledger: each as one request, though an inventory saves "
        "requests and a retry or a long list takes more."
    )
    if prices is None:
        return note
    return f"{note} Prices of {prices.date}, {prices.region}; jobs and transfer are billed apart."


def _digests(overview: Overview, version: str) -> Iterator[tuple[str, str]]:
    seal, header = overview.seal, overview.header
    yield "ledger", overview.path
    yield "root of the ledger: SHA-256 chain over every segment", seal.root
    yield "SHA-256 of header.json", seal.header
    yield "records and segments", f"{seal.records:,} in {seal.segments:,}"
    signed = seal.signature
    yield (
        "signature",
        "none" if signed is None else f"Ed25519, public key {signed.public_key}, not checked here",
    )
    yield "versions", f"audited by intact {header.intact}, this page by intact {version}"
    if header.server is not None:
        yield "server", _server_name(header.server)
    if header.inputs:
        yield "also looked at", ", ".join(header.inputs)
    window = header.policy.window
    if window is not None:
        yield "the job wrote", f"{moment_name(window.begin)} to {moment_name(window.end)}"


def _server_name(server: Server) -> str:
    parts = [server.endpoint_url or "AWS"]
    if server.control_endpoint_url is not None:
        parts.append(f"jobs at {server.control_endpoint_url}")
    return ", ".join([*parts, "which has ended"] if server.ended else parts)


def moment_name(moment: datetime) -> str:
    """To the second, with the name of the time zone."""
    return f"{moment:%Y-%m-%d %H:%M:%S} {moment.tzname() or ''}".rstrip()


def _icon(of_all: str) -> str:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="7" fill="{_TONES[of_all]}"/>'
        f'<path d="{_MARKS[of_all]}" fill="none" stroke="#fff" stroke-width="3.5" '
        'stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )
    return f"data:image/svg+xml,{quote(svg)}"


def visible(text: str) -> Markup:
    """Text in which characters that would deceive the eye stand as their names."""
    named = Markup('<span class="u">{}</span>')
    return Markup().join(named.format(name) if name else plain for plain, name in runs(text))


def _asset(name: str) -> str:
    return resources.files("intact.render").joinpath(name).read_text("utf-8")


@cache
def _template() -> Any:  # noqa: ANN401 - jinja2's
    environment = Environment(
        loader=PackageLoader("intact.render", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
    )
    environment.filters["visible"] = visible
    environment.globals |= {
        "tone": tone,
        "share": share_name,
        "bytes": size_name,
        "plural": plural,
        "moment": moment_name,
    }
    return environment.get_template("page.html")
