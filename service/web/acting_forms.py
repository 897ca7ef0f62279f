"""The forms of a recommendation that are acted on unread, and what keeps them safe."""

import shlex
from http import HTTPStatus
from typing import NamedTuple

from service.domain.recommendation import Recommendation
from service.domain.status import Status
from service.domain.warning import Severity
from service.errors import (
    ManualUpgradeError,
    NeedsAcceptanceError,
    TargetNotVerifiedError,
    UpgradeBlockedError,
)
from service.web.json_answer import dump_json
from service.web.node_op_upgrade import dump_node_op_upgrade


class Rendering(NamedTuple):
    """The body of an answer.

    Attributes:
        content_type: None where there is no body.
    """

    body: bytes
    content_type: str | None
    status: int = HTTPStatus.OK


_NOTHING = Rendering(b"", None, HTTPStatus.NO_CONTENT)


def refuse_unsafe(answer: Recommendation, accept: frozenset[str]) -> None:
    """Withhold an answer that nobody should act on unread.

    Args:
        answer: The recommendation.
        accept: The codes of critical warnings that the caller accepts.

    Raises:
        UpgradeBlockedError: The status is blocked.
        ManualUpgradeError: The status is manual.
        NeedsAcceptanceError: A critical warning was not accepted.
        TargetNotVerifiedError: The target should have been verified, and could not be.
    """
    if answer.status is Status.BLOCKED:
        raise UpgradeBlockedError(
            f"no step from {answer.running.tag} is safe now; ask as JSON for the reasons",
        )
    if answer.status is Status.MANUAL:
        successor = answer.successor
        way = f"move by hand to {successor.reference}" if successor else "it has no successor"
        raise ManualUpgradeError(
            f"{answer.running.tag} is not upgraded by pulling an official image: {way}",
        )
    critical = [w.code for w in answer.warnings if w.severity is Severity.CRITICAL]
    missing = [code for code in critical if code not in accept]
    if missing:
        query = "&".join(f"accept={code}" for code in missing)
        raise NeedsAcceptanceError(
            f"read the critical warnings {', '.join(missing)}, then ask again with {query}",
        )
    delivery = answer.findings.target
    if delivery and not delivery.is_verified:
        raise TargetNotVerifiedError(
            f"it is not known whether {answer.target and answer.target.reference} can be pulled:"
            f" {delivery.trouble}",
            retry_after_seconds=delivery.retry_after_seconds,
        )


def render_text(answer: Recommendation) -> Rendering:
    """Give the target on a line."""
    if answer.offer is None:
        return _NOTHING
    return Rendering(f"{answer.offer.source}\n".encode(), "text/plain; charset=utf-8")


def render_env(answer: Recommendation) -> Rendering:
    """Give assignments for a POSIX shell to evaluate, one a line; empty ones without a target.

    Source: POSIX.1-2017, Shell Command Language, 2.2 Quoting.
    """
    target = str(answer.offer.source) if answer.offer else ""
    values = {
        "UPGRADE_STATUS": str(answer.status),
        "UPGRADE_TARGET": target,
        "UPGRADE_SOURCE": target and f"oci:{target}",
        "UPGRADE_WARNINGS": " ".join(warning.code for warning in answer.warnings),
    }
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in values.items())
    return Rendering("".join(lines).encode(), "application/x-sh")


def render_node_op_upgrade(answer: Recommendation, node: str | None) -> Rendering:
    """Give a resource for kairos-operator to carry out.

    Args:
        answer: The recommendation.
        node: The name of the one node that is meant; None for all that run the running image.

    Raises:
        ManualUpgradeError: The node boots signed artefacts only.
    """
    if answer.offer is None:
        return _NOTHING
    if answer.running.tag.trusted_boot:
        raise ManualUpgradeError(
            f"{answer.running.tag} is for trusted boot, which a NodeOpUpgrade cannot upgrade: write"
            " a NodeOp",
        )
    body = dump_node_op_upgrade(answer.running, answer.offer.source, node)
    return Rendering(body.encode(), "application/yaml")


def render_auroraboot(answer: Recommendation) -> Rendering:
    """Give the body of a command for AuroraBoot's API."""
    if answer.offer is None:
        return _NOTHING
    command = {"command": "upgrade", "args": {"source": f"oci:{answer.offer.source}"}}
    return Rendering(dump_json(command), "application/json")
