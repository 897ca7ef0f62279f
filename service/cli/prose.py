"""Answers of the service as text for people, from what HTTP gives."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill
from typing import Any, TypeAlias

from service.domain.explanation import AlternativeCode
from service.domain.legality import Refusal
from service.domain.status import Status
from service.domain.support import Verdict
from service.domain.warning import Severity
from service.web.words import ALTERNATIVES, REFUSALS, STATUSES, VERDICTS

# A member of a JSON answer; openapi.yaml describes them.
Json: TypeAlias = Mapping[str, Any]

_WIDTH = 100


def describe_recommendation(answer: Json) -> str:
    """Write a recommendation down: what to do first, then what to know, then the rest."""
    words = STATUSES[Status(answer["status"])]
    sections = (
        [f"{words.headline}. {words.sentence}"],
        _describe_way(answer),
        _titled("Warnings", _describe_warnings(answer["warnings"])),
        _titled("Refused", _describe_rejected(answer["rejected"])),
        _titled("Other ways", _describe_alternatives(answer["alternatives"])),
        _describe_footing(answer),
    )
    return "\n\n".join(filter(None, map("\n".join, sections))) + "\n"


def describe_matrix(answer: Json) -> str:
    """Write the support matrix down, one stream a line, in columns."""
    rows: list[tuple[str, ...]] = [("STREAM", "KUBERNETES", "NEWEST", "SUPPORT", "LISTED")]
    rows += [_describe_stream(stream) for stream in answer["streams"]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    latest = answer["latest_branch"] or "unknown"
    return "\n".join([*lines, "", f"Latest release branch: {latest}"]) + "\n"


def _describe_way(answer: Json) -> list[str]:
    lines = [f"running  {answer['running']['reference']}"]
    if answer["target"]:
        lines.append(f"target   {answer['target']['pinned'] or answer['target']['reference']}")
    lines += [f"then     {image['reference']}" for image in answer["path"][1:]]
    if answer["successor"]:
        lines.append(f"go to    {answer['successor']['reference']}")
    if command := answer["commands"]["kairos_agent"]:
        lines.append(f"command  {command}")
    return lines


def _describe_warnings(warnings: Sequence[Json]) -> Iterator[str]:
    for warning in sorted(warnings, key=_weigh):
        yield _indent(f"{warning['severity']}: {warning['message']} [{warning['code']}]")
        if warning["url"]:
            yield f"    {warning['url']}"


def _weigh(warning: Json) -> int:
    return -list(Severity).index(Severity(warning["severity"]))


def _describe_rejected(rejected: Sequence[Json]) -> Iterator[str]:
    for group in rejected:
        yield _indent(
            f"{group['count']} images: {REFUSALS[Refusal(group['code'])]}, such as"
            f" {group['example']} [{group['code']}]"
        )


def _describe_alternatives(alternatives: Sequence[Json]) -> Iterator[str]:
    for found in alternatives:
        change = ALTERNATIVES[AlternativeCode(found["code"])]
        query = " ".join(f"{name}={value}" for name, value in change.query.items())
        yield _indent(f"{change.offer} ({query}): {found['image']['tag']}")


def _describe_footing(answer: Json) -> list[str]:
    support, catalogue = answer["support"], answer["catalogue"]
    verdict = VERDICTS[Verdict(support["verdict"])]
    latest = (
        f"; the latest branch is {support['latest_branch']}" if support["latest_branch"] else ""
    )
    stale = ", and the registry has failed since" if catalogue["stale"] else ""
    changelog = answer["links"] and answer["links"]["changelog"]
    return [
        *([f"Release notes: {changelog}"] if changelog else []),
        f"Branch {support['running_branch']}: {verdict}{latest}.",
        f"From {catalogue['tags']} tags, listed at {catalogue['fetched_at']}{stale}.",
    ]


def _describe_stream(stream: Json) -> tuple[str, ...]:
    identity = [stream[part] for part in ("flavor", "flavor_release", "variant", "arch", "model")]
    trusted_boot = "trusted boot" if stream["trusted_boot"] else None
    return (
        " ".join(filter(None, [*identity, trusted_boot])),
        stream["kubernetes"] or "",
        stream["newest"]["version"],
        VERDICTS[Verdict(stream["verdict"])],
        stream["fetched_at"],
    )


def _titled(title: str, lines: Iterator[str]) -> list[str]:
    found = list(lines)
    return [f"{title}:", *found] if found else []


def _indent(text: str) -> str:
    return fill(
        text,
        _WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
