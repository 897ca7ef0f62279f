"""Rules that are data: what is known of releases beyond their tags."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar

from service.domain.image import Image
from service.domain.policy import KubernetesPreference, MaxStep, Policy, VersionCeiling
from service.domain.reference import Repository
from service.domain.scope import RepositoryPattern
from service.domain.tag import CURRENT, Arch, ImageTag, Variant, resolve_flavor_release
from service.domain.version import Branch, Distribution, KairosVersion
from service.domain.version_range import VersionRange
from service.domain.warning import Severity

_T = TypeVar("_T")

# An id is part of a warning's code, which goes into headers and into lists with commas.
RULE_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"

# Callers name what they like, so there is no end of what rules could be selected for.
_MAX_SELECTED = 1_024

# Both enumerations stand in the order from narrow to wide.
_MAX_STEPS = tuple(MaxStep)
_PREFERENCES = tuple(KubernetesPreference)


@dataclass(frozen=True, slots=True)
class Applies:
    """Which images a rule speaks of; an empty set narrows nothing.

    Attributes:
        flavor_release: As tags spell it, or with its aliases resolved.
        not_model: Models that the rule does not speak of.
        form: The forms of an answer that it concerns, such as ``nodeopupgrade``.
    """

    flavor: frozenset[str] = frozenset()
    flavor_release: frozenset[str] = frozenset()
    variant: frozenset[Variant] = frozenset()
    arch: frozenset[Arch] = frozenset()
    model: frozenset[str] = frozenset()
    not_model: frozenset[str] = frozenset()
    distribution: frozenset[Distribution] = frozenset()
    form: frozenset[str] = frozenset()
    trusted_boot: bool | None = None

    def matches(self, image: Image) -> bool:
        """Whether an image is one that the rule speaks of, in whatever form it is told."""
        # The tag first: a flavor must be read out of the repository's name.
        return self.matches_tag(image.tag) and (not self.flavor or image.flavor in self.flavor)

    def matches_flavor(self, flavor: str) -> bool:
        """Whether the rule speaks of a flavor."""
        return not self.flavor or flavor in self.flavor

    def matches_tag(self, tag: ImageTag) -> bool:
        """Whether the rule speaks of a tag, whatever its flavor."""
        return (
            (not self.variant or tag.variant in self.variant)
            and (not self.arch or tag.arch in self.arch)
            and (not self.model or tag.model in self.model)
            and tag.model not in self.not_model
            and (not self.flavor_release or self._matches_flavor_release(tag))
            and (not self.distribution or self._matches_distribution(tag))
            and (self.trusted_boot is None or self.trusted_boot is tag.trusted_boot)
        )

    def _matches_flavor_release(self, tag: ImageTag) -> bool:
        return not self.flavor_release.isdisjoint((tag.flavor_release, tag.base))

    def _matches_distribution(self, tag: ImageTag) -> bool:
        return tag.kubernetes is not None and tag.kubernetes.distribution in self.distribution

    def matches_form(self, form: str) -> bool:
        """Whether the rule concerns an answer in a form."""
        return not self.form or form in self.form


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A release that is never offered."""

    release: KairosVersion
    applies: Applies
    summary: str
    url: str

    def withdraws(self, target: ImageTag) -> bool:
        """Whether an image is of the release, and one that the rule speaks of."""
        return self.release == target.version and self.applies.matches_tag(target)


@dataclass(frozen=True, slots=True)
class Barrier:
    """A step that is never taken: from an image in one range to one in another."""

    id: str
    origin: VersionRange
    target: VersionRange
    applies: Applies
    summary: str
    url: str
    source: str

    def forbids(self, origin: ImageTag, target: ImageTag) -> bool:
        """Whether a hop runs into the barrier."""
        return self.origin.holds(origin) and self.target.holds(target)


@dataclass(frozen=True, slots=True)
class Advisory:
    """What to know before going from an image in one range to one in another."""

    id: str
    origin: VersionRange
    target: VersionRange
    applies: Applies
    severity: Severity
    summary: str
    url: str
    source: str

    def concerns(self, running: ImageTag, target: ImageTag | None) -> bool:
        """Whether a step is of those; without a target, only what speaks of any target is."""
        # What runs first, for most advisories are of releases that nodes have left.
        if not self.origin.holds(running):
            return False
        return self.target.is_any if target is None else self.target.holds(target)


@dataclass(frozen=True, slots=True)
class Successor:
    """The stream that goes on where a renamed repository ended.

    Attributes:
        repository: A name within the same organisation, or a full one with its registry.
    """

    repository: str
    flavor_release: str
    variant: Variant
    arch: Arch
    model: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """A repository that gets no more tags.

    Attributes:
        repository: A name within any organisation, or a full one with its registry.
    """

    repository: str
    to: Successor

    def matches(self, image: Image) -> bool:
        """Whether an image is in the renamed repository."""
        repository = image.repository
        return self.repository in (repository.flavor, str(repository))

    def move(self, image: Image) -> Image:
        """Give the likeness of an image in the repository that succeeded its own."""
        to = self.to
        name = to.repository
        if "/" not in name:
            name = f"{image.repository.organisation}/{name}"
        repository = Repository.parse(name)
        tag = replace(
            image.tag,
            flavor_release=to.flavor_release,
            base=resolve_flavor_release(repository.flavor, to.flavor_release),
            variant=to.variant,
            arch=to.arch,
            model=to.model,
            template=CURRENT,
        )
        return Image(repository, tag)


