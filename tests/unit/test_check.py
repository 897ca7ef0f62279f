"""Whether a step is safe, by what an advisor is told."""

from collections.abc import Mapping, Sequence

import pytest

from service.advisor import CheckRequest
from service.domain.check import Check
from service.domain.delivery import Delivery
from service.domain.legality import Refusal
from service.domain.policy import KubernetesPreference, MaxStep
from service.domain.reference import Reference
from service.domain.rules import Rules
from service.errors import (
    NotAnOsImageError,
    RegistryUnavailableError,
    RepositoryNotAllowedError,
    RepositoryNotFoundError,
    ServiceError,
    StreamNotFoundError,
    UnversionedTagError,
)
from tests.advising import (
    HADRON,
    NO_RULES,
    OFFICIAL,
    UBUNTU,
    World,
    bar,
    rename,
    stop,
    withdraw,
)
from tests.asking import core, standard
from tests.fakes import DIGEST, FakeVerifier

LATEST = ("v0.5.1-core-amd64-generic-v4.2.0",)
LEGACY = f"{OFFICIAL}/core-ubuntu-22-lts"
RENAMED = rename("core-ubuntu-22-lts", "ubuntu", "22.04")


def check(
    origin: str,
    target: str,
    tags: Sequence[str] = (),
    rules: Rules = NO_RULES,
    verifier: FakeVerifier | None = None,
) -> Check:
    """Check a step within the official Ubuntu repository, which lists both images and others."""
    listed = [origin, target, *tags]
    return check_between(
        {UBUNTU: listed}, f"{UBUNTU}:{origin}", f"{UBUNTU}:{target}", rules, verifier
    )


def check_between(
    lists: Mapping[str, Sequence[str] | ServiceError],
    origin: str,
    target: str,
    rules: Rules = NO_RULES,
    verifier: FakeVerifier | None = None,
) -> Check:
    world = World({HADRON: LATEST, **lists}, own=rules, verifier=verifier)
    request = CheckRequest(Reference.parse(origin), Reference.parse(target))
    return world.build_advisor().check_upgrade(request)


def refusals_of(answer: Check) -> list[str]:
    return [str(reason.code) for reason in answer.refusals]


def warnings_of(answer: Check) -> set[str]:
    return {str(reason.code) for reason in answer.warnings}


def test_a_step_within_the_supported_branch_is_ok() -> None:
    answer = check(core("v4.2.0"), core("v4.2.1"))

    assert (answer.verdict, answer.reasons) == ("ok", ())
    assert answer.change.kairos == "patch"


def test_what_is_for_information_only_spoils_no_verdict() -> None:
    answer = check(core("v4.2.0-rc1"), core("v4.2.0"))

    assert (answer.verdict, warnings_of(answer)) == ("ok", {"running_prerelease"})


@pytest.mark.parametrize("image", [core("v3.1.0"), core("v3.1.0-rc1"), f"{core('v3.1.0')}-uki"])
def test_the_same_image_twice_is_ok_and_needs_no_list(image: str) -> None:
    answer = check_between({}, f"{UBUNTU}:{image}", f"{UBUNTU}:{image}@{DIGEST}")

    assert (answer.verdict, answer.reasons, answer.change.kairos) == ("ok", (), "none")


@pytest.mark.parametrize(
    ("origin", "target", "refusals"),
    [
        (core("v4.2.1"), core("v4.2.0"), ["downgrade"]),
        (
            standard("v4.2.0", "1.33.1"),
            standard("v4.2.1", "1.35.1"),
            ["kubernetes_minor_skipped"],
        ),
        (standard("v4.2.0", "1.33.2"), standard("v4.2.1", "1.33.1"), ["kubernetes_downgrade"]),
        (
            standard("v4.2.1", "1.33.2"),
            standard("v4.2.0", "1.33.1"),
            ["downgrade", "kubernetes_downgrade"],
        ),
        (standard("v4.2.0", None), standard("v4.2.1", "1.33.1"), ["kubernetes_unknown"]),
        (core("v4.2.0"), core("v4.2.1", base="22.04"), ["stream_differs"]),
        (core("v4.2.1"), standard("v4.2.0", "1.33.1"), ["stream_differs", "downgrade"]),
        (standard("v4.2.0", "1.33.1"), standard("v4.2.0", "1.34.1"), []),
    ],
)
def test_every_rule_that_speaks_against_a_step_is_told(
    origin: str, target: str, refusals: list[str]
) -> None:
    answer = check(origin, target)

    assert refusals_of(answer) == refusals
    assert (answer.verdict == "refuse") is bool(refusals)


