"""What the nodes of one cluster let each other do: domain of the Kubernetes version skew policy.

Servers go first, and agents follow: an agent never passes its servers, and nothing leaves the
lowest server more than one minor behind. A cluster of which no server was named holds nobody, for
nothing is known to hold them: k0s runs its controllers beside the nodes, and others have their
control plane elsewhere.

Source: kubernetes.io/releases/version-skew-policy.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from service.domain.policy import Policy
from service.domain.reference import quote
from service.domain.tag import ImageTag
from service.domain.version import Distribution, KubernetesVersion
from service.domain.warning import UpgradeWarning, WarningCode

# Where the order of a Kubernetes version holds its revision, which only one distribution counts.
_REVISION = 5


class Role(StrEnum):
    """What a node is to its cluster."""

    SERVER = "server"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Member:
    """A node of a cluster.

    Attributes:
        name: As its owner calls it, for messages.
        kubernetes: What it runs; None where nobody knows, or it runs none.
    """

    name: str
    cluster: str
    role: Role
    kubernetes: KubernetesVersion | None


@dataclass(frozen=True, slots=True)
class KubernetesHold:
    """How far the rest of its cluster lets a node's Kubernetes go.

    Attributes:
        limit: The order of the highest version that is allowed.
        reason: Which server holds the node, and why.
    """

    limit: tuple[float, ...]
    reason: str

    def narrow(self, policy: Policy) -> Policy:
        """Give a policy that this is a part of."""
        return replace(policy, cluster_limit=self.limit)

    def warn(self, held_from: ImageTag) -> UpgradeWarning:
        """Warn of what the node would do alone."""
        message = f"held back from {held_from}: {self.reason}"
        return UpgradeWarning.of(WarningCode.CLUSTER_HELD, message)


@dataclass(slots=True)
class _Servers:
    """The servers of a cluster that matter.

    Attributes:
        lowest: The lowest of each distribution, whose revisions do not compare.
        unknown: The names of those whose Kubernetes is not known.
    """

    lowest: dict[Distribution, tuple[KubernetesVersion, str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    def add(self, server: Member) -> None:
        if server.kubernetes is None:
            self.unknown.append(server.name)
            return
        distribution = server.kubernetes.distribution
        found = (server.kubernetes, server.name)
        self.lowest[distribution] = min(found, self.lowest.get(distribution, found))


def find_holds(members: Sequence[Member | None]) -> list[KubernetesHold | None]:
    """Find how far each node's cluster lets it go.

    Args:
        members: In any order; None for a node of no cluster.

    Returns:
        The hold of each, in the same order; None where nothing holds it.
    """
    clusters: defaultdict[str, _Servers] = defaultdict(_Servers)
    for member in members:
        if member and member.role is Role.SERVER:
            clusters[member.cluster].add(member)
    return [_hold(member, clusters) if member else None for member in members]


def _hold(member: Member, clusters: dict[str, _Servers]) -> KubernetesHold | None:
    servers = clusters.get(member.cluster)
    if servers is None:
        return None
    holds = list(_hold_by(member, servers.lowest.values()))
    if servers.unknown:
        holds.append(_hold_still(member, min(servers.unknown)))
    return min(holds, key=lambda hold: (hold.limit, hold.reason))


def _hold_still(member: Member, server: str) -> KubernetesHold:
    """Let a node go where it stands no worse to a server of which nobody knows where it is."""
    running = member.kubernetes
    limit: tuple[float, ...] = ()
    if running:
        server_limit = (running.minor.major, running.minor.minor, math.inf)
        limit = running.order if member.role is Role.AGENT else server_limit
    return KubernetesHold(
        limit,
        f"the Kubernetes of {quote(server)} in {quote(member.cluster)} is not known, so no agent"
        " there raises its own, and no server its minor",
    )


def _hold_by(
    member: Member, servers: Iterable[tuple[KubernetesVersion, str]]
) -> Iterator[KubernetesHold]:
    """Give what the lowest server of each distribution asks of a node."""
    for version, name in servers:
        runs = f"its lowest server {quote(name)}, which runs {version}"
        if member.role is Role.AGENT:
            yield KubernetesHold(
                _limit_of_agent(member, version),
                f"no agent in {quote(member.cluster)} passes {runs}",
            )
        else:
            yield KubernetesHold(
                (version.minor.major, version.minor.minor + 1, math.inf),
                f"nothing in {quote(member.cluster)} goes more than one Kubernetes minor above"
                f" {runs}",
            )


def _limit_of_agent(agent: Member, server: KubernetesVersion) -> tuple[float, ...]:
    """Give the server's version; without its revision for an agent that counts its own ones."""
    if agent.kubernetes is None or agent.kubernetes.distribution is server.distribution:
        return server.order
    return (*server.order[:_REVISION], math.inf)
