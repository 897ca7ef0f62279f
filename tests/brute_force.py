"""The rules of a recommendation once more: naive, slow, and on the text of the tags alone.

Nothing here knows the service. It reads a tag with the one expression that describes them all,
looks at every image at every step, and follows the rules word by word.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

# All of Kairos' tags since v2.4.2, signatures and raw disks apart.
TAG = re.compile(
    r"^(?P<fr>.+)-(?P<variant>core|standard)-(?P<arch>amd64|arm64|riscv64)-(?P<model>.+?)"
    r"-(?P<version>v\d+\.\d+\.\d+(?:-(?:alpha|beta|rc|RC)\.?\d+)?)(?P<dev>-\d+-g[0-9a-f]+)?"
    r"(?:-(?:(?P<distro>k3s|k0s)?-?v?(?P<kv>\d+\.\d+\.\d+(?:-rc\d+)?)"
    r"(?:-(?:k3s(?P<k3>\d+)|k0s\.(?P<k0>\d+)|(?P<luet>\d+)))?))?(?P<uki>-uki)?$"
)
_VERSION = re.compile(r"v(\d+)\.(\d+)\.(\d+)(?:-([a-zA-Z]+)\.?(\d+))?(?:-(\d+)-g\w+)?")
_FINAL = "~"  # Sorts after alpha, beta and rc.
_MAX_HOPS = 20


class StreamNotFound(Exception):  # noqa: N818 - an outcome, not an error
    """No image of the stream is listed."""


class KubernetesUnknown(Exception):  # noqa: N818 - an outcome, not an error
    """The running tag names no Kubernetes, newer ones do."""


@dataclass(frozen=True)
class Wishes:
    """A policy, in the words of the query."""

    max_step: str = "major"
    max_version: str | None = None
    kubernetes: str = "minimal"
    max_kubernetes: str | None = None
    flavor_release: str = "same"
    prerelease: bool = False
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    status: str
    path: tuple[str, ...]


def is_noise(tag: str) -> bool:
    if tag.startswith("sha256-") or tag.endswith(("-img", ".img", ".sig", ".att", ".sbom")):
        return True
    match = TAG.match(tag)
    return match is None or match["dev"] is not None


@cache
def read(tag: str) -> re.Match[str]:
    match = TAG.match(tag)
    assert match is not None, tag
    return match


def release(tag: str) -> str:
    """Give the Kairos version, with what ``git describe`` adds."""
    match = read(tag)
    return match["version"] + (match["dev"] or "")


def kairos_key(version: str) -> tuple[int, int, int, str, int, int]:
    match = _VERSION.fullmatch(version)
    assert match is not None, version
    major, minor, patch, stage, number, commits = match.groups()
    return (
        int(major),
        int(minor),
        int(patch),
        stage.lower() if stage else _FINAL,
        int(number or 0),
        int(commits or 0),
    )


@cache
def kairos(tag: str) -> tuple[int, int, int, str, int, int]:
    return kairos_key(release(tag))


def branch(tag: str) -> tuple[int, int]:
    return kairos(tag)[:2]


def is_prerelease(tag: str) -> bool:
    return kairos(tag)[3] != _FINAL


def distribution(tag: str) -> str | None:
    """Give ``k3s`` or ``k0s``; None on core and on a tag that names none."""
    match = read(tag)
    if match["variant"] == "core" or match["kv"] is None:
        return None
    if match["distro"]:
        return match["distro"]
    return "k3s" if match["k3"] else "k0s"


@cache
def kubernetes(tag: str) -> tuple[int, int, int, float, int] | None:
    if distribution(tag) is None:
        return None
    match = read(tag)
    numbers, _, rc = match["kv"].partition("-rc")
    major, minor, patch = map(int, numbers.split("."))
    first = 1 if distribution(tag) == "k3s" else 0
    revision = match["k3"] or match["k0"] or first
    return major, minor, patch, int(rc) if rc else float("inf"), int(revision)


def kubernetes_minor(tag: str) -> tuple[int, int] | None:
    version = kubernetes(tag)
    return version[:2] if version else None


def is_unknown(tag: str) -> bool:
    return read(tag)["variant"] == "standard" and kubernetes(tag) is None


def flavor_release(tag: str, flavor: str) -> str:
    if flavor == "hadron":
        return "floats"
    aliases = {"bookworm": "12", "tumbleweed": "tumbleweed-latest"}
    return aliases.get(read(tag)["fr"], read(tag)["fr"])


def is_same_stream_but_for_flavor_release(tag: str, other: str) -> bool:
    one, two = read(tag), read(other)
    if any(one[part] != two[part] for part in ("variant", "arch", "model", "uki")):
        return False
    if is_unknown(tag) or is_unknown(other):
        return True
    return distribution(tag) == distribution(other)


def is_same_stream(tag: str, other: str, flavor: str) -> bool:
    same_base = flavor_release(tag, flavor) == flavor_release(other, flavor)
    return same_base and is_same_stream_but_for_flavor_release(tag, other)


def is_higher_flavor_release(base: str, floor: str) -> bool:
    one = re.fullmatch(r"([a-z]+-)?([\d.]+)", base)
    two = re.fullmatch(r"([a-z]+-)?([\d.]+)", floor)
    if one is None or two is None or one[1] != two[1]:
        return False
    return numbers(base) > numbers(floor)


def numbers(base: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", base)]


def is_newer(tag: str, origin: str) -> bool:
    if kairos(tag) != kairos(origin):
        return kairos(tag) > kairos(origin)
    new, old = kubernetes(tag), kubernetes(origin)
    return new is not None and old is not None and new > old


@dataclass(frozen=True)
class Node:
    """A question: what runs, in which repository, with which list."""

    flavor: str
    running: str
    tags: Sequence[str]
    wishes: Wishes

    def stream(self, tag: str) -> list[str]:
        images = [each for each in self.tags if not is_noise(each)]
        return [each for each in images if is_same_stream(each, tag, self.flavor)]

    def candidates(self, origin: str) -> list[str]:
        """Give what a hop may go to: the stream and, where asked for, higher flavor releases."""
        found = self.stream(self.running)
        if self.wishes.flavor_release == "follow":
            found += [
                tag
                for tag in self.tags
                if not is_noise(tag)
                and is_same_stream_but_for_flavor_release(tag, self.running)
                and is_higher_flavor_release(
                    flavor_release(tag, self.flavor), flavor_release(self.running, self.flavor)
                )
            ]
        floor = flavor_release(origin, self.flavor)
        bases = {tag: flavor_release(tag, self.flavor) for tag in found}
        return [
            tag
            for tag in found
            if bases[tag] == floor or is_higher_flavor_release(bases[tag], floor)
        ]


def recommend(node: Node, latest: tuple[int, int] | None) -> Answer:
    """Answer a question for a repository that is not official."""
    if not node.stream(node.running):
        raise StreamNotFound
    ahead = [
        tag
        for tag in node.candidates(node.running)
        if kairos(tag) > kairos(node.running) and (node.wishes.prerelease or not is_prerelease(tag))
    ]
    if is_unknown(node.running) and any(kubernetes(tag) for tag in ahead):
        raise KubernetesUnknown
    path = plan(node)
    return Answer("upgrade_available" if path else status(node, ahead, latest), path)


def status(node: Node, ahead: list[str], latest: tuple[int, int] | None) -> str:
    """Read the table of statuses for a node without a target."""
    stream = node.stream(node.running)
    if all(kairos(node.running) > kairos(tag) for tag in stream):
        return "ahead"
    if ahead and all(is_against_wishes(node, node.running, tag) for tag in ahead):
        return "withheld"
    if ahead:
        return "blocked"
    stable = [branch(tag) for tag in stream if not is_prerelease(tag)]
    if latest and stable and max(stable) < latest:
        return "end_of_line"
    return "up_to_date"


def plan(node: Node) -> tuple[str, ...]:
    path: list[str] = []
    origin = node.running
    while len(path) < _MAX_HOPS:
        target = choose(node, origin)
        if target is None:
            break
        path.append(target)
        raised = kubernetes_minor(target) != kubernetes_minor(origin)
        if node.wishes.kubernetes == "next" and raised:
            node = replace(node, wishes=replace(node.wishes, kubernetes="minimal"))
        origin = target
    return tuple(path)


def choose(node: Node, origin: str) -> str | None:
    legal = [
        tag
        for tag in node.candidates(origin)
        if is_newer(tag, origin)
        and is_safe(node, origin, tag)
        and not is_against_wishes(node, origin, tag)
        and not is_held(node, origin, tag)
    ]
    if not legal:
        return None
    newest = max(kairos(tag) for tag in legal)
    legal = [tag for tag in legal if kairos(tag) == newest]
    lowest = min(numbers(flavor_release(tag, node.flavor)) for tag in legal)
    legal = [tag for tag in legal if numbers(flavor_release(tag, node.flavor)) == lowest]
    same = [tag for tag in legal if kubernetes_minor(tag) == kubernetes_minor(origin)]
    other = [tag for tag in legal if tag not in same]
    wanted = (other or same) if node.wishes.kubernetes in {"next", "latest"} else (same or other)
    highest = max(kubernetes(tag) or () for tag in wanted)
    equal = [tag for tag in wanted if (kubernetes(tag) or ()) == highest]
    return min(equal, key=lambda tag: (len(tag), tag))


def is_safe(node: Node, origin: str, tag: str) -> bool:
    if is_prerelease(tag) and not node.wishes.prerelease:
        return False
    if is_unknown(tag) != is_unknown(origin):
        return False
    new, old = kubernetes(tag), kubernetes(origin)
    if new is None or old is None:
        return True
    one_up = (old[0], old[1] + 1)
    return distribution(tag) == distribution(origin) and new >= old and new[:2] <= one_up


def is_against_wishes(node: Node, origin: str, tag: str) -> bool:
    wishes = node.wishes
    excluded = {kairos_key(version) for version in wishes.exclude}
    keeps = wishes.kubernetes == "keep" and leaves_minor(origin, tag)
    return (
        kairos(tag) in excluded
        or (wishes.max_step == "minor" and kairos(tag)[:1] != kairos(node.running)[:1])
        or (wishes.max_step == "patch" and kairos(tag)[:2] != kairos(node.running)[:2])
        or (wishes.max_version is not None and is_above(tag, wishes.max_version))
        or is_kubernetes_above(origin, tag, wishes.max_kubernetes)
        or keeps
    )


def is_above(tag: str, ceiling: str) -> bool:
    if ceiling.count(".") == 1:
        return branch(tag) > tuple(numbers(ceiling))
    return kairos(tag) > kairos_key(ceiling)


def is_kubernetes_above(origin: str, tag: str, ceiling: str | None) -> bool:
    """Tell whether a step may pass a ceiling; from known to unknown, another rule refuses it."""
    minor = kubernetes_minor(tag)
    if ceiling is None:
        return False
    return stays_unknown(origin, tag) or (minor is not None and minor > tuple(numbers(ceiling)))


def stays_unknown(origin: str, tag: str) -> bool:
    return is_unknown(origin) and is_unknown(tag)


def leaves_minor(origin: str, tag: str) -> bool:
    """Tell whether ``keep`` refuses a step; from known to unknown, another rule does."""
    if is_unknown(origin) or is_unknown(tag):
        return stays_unknown(origin, tag)
    return kubernetes_minor(tag) != kubernetes_minor(origin)


def is_held(node: Node, origin: str, tag: str) -> bool:
    """Tell whether ``minimal`` keeps the minor, as it does on one and the same release."""
    if node.wishes.kubernetes != "minimal" or kairos(tag) != kairos(origin):
        return False
    return kubernetes_minor(tag) != kubernetes_minor(origin)
