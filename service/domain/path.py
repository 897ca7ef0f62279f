"""Which image to go to, and by which hops: domain rules 5 and 6."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from service.domain.change import raises_kubernetes_minor
from service.domain.legality import (
    Gate,
    Hop,
    Refusal,
    is_newer,
    list_lanes,
)
from service.domain.lineup import Lane, Lineup
from service.domain.policy import KubernetesPreference, Policy
from service.domain.rules import Rules
from service.domain.tag import ImageTag, base_order, is_lower_base

# A path ends by itself, for each hop takes a newer image. A list made to have hundreds of hops is
# not worth an answer of hundreds of images.
MAX_HOPS = 20


@dataclass(frozen=True, slots=True)
class Journey:
    """A node's way through its stream.

    Attributes:
        running: What the node runs.
        images: The images of its stream, lowest Kairos and then Kubernetes version first.
        rules: Those that speak of the running image.
        undelivered: The tags that the registry cannot deliver, as they are spelled, and why.
    """

    running: ImageTag
    images: Lineup
    policy: Policy
    rules: Rules
    undelivered: Mapping[str, Refusal] = field(default_factory=dict)

    def hop(self, origin: ImageTag, target: ImageTag) -> Hop:
        """Give the hop between two images of this journey."""
        return Hop(self.running, origin, target, self.policy, self.rules, self.undelivered)

    def newer(self, origin: ImageTag) -> Iterator[ImageTag]:
        """Give the images newer than one, highest first."""
        release = origin.version.order
        for image in reversed(self.images.since(origin.version)):
            is_ahead = image.version.order > release or is_newer(image, origin)
            if is_ahead and not is_lower_base(image.base, origin.base):
                yield image

    def newer_by_lane(self) -> Iterator[tuple[Lane, Sequence[ImageTag]]]:
        """Give the images newer than the running one, lowest first in each lane.

        None is of a lower flavor release: those of the stream and of followed ones are not.
        """
        running = self.running
        for lane in self.images.lanes:
            if lane.images[-1].version.order < running.version.order:
                continue
            images = lane.since(running.version)
            # Those of the same release are few, and by Kubernetes.
            while images and not is_newer(images[0], running):
                images = images[1:]
            if images:
                yield lane, images

    def newer_releases(self) -> Iterator[ImageTag]:
        """Give the images of a higher release than the running one, stable or asked for."""
        for image in self.newer(self.running):
            wanted = self.policy.prerelease or not image.version.is_prerelease
            if wanted and image.version > self.running.version:
                yield image

    def find_incomparable(self) -> ImageTag | None:
        """Find a newer image whose known Kubernetes may be below the unknown running one."""
        if not self.running.has_unknown_kubernetes:
            return None
        return next((image for image in self.newer_releases() if image.kubernetes), None)


def choose_target(journey: Journey, origin: ImageTag) -> ImageTag | None:
    """Choose where to go from an image: the highest Kairos release with a legal image.

    Source: domain rule 5.
    """
    gate: Gate | None = None
    ceiling = journey.policy.find_ceiling(journey.running.version)
    highest = release = origin.version.order
    legal: list[ImageTag] = []
    for lane in journey.images.find_lanes(list_lanes(origin, journey.policy)):
        images = lane.until(ceiling)
        for image in reversed(images):
            order = image.version.order
            if order < highest:
                break
            # The bases of most streams are one, and asking for their order costs a call.
            is_lower = image.base != origin.base and is_lower_base(image.base, origin.base)
            if is_lower or (order == release and not is_newer(image, origin)):
                continue
            # At the end of a path nothing is onward, and no gate is made.
            gate = gate or Gate(journey, origin, within_lanes=True)
            refusal = gate.find_refusal(image)
            if refusal is None:
                if order > highest:
                    highest, legal = order, []
                legal.append(image)
            elif image is images[-1] and gate.refuses_all(refusal, lane, origin):
                break
    return _prefer(legal, origin, journey.policy) if legal else None


def plan_path(journey: Journey) -> tuple[ImageTag, ...]:
    """Plan the hops from the running image until nothing is newer; empty where there are none.

    Source: domain rule 6.
    """
    path: list[ImageTag] = []
    origin = journey.running
    while len(path) < MAX_HOPS and (target := choose_target(journey, origin)):
        path.append(target)
        journey = _after(journey, origin, target)
        origin = target
    return tuple(path)


def _after(journey: Journey, origin: ImageTag, target: ImageTag) -> Journey:
    """Keep to one Kubernetes minor up where only one was asked for."""
    once = journey.policy.kubernetes_preference is KubernetesPreference.NEXT
    if not (once and raises_kubernetes_minor(origin, target)):
        return journey
    minimal = replace(journey.policy, kubernetes=KubernetesPreference.MINIMAL)
    return replace(journey, policy=minimal)


def _prefer(legal: Sequence[ImageTag], origin: ImageTag, policy: Policy) -> ImageTag:
    """Choose among the legal images of one release.

    The lowest flavor release, then the wanted Kubernetes minor, then its highest version; equal
    ones differ only in spelling, where the shortest says the least that means nothing.
    """
    if len(legal) == 1:
        return legal[0]
    up = KubernetesPreference.NEXT, KubernetesPreference.LATEST
    upwards = policy.kubernetes_preference in up

    def preference_order(image: ImageTag) -> tuple[object, ...]:
        wanted = raises_kubernetes_minor(origin, image) is upwards
        return wanted, image.kubernetes.order if image.kubernetes else ()

    lowest = min(_base_key(image) for image in legal)
    same_base = [image for image in legal if _base_key(image) == lowest]
    best = max(preference_order(image) for image in same_base)
    equal = (image for image in same_base if preference_order(image) == best)
    return min(equal, key=lambda image: (len(str(image)), str(image)))


def _base_key(image: ImageTag) -> tuple[object, ...]:
    return base_order(image.base) or ()
