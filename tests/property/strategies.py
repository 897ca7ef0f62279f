"""Random tag lists and questions, from pools so small that the interesting cases meet."""

from dataclasses import dataclass, replace
from functools import cache

from hypothesis import strategies as st

from service.domain.policy import (
    FlavorReleasePolicy,
    KubernetesPreference,
    MaxStep,
    Policy,
    VersionCeiling,
)
from service.domain.version import Branch
from tests.asking import read_branch, read_kairos
from tests.brute_force import Node, Wishes, kairos

_FLAVOR_RELEASES = {
    "debian": ["12", "bookworm", "13", "testing"],
    "opensuse": ["leap-15.5", "leap-15.6", "leap-15.10", "tumbleweed", "tumbleweed-latest"],
    "ubuntu": ["22.04", "24.04", "24.10"],
    "hadron": ["v0.0.1", "v0.4.0", "v0.5.1"],
}
_RELEASES = [
    *("v3.1.0", "v3.1.1", "v3.1.2-rc2", "v3.1.2-rc10", "v3.1.10", "v3.2.0-beta.1", "v3.2.0-beta1"),
    *("v3.2.0", "v3.2.1", "v3.3.0", "v4.0.0-alpha3", "v4.0.0-beta4", "v4.0.0-RC1", "v4.0.0-rc1"),
    *("v4.0.0", "v4.0.1", "v4.1.0", "v4.2.0"),
]
# Few, and in their order: the window of Kubernetes minors moves up along them.
_SHIPPED_RELEASES = [
    *("v3.1.0", "v3.1.1", "v3.2.0", "v3.3.0", "v4.0.0-rc1", "v4.0.0", "v4.1.0", "v4.2.0"),
]
_DEVELOPMENT = ["v3.1.1-25-g2a7090f", "v3.2.0-beta1-3-g83c0aef", "v4.0.0-1-gabcdef0"]
_MINORS = range(30, 36)
_SHIPPED_MINORS = 3
_NOISE = [
    "latest",
    "sha256-" + 64 * "a",
    "sha256-" + 64 * "b" + ".sig",
    "24.04-core-amd64-generic-master",
    "24.04-core-amd64-generic-83c0aef",
    "13-standard-amd64-generic-v9.9.9-k3s-v1.31.0-k3s1-img",
    "24.04-core-amd64-generic-v9.9.9-img",
    "hadron-v0.5.1-core-amd64-generic-" + 40 * "a",
]


@dataclass(frozen=True)
class Identity:
    """What the tags of one stream have in common."""

    bases: tuple[str, ...]
    rest: str
    distribution: str | None
    trusted_boot: str


_SPELLINGS = {
    "k3s": [
        *("-k3s-v{version}-k3s{revision}", "-k3sv{version}-k3s{revision}"),
        *("-k3s{version}-k3s{revision}", "-{version}-k3s{revision}"),
        *("-k3s{version}-1", "-k3s{version}"),
    ],
    "k0s": ["-k0s-v{version}-k0s.{revision}", "-k0s{version}-k0s.{revision}", "-k0s{version}"],
}


def _write(distribution: str, minor: int) -> list[str]:
    return [
        spelling.format(version=f"1.{minor}.{patch}", revision=revision)
        for patch in (2, 10)
        for revision in (1, 3, 10)
        for spelling in _SPELLINGS[distribution]
    ]


