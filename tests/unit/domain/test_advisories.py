"""Every built-in advisory, with a step that it concerns and one that it does not."""

from dataclasses import dataclass

import pytest

from service.adapters.rules_file import load_builtin_rules
from service.domain.image import Image
from service.domain.reference import Reference
from service.domain.rules import Rulebook, Rules
from tests.asking import read_tag


@dataclass(frozen=True, slots=True)
class Step:
    """From a running image, within its repository, to a tag; in a form of the answer."""

    running: str
    target: str | None
    form: str = "json"


def _core(running: str, target: str, identity: str = "ubuntu:22.04-core-amd64-generic") -> Step:
    tag = identity.partition(":")[2]
    return Step(f"{identity}-{running}", f"{tag}-{target}")


def _uki(running: str, target: str, identity: str = "fedora:40-core-amd64-generic") -> Step:
    return _core(f"{running}-uki", f"{target}-uki", identity)


_STANDARD = "ubuntu:22.04-standard-amd64-generic"
_STANDARD_ARM = "ubuntu:22.04-standard-arm64-generic"
_CORE_ARM = "ubuntu:22.04-core-arm64-generic"
_ALPINE_ARM = "alpine:3.19-core-arm64-rpi4"
_LEAP_RPI4 = "opensuse:leap-15.5-core-arm64-rpi4"
_JETSON = "ubuntu:22.04-standard-arm64-nvidia-jetson-agx-orin"
_HADRON = "hadron:v0.5.1-core-amd64-generic"
_TUMBLEWEED = "opensuse:tumbleweed-latest-core-amd64-generic"