@pytest.mark.parametrize(
    ("rules", "refusal", "url"),
    [
        (withdraw("v4.2.1"), "withdrawn", "https://kairos.io/x"),
        (bar("<4.2.1", ">=4.2.1"), "barrier", "https://kairos.io/x"),
        (stop(freeze=True), "excluded", None),
        (stop(max_step=MaxStep.PATCH), None, None),
    ],
)
def test_rules_of_the_operator_refuse_with_their_link(
    rules: Rules, refusal: str | None, url: str | None
) -> None:
    answer = check(core("v4.2.0"), core("v4.2.1"), rules=rules)

    told = [(str(reason.code), reason.url) for reason in answer.refusals]
    assert told == ([(refusal, url)] if refusal else [])


def test_the_operator_s_policy_is_not_passed() -> None:
    narrow = stop(max_step=MaxStep.PATCH, kubernetes=KubernetesPreference.KEEP)

    answer = check(standard("v4.1.0", "1.33.1"), standard("v4.2.0", "1.34.1"), rules=narrow)

    assert refusals_of(answer) == ["above_max_step", "kubernetes_minor_held"]


@pytest.mark.parametrize(
    ("origin", "target", "code"),
    [
        (core("v3.7.0"), core("v4.2.0"), "major_jump"),
        (standard("v4.1.0", "1.33.1"), standard("v4.2.0", "1.34.1"), "kubernetes_minor_change"),
        (standard("v4.1.0", None), standard("v4.2.0", None), "kubernetes_version_unknown"),
        (core("v4.1.0"), core("v4.2.0-rc1"), "prerelease"),
        (core("v4.1.0", base="22.04"), core("v4.2.0"), "stream_differs"),
        (f"{core('v4.1.0')}-uki", f"{core('v4.2.0')}-uki", "manual"),
    ],
)
def test_what_to_know_before_a_step_refuses_nothing(origin: str, target: str, code: str) -> None:
    answer = check(origin, target)

    assert (answer.verdict, code in warnings_of(answer)) == ("warn", True)


def test_a_step_back_carries_no_warning_of_a_step_forward() -> None:
    answer = check(core("v4.2.0"), core("v3.7.0"))

    assert "major_jump" not in warnings_of(answer)


def test_an_image_that_is_not_listed_cannot_be_pulled() -> None:
    answer = check_between(
        {UBUNTU: [core("v4.2.0")]}, f"{UBUNTU}:{core('v4.2.0')}", f"{UBUNTU}:{core('v4.2.9')}"
    )

    assert refusals_of(answer) == ["not_pullable"]


def test_another_spelling_of_an_image_is_refused_with_the_one_that_is_published() -> None:
    published = standard("v4.2.0", "1.34.1")
    answer = check_between(
        {UBUNTU: [standard("v4.1.0", "1.34.1"), published]},
        f"{UBUNTU}:{standard('v4.1.0', '1.34.1')}",
        f"{UBUNTU}:{published.replace('k3s-v', 'k3sv')}",
    )

    assert refusals_of(answer) == ["not_pullable"]
    assert answer.refusals[0].message.endswith(f"the same is published as {published}")