def _write_shipped(distribution: str | None) -> list[str]:
    """Write what releases ship: three Kubernetes minors each, which move up with the releases."""
    if distribution is None:
        return _SHIPPED_RELEASES
    windows = [
        range(lowest, lowest + _SHIPPED_MINORS)
        for place in range(len(_SHIPPED_RELEASES))
        for lowest in [_MINORS[place * len(_MINORS) // len(_SHIPPED_RELEASES)]]
    ]
    return [
        release + part
        for release, window in zip(_SHIPPED_RELEASES, windows, strict=True)
        for minor in window
        for part in _write(distribution, minor)
    ]


def _write_anything(distribution: str | None) -> list[str]:
    """Write any Kubernetes with any release or development build; now and then there is none."""
    releases = [*_RELEASES, *_DEVELOPMENT]
    if distribution is None:
        return releases
    named = [
        release + part
        for release in releases
        for minor in _MINORS
        for part in _write(distribution, minor)
    ]
    return named + releases * (len(named) // len(releases) // 5)


_DISTRIBUTIONS = (None, "k3s", "k0s")
_SHIPPED = {distribution: _write_shipped(distribution) for distribution in _DISTRIBUTIONS}
_ANYTHING = {distribution: _write_anything(distribution) for distribution in _DISTRIBUTIONS}


# Strategies are made once: making one costs more than drawing from it.
@cache
def _identities(flavor: str) -> st.SearchStrategy[Identity]:
    return st.builds(
        _identify,
        st.just(flavor),
        st.sampled_from(_FLAVOR_RELEASES[flavor]),
        st.sampled_from(["core", "standard", *3 * ["standard-k3s"], *2 * ["standard-k0s"]]),
        st.sampled_from(["amd64-generic", "amd64-generic", "arm64-generic", "arm64-rpi4"]),
        st.sampled_from(["", "", "", "-uki"]),
    )


def _identify(flavor: str, base: str, kind: str, board: str, trusted_boot: str) -> Identity:
    aliases = {"12": ("12", "bookworm"), "tumbleweed": ("tumbleweed", "tumbleweed-latest")}
    variant, _, distribution = kind.partition("-")
    return Identity(
        tuple(_FLAVOR_RELEASES[flavor]) if flavor == "hadron" else aliases.get(base, (base,)),
        f"{variant}-{board}",
        distribution or None,
        trusted_boot,
    )


@cache
def _tags(identity: Identity, *, shipped: bool = False) -> st.SearchStrategy[str]:
    """Draw a tag with one draw, for there are many to make."""
    endings = (_SHIPPED if shipped else _ANYTHING)[identity.distribution]

    def write(number: int) -> str:
        base, ending = divmod(number, len(endings))
        return f"{identity.bases[base]}-{identity.rest}-{endings[ending]}{identity.trusted_boot}"

    return st.sampled_from(range(len(identity.bases) * len(endings))).map(write)


@cache
def _lists(identity: Identity) -> st.SearchStrategy[list[str]]:
    """Draw a short list of anything, or one long enough for paths of several hops."""
    anything, shipped = _tags(identity), _tags(identity, shipped=True)
    return st.one_of(
        st.lists(anything, min_size=1, max_size=12),
        st.lists(shipped, min_size=15, max_size=30),
    )


def _now_and_then(*values: str) -> st.SearchStrategy[str | None]:
    """Wish for few things at once: many wishes leave nothing to choose from."""
    return st.sampled_from([*values, *[None] * 4 * len(values)])


_WISHES = st.builds(
    Wishes,
    max_step=_now_and_then("patch", "minor").map(lambda step: step or "major"),
    max_version=_now_and_then("3.1", "3.2", "4.0", "v3.2.0", "v4.0.0", "v4.0.0-rc1"),
    kubernetes=st.sampled_from(["minimal", "keep", "next", "latest"]),
    max_kubernetes=_now_and_then("1.31", "1.33"),
    flavor_release=st.sampled_from(["same", "follow"]),
    prerelease=st.booleans(),
    exclude=st.lists(st.sampled_from(_RELEASES), max_size=2).map(tuple),
)

_NOISES = st.lists(st.sampled_from(_NOISE), max_size=3)
_FLAVORS = st.sampled_from(sorted(_FLAVOR_RELEASES))


@st.composite
def nodes(draw: st.DrawFn) -> Node:
    """Draw a node with the list of its repository: its stream, its neighbours, and noise.

    Neighbours differ from the stream by the flavor release alone.
    """
    flavor = draw(_FLAVORS)
    identity, other = draw(_identities(flavor)), draw(_identities(flavor))
    bases = draw(st.sampled_from([identity.bases, (*identity.bases, *other.bases)]))
    own = draw(_lists(replace(identity, bases=bases)))
    tags = {*own, draw(_tags(other)), draw(_tags(other)), *draw(_NOISES)}
    lowest = min(own, key=lambda tag: (kairos(tag), tag))
    running = draw(st.one_of(st.just(lowest), st.sampled_from(own), _tags(identity)))
    return Node(flavor, running, tuple(sorted(tags)), draw(_WISHES))


def latest_branches() -> st.SearchStrategy[str | None]:
    return st.sampled_from([None, "3.1", "3.2", "4.2", "5.0"])


def to_policy(wishes: Wishes) -> Policy:
    """Say wishes in the words of the service."""
    ceiling = VersionCeiling.parse(wishes.max_version) if wishes.max_version else None
    kubernetes: Branch | None = (
        read_branch(wishes.max_kubernetes) if wishes.max_kubernetes else None
    )
    return Policy(
        max_step=MaxStep(wishes.max_step),
        max_version=ceiling,
        kubernetes=KubernetesPreference(wishes.kubernetes),
        max_kubernetes=kubernetes,
        flavor_release=FlavorReleasePolicy(wishes.flavor_release),
        prerelease=wishes.prerelease,
        exclude=frozenset(map(read_kairos, wishes.exclude)),
    )
