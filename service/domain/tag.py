"""The tag grammars of Kairos images.

A ``+`` is not allowed in a tag, so what semver calls build metadata arrives after a ``-``:
``v3.1.1-k3s1`` would read as a pre-release of v3.1.1. A grammar therefore names its parts and cuts
the tag at them before any version is read.

A grammar is a template: the same one reads a tag and prints it again. What Kairos invents next is
one more template, or one more spelling in ``_PARTS``.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from service.domain.version import (
    KAIROS_VERSION,
    KUBERNETES_VERSION,
    Distribution,
    KairosVersion,
    KubernetesVersion,
)

_CACHED_BASES = 256
_CACHED_STREAMS = 1024
_MAX_TAG_LENGTH = 128  # OCI distribution-spec v1.1: [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}

_PARTS = {
    "flavor_release": r"[\w.-]+?",
    "variant": "core|standard",
    "arch": "amd64|arm64|riscv64",
    "model": r"[\w.-]+?",
    "version": KAIROS_VERSION,
    "kubernetes": rf"(?:-{KUBERNETES_VERSION})?",
    "trusted_boot": "(?:-uki)?",
}

# Since v2.4.2 (kairos-io/kairos images/naming.sh, later kairos-factory-action DEFAULT_TAG).
CURRENT = "{flavor_release}-{variant}-{arch}-{model}-{version}{kubernetes}{trusted_boot}"
# Before: the repository names the rest, such as core-opensuse-leap:v2.4.1.
LEGACY = "{version}{kubernetes}"


def _compile(template: str) -> re.Pattern[str]:
    return re.compile(
        re.sub(r"{(\w+)}", lambda name: f"(?P<{name[1]}>{_PARTS[name[1]]})", template),
        re.ASCII,
    )


_CURRENT = _compile(CURRENT)
_LEGACY = _compile(LEGACY)

# Closed: the repositories that kairos-io/kairos and provider-kairos pushed to before v2.4.2.
_LEGACY_REPOSITORY = re.compile(
    r"(?P<variant>core|kairos)-(?P<flavor>almalinux|alpine|alpine-opensuse-leap|alpine-ubuntu"
    r"|debian|fedora|opensuse|opensuse-leap|opensuse-tumbleweed|rockylinux|ubuntu|ubuntu-20-lts"
    r"|ubuntu-22-lts|ubuntu-rolling)(?:-arm-(?P<board>rpi|nvidia-jetson-agx-orin))?",
)
# Until then one image served the Raspberry Pi 3 and 4 (kairos-io/kairos flavors-arm.json).
_FIRST_WITH_RPI4 = KairosVersion.of("v2.4.0-alpha1")

# Names that Kairos has given to one release of a flavor at different times.
_FLAVOR_RELEASE_ALIASES = {"bookworm": "12", "tumbleweed": "tumbleweed-latest"}
# Each Kairos release of Hadron has a base of its own, so the base never tells streams apart.
_FLOATING_FLAVORS = frozenset({"hadron"})
_ORDERED_FLAVOR_RELEASE = re.compile(r"(?P<prefix>[a-z]+-)?(?P<numbers>[0-9]+(?:\.[0-9]+)*)")

# What stands between distribution and number, since when; kairos-io/kairos, Earthfile and
# reusable-release.yaml at these tags.
_KUBERNETES_JOINTS = (
    (KairosVersion.of("v3.5.0-rc1"), "-v"),
    (KairosVersion.of("v3.4.2"), "v"),
    (KairosVersion.of("v3.4.0-beta1"), ""),
    (KairosVersion.of("v0.0.0-alpha0"), "v"),
)

_SIGNATURE = re.compile(r"sha256-(?P<hex>[0-9a-f]{64})(?:\.\w+)?")
_ARTEFACT_PREFIX = "sha256-"
_ARTEFACT_SUFFIXES = (".sig", ".att", ".sbom", ".img", "-img")
_RAW_DISK_SUFFIX = re.compile(r"[.-]img$")
_OS_IMAGE_PARTS = re.compile(r"-(?:core|standard)-(?:amd64|arm64|riscv64)(?:-|$)")
_LEADING_VERSION = re.compile(rf"v?{KAIROS_VERSION[1:]}")


class Variant(StrEnum):
    """What a Kairos image brings beside the operating system."""

    CORE = "core"
    STANDARD = "standard"

    __hash__ = str.__hash__  # an Enum's own is slow, and a part of each stream's


# A look-up, for calling the class takes as long as matching a whole tag.
_VARIANTS = {variant.value: variant for variant in Variant}


class Arch(StrEnum):
    """Architectures, in the names that tags use."""

    AMD64 = "amd64"
    ARM64 = "arm64"
    RISCV64 = "riscv64"

    __hash__ = str.__hash__

    @classmethod
    def parse(cls, text: str) -> "Arch | None":
        """Read the name that tags use, or the one of ``uname -m``; None for anything else."""
        return ARCH_NAMES.get(text)


ARCH_NAMES = {arch.value: arch for arch in Arch} | {"x86_64": Arch.AMD64, "aarch64": Arch.ARM64}


@dataclass(frozen=True, slots=True)
class Stream:
    """What an upgrade keeps of a tag, within its repository.

    Attributes:
        base: The flavor release, with its aliases resolved; empty where it floats.
        distribution: None on core, and on a standard tag that names no Kubernetes.
    """

    base: str
    variant: Variant
    arch: Arch
    model: str
    distribution: Distribution | None
    trusted_boot: bool


@dataclass(frozen=True, slots=True)
class ImageTag:
    """The parts of an OS image's tag; ``str()`` prints the tag as it was read.

    Attributes:
        flavor_release: As spelled; empty in a legacy repository, whose tags carry none.
        base: The flavor release with aliases resolved; empty where it floats with the release.
        kubernetes: None on core, and unknown on a standard tag that names none.
        kubernetes_text: As spelled, with its dash; on core tags it means nothing.
        trusted_boot_text: As spelled, with its dash.
        template: The grammar that read it.
    """

    flavor_release: str
    base: str
    variant: Variant
    arch: Arch
    model: str
    version: KairosVersion
    kubernetes: KubernetesVersion | None
    kubernetes_text: str
    trusted_boot: bool
    trusted_boot_text: str = ""
    template: str = CURRENT
    # Kept when it was printed, for an answer prints its tags ten times; a copy prints itself anew.
    _printed: str = field(init=False, repr=False, compare=False)

    @property
    def has_unknown_kubernetes(self) -> bool:
        """Whether the image runs a Kubernetes of which the tag does not tell the version."""
        return self.variant is Variant.STANDARD and self.kubernetes is None

    @property
    def stream_and_version(self) -> tuple[Stream, KairosVersion]:
        """What the tag says, but for its spelling and the patch of Kubernetes."""
        return self.stream, self.version

    @property
    def stream(self) -> Stream:
        """The stream that the tag belongs to."""
        distribution = self.kubernetes.distribution if self.kubernetes else None
        return _give_stream(
            self.base, self.variant, self.arch, self.model, distribution, self.trusted_boot
        )

    def __str__(self) -> str:
        try:
            return self._printed
        except AttributeError:
            printed = self._print()
            object.__setattr__(self, "_printed", printed)
            return printed

    def _print(self) -> str:
        return self.template.format(
            flavor_release=self.flavor_release,
            variant=self.variant,
            arch=self.arch,
            model=self.model,
            version=self.version,
            kubernetes=self.kubernetes_text,
            trusted_boot=self.trusted_boot_text,
        )


# A listing of thousands of tags has some dozen streams; making one takes twice as long.
_give_stream = lru_cache(maxsize=_CACHED_STREAMS)(Stream)


def parse_tag(text: str, flavor: str) -> ImageTag | None:
    """Read the tag of an OS image; None where it is not one, or carries no Kairos version.

    Args:
        text: The tag alone.
        flavor: The last part of the repository's name, which told variant and board before v2.4.2.

    Source: the tags of ``quay.io/kairos/*`` from v1.0.0 to v4.2.0.
    """
    if len(text) > _MAX_TAG_LENGTH:
        return None
    if match := _CURRENT.fullmatch(text):
        return _build(CURRENT, match, flavor)
    repository = _LEGACY_REPOSITORY.fullmatch(flavor)
    match = _LEGACY.fullmatch(text) if repository else None
    if repository is None or match is None:
        return None
    return _build(LEGACY, _implied_by(repository, match.groupdict()), flavor)


def print_tag(stream: Stream, version: KairosVersion, kubernetes: KubernetesVersion | None) -> str:
    """Print the tag that Kairos gives an image, in the spelling of its era.

    The arm64 spellings of v3.3 are left out: nodes of that time name their image themselves.
    """
    joint = next(joint for first, joint in _KUBERNETES_JOINTS if version >= first)
    number = str(kubernetes).removeprefix("v")
    software = f"-{kubernetes.distribution}{joint}{number}" if kubernetes else ""
    return CURRENT.format(
        flavor_release=stream.base,
        variant=stream.variant,
        arch=stream.arch,
        model=stream.model,
        version=version,
        kubernetes=software.replace("+", "-"),
        trusted_boot="-uki" if stream.trusted_boot else "",
    )


# The same few repositories are asked for, and some times for each answer.
@lru_cache(maxsize=_CACHED_BASES)
def legacy_flavor(name: str) -> str | None:
    """Give the flavor of a repository of the scheme that ended with v2.4.1; None for all others."""
    match = _LEGACY_REPOSITORY.fullmatch(name)
    return match["flavor"] if match else None


def is_artefact(text: str) -> bool:
    """Whether a tag is a signature, an attestation, an SBOM or a raw disk: nothing a node runs."""
    return text.startswith(_ARTEFACT_PREFIX) or text.endswith(_ARTEFACT_SUFFIXES)


def is_foreign_version(text: str) -> bool:
    """Whether a tag carries a version, but none of the parts that every OS image's tag has."""
    return _LEADING_VERSION.match(text) is not None and _OS_IMAGE_PARTS.search(text) is None


def signed_digest(text: str) -> str | None:
    """Give the digest that a cosign tag speaks of; None for any other tag."""
    match = _SIGNATURE.fullmatch(text)
    return f"sha256:{match['hex']}" if match else None


def raw_disk_base(text: str) -> str | None:
    """Give the tag whose raw disk this tag is; None where it is no raw disk."""
    return _RAW_DISK_SUFFIX.sub("", text) if _RAW_DISK_SUFFIX.search(text) else None


def resolve_flavor_release(flavor: str, flavor_release: str) -> str:
    """Resolve aliases; empty for a flavor whose release floats with the Kairos release."""
    if flavor in _FLOATING_FLAVORS:
        return ""
    return _FLAVOR_RELEASE_ALIASES.get(flavor_release, flavor_release)


def is_lower_base(base: str, other: str) -> bool:
    """Whether a flavor release stands below another; only releases of one prefix compare."""
    if base == other:
        return False
    order, ceiling = base_order(base), base_order(other)
    return order is not None and ceiling is not None and order[0] == ceiling[0] and order < ceiling


# The few bases that are listed are compared for each image that follows.
@lru_cache(maxsize=_CACHED_BASES)
def base_order(base: str) -> tuple[str, tuple[int, ...]] | None:
    """Give what orders flavor releases: a prefix and numbers; None where nothing does.

    Only releases of one prefix compare: ``12 < 13``, ``leap-15.5 < leap-15.6``.
    """
    match = _ORDERED_FLAVOR_RELEASE.fullmatch(base)
    if match is None:
        return None
    return match["prefix"] or "", tuple(int(number) for number in match["numbers"].split("."))


def _build(template: str, parts: dict[str, str] | re.Match[str], flavor: str) -> ImageTag | None:
    version = KairosVersion.parse(parts["version"])
    text, kubernetes = _read_kubernetes(parts["kubernetes"])
    if version is None or (text and kubernetes is None):
        return None
    frame = _read_frame(
        flavor, parts["flavor_release"], parts["variant"], parts["arch"], parts["model"]
    )
    trusted_boot = parts["trusted_boot"]
    return ImageTag(
        *frame,
        version,
        None if frame.variant is Variant.CORE else kubernetes,
        text,
        bool(trusted_boot),
        trusted_boot,
        template,
    )


class _Frame(NamedTuple):
    """The parts of a tag before its version, as an ``ImageTag`` begins with them."""

    flavor_release: str
    base: str
    variant: Variant
    arch: Arch
    model: str


# Thousands of tags have some dozen frames: each is read, and held, once.
@lru_cache(maxsize=_CACHED_STREAMS)
def _read_frame(flavor: str, flavor_release: str, variant: str, arch: str, model: str) -> _Frame:
    base = resolve_flavor_release(flavor, flavor_release)
    return _Frame(flavor_release, base, _VARIANTS[variant], ARCH_NAMES[arch], model)


# As few: the same some hundred versions recur in every listing, and their texts are held once.
@lru_cache(maxsize=_CACHED_STREAMS)
def _read_kubernetes(text: str) -> tuple[str, KubernetesVersion | None]:
    return text, KubernetesVersion.parse(text[1:]) if text else None


def _implied_by(repository: re.Match[str], parts: dict[str, str]) -> dict[str, str]:
    """Add to the parts of a legacy tag what its repository's name tells."""
    version = KairosVersion.parse(parts["version"])
    rpi = "rpi4" if version and version >= _FIRST_WITH_RPI4 else "rpi64"
    board = repository["board"]
    return parts | {
        "flavor_release": "",
        "variant": "core" if repository["variant"] == "core" else "standard",
        "arch": "arm64" if board else "amd64",
        "model": {None: "generic", "rpi": rpi}.get(board, board),
        "trusted_boot": "",
    }