# For each id: what it concerns, and the nearest thing that it does not.
_STEPS = {
    "c3os-rename": (
        Step("core-opensuse:v1.24.3", None),
        Step("core-opensuse:v1.6.0", None),
    ),
    "arm-model-split": (
        _core("v2.3.2", "v2.4.2", "opensuse:leap-15.5-core-arm64-rpi64"),
        _core("v2.3.2", "v2.4.2", _LEAP_RPI4),
    ),
    "alpine-hybrids-removed-2.4.2": (
        Step("core-alpine-ubuntu:v2.4.1", None),
        Step("core-opensuse-leap:v2.4.1", None),
    ),
    "almalinux-removed-2.4.2": (
        Step("core-almalinux:v2.4.1", None),
        Step("core-rockylinux:v2.4.1", None),
    ),
    "elemental-config-ignored-2.4": (_core("v2.3.3-rc1", "v2.5.0"), _core("v2.3.3-rc1", "v3.0.0")),
    "elemental-config-deprecated": (
        _core("v4.1.2", "v4.2.0", _HADRON),
        _core("v4.1.1", "v4.1.2", _HADRON),
    ),
    "partition-sizes-2.5.0": (_core("v2.4.3", "v2.5.0"), _core("v2.4.3", "v3.0.0")),
    "major-2-to-3": (_core("v2.5.0", "v3.0.0"), _core("v3.0.0", "v3.0.1")),
    "rpi-efi-ubuntu": (
        _core("v2.5.0", "v3.0.0", "ubuntu:22.04-core-arm64-rpi4"),
        _core("v2.5.0", "v3.0.0", _CORE_ARM),
    ),
    "alpine-arm-3.0": (
        _core("v2.5.0", "v3.1.0", _ALPINE_ARM),
        _core("v2.5.0", "v3.1.1", _ALPINE_ARM),
    ),
    "opensuse-rpi4-3.0.9": (
        _core("v3.0.8", "v3.0.9", _LEAP_RPI4),
        _core("v3.0.8", "v3.0.10", _LEAP_RPI4),
    ),
    "user-uid-3.1": (_core("v3.0.14", "v3.7.2"), _core("v3.1.0", "v3.7.2")),
    "uki-slim-3.1": (_uki("v3.0.14", "v3.1.0"), _core("v3.0.14", "v3.1.0")),
    "config-dir-order-3.2": (_core("v3.1.3", "v3.2.0"), _core("v3.1.2", "v3.1.3")),
    "kairos-release-file-3.2": (_core("v3.1.3", "v3.2.0"), _core("v3.2.0", "v3.2.1")),
    "k8s-upgrade-3.2.2": (
        _core("v3.2.1", "v3.2.2"),
        Step("ubuntu:22.04-core-amd64-generic-v3.2.1", "22.04-core-amd64-generic-v3.2.2", "text"),
    ),
    "recovery-3.2.4": (_core("v3.2.3", "v3.2.4"), _core("v3.2.3", "v3.3.0")),
    "arm64-tag-3.3.0": (
        _core("v3.2.4-k3sv1.31.3-k3s1", "v3.3.0", _STANDARD_ARM),
        _core("v3.2.4", "v3.3.0", _CORE_ARM),
    ),
    "arm64-tag-3.3.1": (
        _core("v3.2.4-k3sv1.31.3-k3s1", "v3.3.1-k3s1.31.4-1", _STANDARD_ARM),
        _core("v3.2.4-k3sv1.31.3-k3s1", "v3.3.1-k3sv1.31.4-k3s1", _STANDARD),
    ),
    "kairos-init-3.4": (_core("v3.3.6", "v3.4.0"), _core("v3.3.5", "v3.3.6")),
    "ssh-hostkey-3.4.0": (_core("v3.3.6", "v3.4.0"), _core("v3.3.6", "v3.4.1")),
    "tag-k8s-no-v-3.4": (
        _core("v3.3.6-k3sv1.31.4-k3s1", "v3.4.1-k3s1.31.7-k3s1", _STANDARD),
        _core("v3.3.6-k3sv1.31.4-k3s1", "v3.4.2-k3sv1.31.7-k3s1", _STANDARD),
    ),
    "uki-old-kernel-3.4": (
        _uki("v3.3.6", "v3.4.2", "ubuntu:24.04-core-amd64-generic"),
        _uki("v3.3.6", "v3.4.2"),
    ),
    "tag-k8s-dash-3.5": (
        _core("v3.4.2-k3sv1.32.3-k3s1", "v3.5.0-k3s-v1.32.6-k3s1", _STANDARD),
        _core("v3.4.2", "v3.5.0"),
    ),
    "suc-deprecated": (
        _core("v3.4.2", "v3.5.0"),
        Step("ubuntu:22.04-core-amd64-generic-v3.4.2", "22.04-core-amd64-generic-v3.5.0", "text"),
    ),
    "arm64-gap-3.5": (_core("v3.5.0", "v3.5.1", _CORE_ARM), _core("v3.5.0", "v3.6.0", _CORE_ARM)),
    "k3s-patch-back-3.6.0": (
        _core("v3.5.9-k3s-v1.33.6-k3s1", "v3.6.0-k3s-v1.34.1-k3s1", _STANDARD),
        _core("v3.5.8-k3s-v1.33.5-k3s1", "v3.6.0-k3s-v1.34.1-k3s1", _STANDARD),
    ),
    "image-size-3.6": (_core("v3.5.10", "v3.6.0"), _core("v3.5.9", "v3.5.10")),
    "tumbleweed-end": (
        _core("v3.5.9", "v3.5.10", _TUMBLEWEED),
        _core("v3.5.9", "v3.5.10", "opensuse:leap-15.6-core-amd64-generic"),
    ),
    "ubuntu-2410-end": (
        _core("v3.5.2", "v3.5.3", "ubuntu:24.10-core-amd64-generic"),
        _core("v3.5.2", "v3.5.3", "ubuntu:24.04-core-amd64-generic"),
    ),
    "debian-13": (
        Step("debian:12-core-amd64-generic-v3.6.0", "13-core-amd64-generic-v3.7.2"),
        _core("v3.5.10", "v3.6.0", "debian:12-core-amd64-generic"),
    ),
    "operator-exclude-path": (
        Step(
            "ubuntu:22.04-core-amd64-generic-v3.5.9",
            "22.04-core-amd64-generic-v3.5.10",
            "nodeopupgrade",
        ),
        _core("v3.5.9", "v3.5.10"),
    ),
    "v4-hadron-only": (_core("v3.7.1", "v3.7.2"), _core("v3.7.1", "v3.7.2", _JETSON)),
    "v3-eol": (
        _core("v3.7.1", "v3.7.2", "hadron:v0.0.1-core-amd64-generic"),
        _core("v3.7.2", "v4.0.0", "hadron:v0.0.1-core-amd64-generic"),
    ),
    "uki-loader-key": (
        _uki("v3.6.0", "v4.0.0", _HADRON),
        _uki("v3.7.0", "v4.0.0", _HADRON),
    ),
    "uki-systemd257-4.0": (
        _uki("v3.7.2", "v4.0.3", _HADRON),
        _uki("v3.7.2", "v4.1.0", _HADRON),
    ),
    "hadron-hardening-4.2": (
        _core("v4.1.2", "v4.2.0", _HADRON),
        _core("v4.1.2", "v4.2.0", "ubuntu:22.04-core-arm64-nvidia-jetson-orin-nx"),
    ),
    "jetson-standard-no-k3s-tag": (
        _core("v3.7.2-k3s-v1.35.0-k3s3", "v4.0.0", _JETSON),
        _core("v4.0.0", "v4.2.0", _JETSON),
    ),
    "k3s-traefik-3": (
        _core("v3.2.4-k3sv1.31.3-k3s1", "v3.3.0-k3sv1.32.0-k3s1", _STANDARD),
        _core("v3.4.2-k0sv1.31.8-k0s.0", "v3.5.0-k0s-v1.32.7-k0s.0", _STANDARD),
    ),
}


def _find_told(step: Step) -> set[str]:
    image = Image.identify(Reference.parse(f"quay.io/kairos/{step.running}"))
    target = read_tag(step.target, image.flavor) if step.target else None
    rules = Rulebook.combine(load_builtin_rules(), Rules()).rules_for(image, official=True)
    return {
        rule.id
        for rule in rules.advisories
        if rule.applies.matches_form(step.form) and rule.concerns(image.tag, target)
    }


def test_the_table_holds_every_built_in_advisory() -> None:
    assert list(_STEPS) == [rule.id for rule in load_builtin_rules().advisories]


@pytest.mark.parametrize("name", _STEPS)
def test_an_advisory_is_told_where_it_concerns(name: str) -> None:
    concerned, _ = _STEPS[name]

    assert name in _find_told(concerned)


@pytest.mark.parametrize("name", _STEPS)
def test_an_advisory_is_not_told_where_it_does_not_concern(name: str) -> None:
    _, unconcerned = _STEPS[name]

    assert name not in _find_told(unconcerned)
