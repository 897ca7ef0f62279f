"""Questions to the domain, in short."""

from collections.abc import Iterable

from service.domain.catalogue import Catalogue, TagListing
from service.domain.image import Image
from service.domain.legality import Hop
from service.domain.path import Journey
from service.domain.policy import Policy
from service.domain.recommendation import Recommendation, recommend
from service.domain.reference import Reference, Repository
from service.domain.rules import Rules
from service.domain.situation import LatestBranch, Question, Situation
from service.domain.tag import ImageTag, parse_tag
from service.domain.version import Branch, KairosVersion, KubernetesVersion
from tests.lists import FETCHED_AT
from tests.policies import DEFAULTS


def core(version: str, *, base: str = "24.04") -> str:
    """Write the tag of a core image."""
    return f"{base}-core-amd64-generic-{version}"


def standard(version: str, kubernetes: str | None, *, base: str = "24.04") -> str:
    """Write the tag of a standard image, with a Kubernetes such as ``1.31.2`` or ``1.31.2-k3s2``.

    ``None`` leaves the Kubernetes part out.
    """
    tag = f"{base}-standard-amd64-generic-{version}"
    if kubernetes is None:
        return tag
    revision = "" if "-" in kubernetes else "-k3s1"
    return f"{tag}-k3s-v{kubernetes}{revision}"


def read_tag(text: str, flavor: str = "ubuntu") -> ImageTag:
    tag = parse_tag(text, flavor)
    assert tag is not None, text
    return tag


def read_image(text: str) -> Image:
    return Image.identify(Reference.parse(text))


def read_kairos(text: str) -> KairosVersion:
    version = KairosVersion.parse(text)
    assert version is not None, text
    return version


def read_kubernetes(text: str) -> KubernetesVersion:
    version = KubernetesVersion.parse(text)
    assert version is not None, text
    return version


def read_branch(text: str) -> Branch:
    branch = Branch.parse(text)
    assert branch is not None, text
    return branch


def index(tags: Iterable[str], flavor: str = "ubuntu") -> Catalogue:
    return Catalogue.from_listing(
        TagListing(Repository("quay.io", f"kairos/{flavor}"), tuple(tags), FETCHED_AT)
    )


def hop(running: str, target: str, policy: Policy = DEFAULTS, *, origin: str | None = None) -> Hop:
    """Make a hop that no rules data speaks of."""
    start = read_tag(origin or running)
    return Hop(read_tag(running), start, read_tag(target), policy, Rules())


def travel(
    running: str, tags: Iterable[str], policy: Policy = DEFAULTS, flavor: str = "ubuntu"
) -> Journey:
    """Make a way through the stream of a tag, without rules data."""
    tag = read_tag(running, flavor)
    return Journey(tag, index(tags, flavor).list_images(tag.stream), policy, Rules())


def ask(  # noqa: PLR0913 - a question has these parts
    running: str,
    catalogue: Catalogue,
    policy: Policy = DEFAULTS,
    *,
    latest: str | None = None,
    official: bool = True,
    boot_state: str = "active",
) -> Recommendation:
    """Ask, without rules data, what a node that runs a tag of a repository should move to."""
    image = Image.identify(Reference(catalogue.repository, running))
    branch = read_branch(latest) if latest else None
    question = Question(
        running=image,
        standing=image,
        policy=policy,
        official=official,
        boot_state=boot_state,
        form="json",
    )
    known = LatestBranch(branch, expected=official)
    return recommend(Situation.survey(question, catalogue, Rules(), known))
