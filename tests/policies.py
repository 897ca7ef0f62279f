"""Policies that many tests ask with, by what they change of the defaults."""

from service.domain.policy import (
    FlavorReleasePolicy,
    KubernetesPreference,
    MaxStep,
    Policy,
    VersionCeiling,
)
from service.domain.version import Branch, KairosVersion

DEFAULTS = Policy()
PATCH = Policy(max_step=MaxStep.PATCH)
MINOR = Policy(max_step=MaxStep.MINOR)
MINIMAL = Policy(kubernetes=KubernetesPreference.MINIMAL)
KEEP = Policy(kubernetes=KubernetesPreference.KEEP)
NEXT = Policy(kubernetes=KubernetesPreference.NEXT)
LATEST = Policy(kubernetes=KubernetesPreference.LATEST)
FOLLOW = Policy(flavor_release=FlavorReleasePolicy.FOLLOW)
PRERELEASE = Policy(prerelease=True)
UP_TO_3_2 = Policy(max_version=VersionCeiling.parse("3.2"))
UP_TO_1_31 = Policy(max_kubernetes=Branch(1, 31))
WITHOUT_3_3 = Policy(exclude=frozenset({KairosVersion.of("v3.3.0")}))
