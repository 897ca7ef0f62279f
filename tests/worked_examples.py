"""The examples that the rules of a recommendation were agreed on, as one table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from service.domain.explanation import AlternativeCode
from service.domain.legality import Refusal
from service.domain.policy import MaxStep, Policy
from service.domain.status import Status
from service.domain.warning import WarningCode

ORGANISATION = "quay.io/kairos"


class Lists(StrEnum):
    """Which tag lists an example is over."""

    ALL = "the lists of 2026-08"
    REAL_ALONE = "the real list of 2023-11 alone"
    REAL_AND_HADRON = "the real list of 2023-11 with Hadron's beside it"


@dataclass(frozen=True, slots=True)
class WorkedExample:
    """A running image and what the answer to it must be.

    Attributes:
        running: Within the organisation.
        query: The policy as a query has it, beside the image.
        policy: The same as the domain has it.
        path: The tags of all hops.
        warnings: At least these.
        alternatives: The tags of at least these.
        rejected: The counts of at least these.
    """

    running: str
    status: Status
    path: tuple[str, ...] = ()
    warnings: frozenset[WarningCode] = frozenset()
    query: Mapping[str, str] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    lists: Lists = Lists.ALL
    alternatives: Mapping[AlternativeCode, str] = field(default_factory=dict)
    rejected: Mapping[Refusal, int] = field(default_factory=dict)

    @property
    def image(self) -> str:
        return f"{ORGANISATION}/{self.running}"

    def __str__(self) -> str:
        return " ".join([self.running, *self.query.values(), self.lists.name.lower()])


HADRON = "hadron:v0.0.1-standard-amd64-generic-v3.7.2-k3s-v1.33.7-k3s3"
HADRON_TARGET = "v0.5.1-standard-amd64-generic-v4.2.0-k3s-v1.34.10-k3s1"
_LEAP = "opensuse:leap-15.5-standard-amd64-generic-v2.4.2-k3sv1.27.6-k3s1"
_LEAP_NEXT = {
    AlternativeCode.NEXT_KUBERNETES_MINOR: (
        "leap-15.5-standard-amd64-generic-v2.4.2-k3sv1.28.2-k3s1"
    ),
}
_ENDED = frozenset({WarningCode.STREAM_END_OF_LINE, WarningCode.RUNNING_BRANCH_UNSUPPORTED})

WORKED_EXAMPLES = (
    WorkedExample(
        "ubuntu:22.04-core-amd64-generic-v3.3.3",
        Status.UPGRADE_AVAILABLE,
        ("22.04-core-amd64-generic-v3.3.6",),
        query={"max_step": "patch"},
        policy=Policy(max_step=MaxStep.PATCH),
        alternatives={AlternativeCode.NEXT_MINOR: "22.04-core-amd64-generic-v3.7.2"},
    ),
    WorkedExample(
        "debian:13-core-amd64-generic-v3.7.0",
        Status.UPGRADE_AVAILABLE,
        ("13-core-amd64-generic-v3.7.2",),
        _ENDED,
    ),
    WorkedExample("debian:13-core-amd64-generic-v3.7.2", Status.END_OF_LINE),
    WorkedExample(
        HADRON,
        Status.UPGRADE_AVAILABLE,
        (HADRON_TARGET,),
        frozenset(
            {
                WarningCode.MAJOR_JUMP,
                WarningCode.KUBERNETES_MINOR_CHANGE,
                WarningCode.RUNNING_BRANCH_UNSUPPORTED,
            },
        ),
    ),
    WorkedExample(
        HADRON,
        Status.WITHHELD,
        query={"max_step": "minor"},
        policy=Policy(max_step=MaxStep.MINOR),
        alternatives={AlternativeCode.NEXT_MAJOR: HADRON_TARGET},
    ),
    # 1.33.7+k3s1 is too old for etcd 3.6, which k3s 1.34 brings.
    WorkedExample(
        "hadron:v0.0.1-standard-amd64-generic-v3.7.0-k3s-v1.33.7-k3s1",
        Status.UPGRADE_AVAILABLE,
        ("v0.0.4-standard-amd64-generic-v4.0.3-k3s-v1.33.9-k3s1", HADRON_TARGET),
    ),
    WorkedExample(
        "hadron:v0.0.1-standard-amd64-generic-v3.7.2-k3s-v1.35.0-k3s3",
        Status.UPGRADE_AVAILABLE,
        ("v0.5.1-standard-amd64-generic-v4.2.0-k3s-v1.35.7-k3s1",),
    ),
    WorkedExample(
        "debian:12-standard-amd64-generic-v3.5.10-k3s-v1.34.2-k3s1",
        Status.BLOCKED,
        rejected={Refusal.KUBERNETES_DOWNGRADE: 3},
    ),
    WorkedExample(
        "ubuntu:22.04-standard-amd64-generic-v3.3.3-k3sv1.31.4-k3s1",
        Status.UPGRADE_AVAILABLE,
        (
            "22.04-standard-amd64-generic-v3.6.0-k3s-v1.32.9-k3s1",
            "22.04-standard-amd64-generic-v3.7.2-k3s-v1.33.7-k3s3",
        ),
    ),
    WorkedExample(
        "opensuse:leap-15.6-standard-amd64-generic-v3.1.2-k3sv1.29.4-k3s1",
        Status.UPGRADE_AVAILABLE,
        (
            "leap-15.6-standard-amd64-generic-v3.4.2-k3sv1.30.11-k3s1",
            "leap-15.6-standard-amd64-generic-v3.5.3-k3s-v1.31.12-k3s1",
            "leap-15.6-standard-amd64-generic-v3.6.0-k3s-v1.32.9-k3s1",
            "leap-15.6-standard-amd64-generic-v3.7.2-k3s-v1.33.7-k3s3",
        ),
    ),
    WorkedExample(
        "debian:bookworm-standard-amd64-generic-v3.2.1-k3sv1.30.5-k3s1",
        Status.UPGRADE_AVAILABLE,
        (
            "12-standard-amd64-generic-v3.5.3-k3s-v1.31.12-k3s1",
            "12-standard-amd64-generic-v3.6.0-k3s-v1.32.9-k3s1",
        ),
    ),
    WorkedExample(
        "opensuse:leap-15.5-core-amd64-generic-v2.4.2",
        Status.UPGRADE_AVAILABLE,
        ("leap-15.5-core-amd64-generic-v3.0.14",),
        frozenset({WarningCode.MAJOR_JUMP}),
        alternatives={AlternativeCode.WITHIN_MAJOR: "leap-15.5-core-amd64-generic-v2.5.0"},
    ),
    WorkedExample(
        _LEAP,
        Status.UP_TO_DATE,
        warnings=frozenset({WarningCode.LATEST_BRANCH_UNKNOWN}),
        lists=Lists.REAL_ALONE,
        alternatives=_LEAP_NEXT,
    ),
    WorkedExample(_LEAP, Status.END_OF_LINE, lists=Lists.REAL_AND_HADRON, alternatives=_LEAP_NEXT),
)
