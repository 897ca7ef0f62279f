"""Questions to an advisor that knows nothing but what a test tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from service.advisor import Advisor, UpgradeRequest
from service.domain.catalogue import Catalogue
from service.domain.identity import Claim
from service.domain.mirror import Mirrors
from service.domain.policy import Policy
from service.domain.recommendation import Recommendation
from service.domain.reference import Reference, Repository
from service.domain.release_file import ReleaseFile
from service.domain.rules import (
    Applies,
    Barrier,
    Ended,
    OperatorPolicy,
    Renamed,
    Rulebook,
    Rules,
    Successor,
    Withdrawn,
)
from service.domain.scope import RepositoryPattern, Scope
from service.domain.tag import Arch, Variant
from service.domain.version import KairosVersion
from service.domain.version_range import VersionRange
from service.errors import ServiceError
from tests.fakes import FakeTagSource, FakeVerifier, ImmediateSource
from tests.policies import DEFAULTS

OFFICIAL = "quay.io/kairos"
OWN = "registry.example/team"
UBUNTU = f"{OFFICIAL}/ubuntu"
HADRON = f"{OFFICIAL}/hadron"

NO_RULES = Rules()


@dataclass(frozen=True)
class World(ImmediateSource):
    """Tag lists by repository, and the rules that hold over them.

    Attributes:
        rules: The built-in ones, which know official repositories only.
        own: Those of the operator.
        references: The reference repositories that are set, by organisation.
        tracked: The repositories that the support matrix shows.
        answered: The places that answers name instead.
    """

    lists: Mapping[str, Sequence[str] | ServiceError]
    rules: Rules = NO_RULES
    own: Rules = NO_RULES
    allowed: tuple[str, ...] = (f"{OFFICIAL}/*", f"{OWN}/*")
    default_organisation: str | None = None
    references: Mapping[str, str] = field(default_factory=dict)
    tracked: tuple[str, ...] = ()
    answered: Mirrors = field(default_factory=Mirrors)
    verifier: FakeVerifier | None = None
    source: FakeTagSource = field(default_factory=FakeTagSource)

    def fetch_catalogue(self, repository: Repository) -> Catalogue:
        self.source.answers = {Repository.parse(name): tags for name, tags in self.lists.items()}
        return Catalogue.from_listing(self.source.list_tags(repository))

    @property
    def asked(self) -> list[str]:
        """The repositories that were listed, in order."""
        return list(map(str, self.source.asked))

    def ask(self, request: UpgradeRequest, form: str = "json") -> Recommendation:
        return self.build_advisor().recommend_upgrade(request, form)

    def build_advisor(self) -> Advisor:
        official = (RepositoryPattern.parse(f"{OFFICIAL}/*"),)
        allowed = tuple(map(RepositoryPattern.parse, self.allowed))
        references = {name: Repository.parse(text) for name, text in self.references.items()}
        tracked = tuple(map(Repository.parse, self.tracked))
        return Advisor(
            self,
            Scope(allowed, official, references, self.answered, lambda: tracked),
            Rulebook.combine(self.rules, self.own),
            self.default_organisation,
            self.verifier,
        )

    def advise(
        self,
        image: str | None,
        policy: Policy = DEFAULTS,
        *,
        file: ReleaseFile | None = None,
        arch: Arch | None = None,
        boot_state: str = "active",
    ) -> Recommendation:
        reference = Reference.parse(image) if image else None
        return self.ask(UpgradeRequest(Claim(reference, file, arch), policy, boot_state))


def advise(
    running: str,
    tags: Sequence[str],
    policy: Policy = DEFAULTS,
    rules: Rules = NO_RULES,
    *,
    latest: str = "v0.0.1-core-amd64-generic-v0.1.0",
) -> Recommendation:
    """Ask for a tag of the official Ubuntu repository, with the operator's rules.

    Args:
        latest: The one image of the reference repository.
    """
    world = World({UBUNTU: tags, HADRON: [latest]}, own=rules)
    return world.advise(f"{UBUNTU}:{running}", policy)


def path_of(answer: Recommendation) -> list[str]:
    return [str(image.tag) for image in answer.path]


def hops_of(answer: Recommendation) -> list[tuple[str, str]]:
    """Give each hop of the path as its two tags."""
    path = path_of(answer)
    return list(zip([str(answer.running.tag), *path], path, strict=False))


def rejected_of(answer: Recommendation) -> list[tuple[str, int, str]]:
    return [(str(group.code), group.count, str(group.example)) for group in answer.rejected]


def alternatives_of(answer: Recommendation) -> list[tuple[str, str]]:
    return [(str(found.code), str(found.image.tag)) for found in answer.alternatives]


def warnings_of(answer: Recommendation) -> set[str]:
    return {warning.code for warning in answer.warnings}


def releases(*texts: str) -> frozenset[KairosVersion]:
    return frozenset(map(KairosVersion.of, texts))


def withdraw(*versions: str, applies: Applies | None = None) -> Rules:
    """Withdraw releases."""
    return Rules(
        withdrawn=tuple(
            Withdrawn(version, applies or Applies(), "It destroys disks.", "https://kairos.io/x")
            for version in map(KairosVersion.of, versions)
        ),
    )


def bar(origin: str, target: str) -> Rules:
    """Put a barrier between two ranges."""
    ranges = VersionRange.parse(origin), VersionRange.parse(target)
    barrier = Barrier("a-barrier", *ranges, Applies(), "A step.", "https://kairos.io/x", "a source")
    return Rules(barriers=(barrier,))


def stop(**policy: object) -> Rules:
    """Set an operator's policy for every repository of the tests."""
    everywhere = tuple(RepositoryPattern.parse(f"{name}/*") for name in (OFFICIAL, OWN))
    return Rules(policies=(replace(OperatorPolicy(everywhere), **policy),))  # type: ignore[arg-type]


def end(last: str, applies: Applies | None = None) -> Rules:
    """End a stream with a release."""
    version = KairosVersion.of(last)
    rule = Ended(applies or Applies(), version, "It ended.", "https://kairos.io/ended")
    return Rules(ended=(rule,))


def rename(repository: str, to: str, flavor_release: str, variant: str = "core") -> Rules:
    """Let a repository go on in another, for amd64."""
    successor = Successor(to, flavor_release, Variant(variant), Arch.AMD64, "generic")
    return Rules(renamed=(Renamed(repository, successor),))