@dataclass(frozen=True, slots=True)
class Ended:
    """A stream that gets no further release."""

    applies: Applies
    last: KairosVersion
    summary: str
    url: str


@dataclass(frozen=True, slots=True)
class OperatorPolicy:
    """An operator's defaults and stops for some repositories; a caller may only narrow them.

    Attributes:
        freeze: Whether nothing at all is offered.
    """

    repositories: tuple[RepositoryPattern, ...]
    freeze: bool = False
    max_step: MaxStep | None = None
    max_version: VersionCeiling | None = None
    kubernetes: KubernetesPreference | None = None
    max_kubernetes: Branch | None = None

    def speaks_of(self, image: Image) -> bool:
        """Whether an image is in one of its repositories."""
        return any(pattern.matches(image.repository) for pattern in self.repositories)

    def narrow(self, policy: Policy) -> Policy:
        """Give the narrower of a caller's policy and this one, member by member."""
        return replace(
            policy,
            frozen=policy.frozen or self.freeze,
            max_step=_lower(policy.max_step, self.max_step, _MAX_STEPS.index) or policy.max_step,
            max_version=_lower(policy.max_version, self.max_version, _itself),
            kubernetes=_lower(policy.kubernetes, self.kubernetes, _PREFERENCES.index),
            max_kubernetes=_lower(policy.max_kubernetes, self.max_kubernetes, _itself),
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of one source."""

    withdrawn: tuple[Withdrawn, ...] = ()
    barriers: tuple[Barrier, ...] = ()
    advisories: tuple[Advisory, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    ended: tuple[Ended, ...] = ()
    policies: tuple[OperatorPolicy, ...] = ()

    def follow(self, image: Image, repository: Repository) -> Image:
        """Give the likeness of an image in a repository; the image itself where it never moved."""
        moved = (renamed.move(image) for renamed in self.renamed)
        return next((each for each in moved if each.repository == repository), image)

    def without_ids(self, ids: Iterable[str]) -> Self:
        """Give the rules but those with an id that others replace."""
        replaced = frozenset(ids)
        return replace(
            self,
            barriers=tuple(rule for rule in self.barriers if rule.id not in replaced),
            advisories=tuple(rule for rule in self.advisories if rule.id not in replaced),
        )

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all rules that have one."""
        return frozenset(rule.id for rules in (self.barriers, self.advisories) for rule in rules)

    def __add__(self, other: "Rules") -> "Rules":
        return Rules(
            withdrawn=self.withdrawn + other.withdrawn,
            barriers=self.barriers + other.barriers,
            advisories=self.advisories + other.advisories,
            renamed=self.renamed + other.renamed,
            ended=self.ended + other.ended,
            policies=self.policies + other.policies,
        )


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of every repository.

    Attributes:
        official: For repositories whose versions are Kairos releases.
        elsewhere: For all others.
    """

    official: Rules
    elsewhere: Rules
    # By all that rules look at: a selection asks 80 rules, and takes as long as an answer's choice
    # and its reasons together. It ends with the book, when rules are read again.
    _selected: dict[tuple[object, ...], Rules] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def combine(cls, builtin: Rules, own: Rules) -> Self:
        """Combine the built-in rules, which know Kairos releases only, with an operator's own.

        The operator's rules apply everywhere, come first, and replace the built-in ones of the
        same id.
        """
        return cls(official=own + builtin.without_ids(own.ids), elsewhere=own)

    def rules_for(self, *images: Image, official: bool) -> Rules:
        """Give the rules that speak of any of some images, and of the images of their streams."""
        subjects = official, *((i.repository, i.tag.stream, i.tag.flavor_release) for i in images)
        rules = self._selected.get(subjects)
        if rules is None:
            if len(self._selected) >= _MAX_SELECTED:
                self._selected.clear()
            rules = self._selected[subjects] = self._select(images, official=official)
        return rules

    def _select(self, images: Sequence[Image], *, official: bool) -> Rules:
        rules = self.official if official else self.elsewhere

        def speaks(rule: Barrier | Advisory | Ended) -> bool:
            return any(rule.applies.matches(image) for image in images)

        return Rules(
            # Of the stream's images, for which alone ``flavor_release`` can differ.
            withdrawn=tuple(
                rule
                for rule in rules.withdrawn
                if any(rule.applies.matches_flavor(image.flavor) for image in images)
            ),
            barriers=tuple(filter(speaks, rules.barriers)),
            advisories=tuple(filter(speaks, rules.advisories)),
            renamed=tuple(r for r in rules.renamed if any(map(r.matches, images))),
            ended=tuple(filter(speaks, rules.ended)),
            policies=tuple(rule for rule in rules.policies if any(map(rule.speaks_of, images))),
        )


def _lower(one: _T | None, other: _T | None, key: Callable[[_T], Any]) -> _T | None:
    """Give the lower of two values; that which is there, where one is missing."""
    return min((value for value in (one, other) if value is not None), key=key, default=None)


def _itself(value: _T) -> _T:
    return value