@pytest.mark.parametrize(
    ("delivery", "refusals", "warnings"),
    [
        (Delivery(DIGEST), [], set()),
        (Delivery(refusal=Refusal.NOT_PULLABLE), ["not_pullable"], set()),
        (Delivery(DIGEST, refusal=Refusal.PLATFORM_MISSING), ["platform_missing"], set()),
        (Delivery(trouble="no answer"), [], {"target_not_verified"}),
    ],
)
def test_the_registry_is_asked_for_the_target(
    delivery: Delivery, refusals: list[str], warnings: set[str]
) -> None:
    verifier = FakeVerifier()
    verifier.answers[core("v4.2.1")] = delivery

    answer = check(core("v4.2.0"), core("v4.2.1"), verifier=verifier)

    assert (refusals_of(answer), warnings_of(answer)) == (refusals, warnings)
    assert verifier.asked == [f"{UBUNTU}:{core('v4.2.1')}"]


def test_what_the_registry_has_is_published_though_the_list_is_older() -> None:
    answer = check_between(
        {UBUNTU: [core("v4.2.0")]},
        f"{UBUNTU}:{core('v4.2.0')}",
        f"{UBUNTU}:{core('v4.2.9')}",
        verifier=FakeVerifier(),
    )

    assert answer.verdict == "ok"


def test_a_target_by_a_digest_that_its_tag_has_no_more_is_not_verified() -> None:
    answer = check_between(
        {UBUNTU: [core("v4.2.0"), core("v4.2.1")]},
        f"{UBUNTU}:{core('v4.2.0')}@{DIGEST}",
        f"{UBUNTU}:{core('v4.2.1')}@sha256:{'b' * 64}",
        verifier=FakeVerifier(),
    )

    assert (answer.verdict, warnings_of(answer)) == ("warn", {"target_not_verified"})


@pytest.mark.parametrize(
    ("target", "verdict"),
    [
        (f"{UBUNTU}:{core('v2.5.0', base='22.04')}", "warn"),
        (f"{LEGACY}:v2.4.1", "warn"),
        (f"{UBUNTU}:{core('v2.5.0', base='20.04')}", "refuse"),
        (f"{UBUNTU}:{standard('v2.5.0', '1.27.1', base='22.04')}", "refuse"),
    ],
)
def test_a_renamed_repository_goes_on_in_its_successor(target: str, verdict: str) -> None:
    lists = {LEGACY: ["v2.4.0", "v2.4.1"], UBUNTU: [core("v2.5.0", base="22.04")]}

    answer = check_between(lists, f"{LEGACY}:v2.4.0", target, RENAMED)

    assert answer.verdict == verdict
    if verdict == "warn":
        [renamed] = [each for each in answer.warnings if each.code == "repository_renamed"]
        assert renamed.message.endswith("ubuntu")


@pytest.mark.parametrize(
    ("image", "error"),
    [
        ("docker.io/library/debian:12", RepositoryNotAllowedError),
        (f"{UBUNTU}:latest", UnversionedTagError),
        (f"{UBUNTU}:{core('v4.2.0')}-img", NotAnOsImageError),
    ],
)
def test_an_error_says_which_of_the_two_images_it_is_about(
    image: str, error: type[ServiceError]
) -> None:
    good = f"{UBUNTU}:{core('v4.2.0')}"

    with pytest.raises(error, match=r"^from: "):
        check_between({}, image, good)
    with pytest.raises(error, match=r"^to: "):
        check_between({}, good, image)


@pytest.mark.parametrize(
    ("listed", "error"),
    [
        (RegistryUnavailableError("silent"), RegistryUnavailableError),
        (RepositoryNotFoundError("gone"), RepositoryNotFoundError),
        ([core("v4.2.0", base="13")], StreamNotFoundError),
    ],
)
def test_what_cannot_be_told_is_an_error(
    listed: Sequence[str] | ServiceError, error: type[ServiceError]
) -> None:
    with pytest.raises(error):
        check_between({UBUNTU: listed}, f"{UBUNTU}:{core('v4.2.0')}", f"{UBUNTU}:{core('v4.2.1')}")


def test_a_repository_that_is_another_is_never_asked_for() -> None:
    other = f"{OFFICIAL}/debian"

    answer = check_between({}, f"{UBUNTU}:{core('v4.2.0')}", f"{other}:{core('v4.2.1')}")

    assert refusals_of(answer) == ["stream_differs"]
