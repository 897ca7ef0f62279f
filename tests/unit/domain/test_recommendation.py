import pytest

from service.domain.policy import (
    Policy,
)
from service.errors import KubernetesVersionUnknownError, StreamNotFoundError
from tests.asking import ask, core, index, read_tag, standard
from tests.policies import (
    DEFAULTS,
    FOLLOW,
    KEEP,
    NEXT,
    PATCH,
    PRERELEASE,
    UP_TO_1_31,
    UP_TO_3_2,
    WITHOUT_3_3,
)

OLD = standard("v3.2.0", "1.31.2")
NEW = standard("v3.3.0", "1.31.2")
NEXT_MINOR = standard("v3.3.0", "1.32.0")
SKIPPING = standard("v3.3.0", "1.33.0")
LOWER = standard("v3.3.0", "1.30.9")
UNKNOWN = standard("v3.2.0", None)
NEWER_UNKNOWN = standard("v3.3.0", None)


def status(running: str, others: list[str], policy: Policy = DEFAULTS, latest: str = "3.2") -> str:
    """Ask with the running image listed beside others."""
    return ask(running, index([running, *others]), policy, latest=latest).status


def warnings(running: str, tags: list[str], policy: Policy = DEFAULTS) -> set[str]:
    recommendation = ask(running, index(tags), policy, latest="3.3")
    return {warning.code for warning in recommendation.warnings}


@pytest.mark.parametrize(
    ("running", "other", "policy"),
    [
        (core("v3.2.0"), core("v3.2.1"), PATCH),
        (core("v3.2.0"), core("v4.0.0"), DEFAULTS),
        (core("v3.2.0-rc1"), core("v3.2.0"), DEFAULTS),
        (core("v3.1.1-25-g2a7090f"), core("v3.1.2"), DEFAULTS),
        (core("v3.2.0"), core("v3.3.0-rc1"), PRERELEASE),
        (OLD, NEW, KEEP),
        (OLD, NEXT_MINOR, DEFAULTS),
        # Only a newer Kubernetes, on the same release.
        (OLD, standard("v3.2.0", "1.31.3"), KEEP),
        (OLD, standard("v3.2.0", "1.32.0"), NEXT),
        (UNKNOWN, NEWER_UNKNOWN, DEFAULTS),
    ],
)
def test_upgrade_is_available_where_a_target_was_chosen(
    running: str, other: str, policy: Policy
) -> None:
    recommendation = ask(running, index([running, other]), policy, latest="3.2")

    assert recommendation.status == "upgrade_available"
    assert recommendation.target is not None
    assert str(recommendation.target.tag) == other
    assert recommendation.path == (recommendation.target,)
    assert recommendation.successor is None


@pytest.mark.parametrize(
    ("running", "listed"),
    [
        (core("v3.3.0"), [core("v3.2.0")]),
        (core("v3.3.0"), [core("v3.3.0-rc1")]),
        (core("v3.2.0-1-g2a7090f"), [core("v3.2.0")]),
        # The stream's own end does not matter.
        (core("v9.9.9"), [core("v1.0.0")]),
    ],
)
def test_node_above_every_listed_release_of_its_stream_is_ahead(
    running: str, listed: list[str]
) -> None:
    assert ask(running, index(listed), latest="4.2").status == "ahead"


def test_listed_release_is_not_ahead_though_its_kubernetes_is() -> None:
    running = standard("v3.2.0", "1.32.0")

    assert ask(running, index([OLD]), latest="3.2").status == "up_to_date"


def test_listed_prerelease_is_not_ahead() -> None:
    assert status(core("v3.3.0-rc1"), [core("v3.2.0")]) == "up_to_date"


@pytest.mark.parametrize(
    ("other", "policy"),
    [
        (NEW, PATCH),
        (NEW, UP_TO_3_2),
        (NEXT_MINOR, UP_TO_1_31),
        (NEXT_MINOR, KEEP),
        (NEW, WITHOUT_3_3),
        # The policy is among the reasons.
        (SKIPPING, KEEP),
        (LOWER, PATCH),
    ],
)
def test_own_policy_that_refuses_every_newer_release_withholds(other: str, policy: Policy) -> None:
    assert status(OLD, [other], policy) == "withheld"


@pytest.mark.parametrize(
    ("other", "policy"),
    [
        (SKIPPING, DEFAULTS),
        (LOWER, DEFAULTS),
        (NEWER_UNKNOWN, DEFAULTS),
        (NEWER_UNKNOWN, KEEP),
        (NEWER_UNKNOWN, UP_TO_1_31),
    ],
)
def test_newer_release_that_only_safety_refuses_blocks(other: str, policy: Policy) -> None:
    assert status(OLD, [other], policy) == "blocked"


@pytest.mark.parametrize("policy", [KEEP, UP_TO_1_31])
def test_a_ceiling_withholds_what_stays_unknown(policy: Policy) -> None:
    assert status(UNKNOWN, [NEWER_UNKNOWN], policy) == "withheld"


def test_one_image_that_only_safety_refuses_blocks_beside_withheld_ones() -> None:
    others = [NEXT_MINOR, LOWER]
    wider = standard("v3.2.9", "1.30.9")

    assert status(OLD, others, UP_TO_1_31) == "blocked"
    assert status(OLD, others, PATCH) == "withheld"
    assert status(OLD, [*others, wider], PATCH) == "blocked"


@pytest.mark.parametrize(
    ("other", "latest", "expected"),
    [
        (core("v3.3.0-rc1"), "3.2", "up_to_date"),
        (core("v3.3.0-rc1"), "3.3", "end_of_line"),
        (core("v3.1.0"), "3.2", "up_to_date"),
        (core("v3.1.0"), "4.0", "end_of_line"),
        ("22.04-core-amd64-generic-v3.3.0", "3.2", "up_to_date"),
        ("24.04-standard-amd64-generic-v3.3.0", "3.2", "up_to_date"),
        (core("v3.3.0-5-g2a7090f"), "3.2", "up_to_date"),
        (core("v3.3.0-img"), "3.2", "up_to_date"),
    ],
)
def test_without_a_newer_release_the_latest_branch_decides(
    other: str, latest: str, expected: str
) -> None:
    assert status(core("v3.2.0"), [other], latest=latest) == expected


def test_latest_branch_that_is_not_known_ends_no_stream() -> None:
    assert ask(core("v3.2.0"), index([core("v3.2.0")])).status == "up_to_date"


def test_newer_kubernetes_that_is_held_on_the_same_release_is_no_newer_release() -> None:
    assert status(OLD, [standard("v3.2.0", "1.32.0")]) == "up_to_date"


@pytest.mark.parametrize(("official", "expected"), [(True, "manual"), (False, "upgrade_available")])
def test_trusted_boot_is_manual_only_where_the_images_are_official(
    expected: str, *, official: bool
) -> None:
    tags = [core("v3.2.0-uki"), core("v3.2.1-uki"), core("v3.3.0")]

    recommendation = ask(tags[0], index(tags), latest="3.3", official=official)

    found = recommendation.successor if official else recommendation.target
    assert recommendation.status == expected
    assert found is not None
    assert str(found.tag) == tags[1]
    assert (recommendation.target is None) is official
    assert (recommendation.path == ()) is official


def test_trusted_boot_without_anything_newer_is_not_manual() -> None:
    assert status(core("v3.2.0-uki"), [core("v3.3.0")]) == "up_to_date"


@pytest.mark.parametrize(
    ("boot_state", "expected"),
    [
        ("active", "upgrade_available"),
        ("unknown", "upgrade_available"),
        ("passive", "blocked"),
        ("recovery", "blocked"),
        ("livecd", "blocked"),
    ],
)
def test_node_that_has_just_rolled_back_is_blocked(boot_state: str, expected: str) -> None:
    recommendation = ask(OLD, index([OLD, NEW]), latest="3.3", boot_state=boot_state)

    assert recommendation.status == expected
    assert (recommendation.target is None) is (expected == "blocked")


@pytest.mark.parametrize("tags", [[], ["22.04-core-amd64-generic-v3.3.0"], [core("v3.3.0-img")]])
def test_stream_without_an_image_is_not_found(tags: list[str]) -> None:
    with pytest.raises(StreamNotFoundError):
        ask(core("v3.2.0"), index(tags))


def test_stream_that_only_another_flavor_release_has_is_not_found_by_following() -> None:
    with pytest.raises(StreamNotFoundError):
        ask(core("v3.2.0", base="12"), index([core("v3.3.0", base="13")], "debian"), FOLLOW)


@pytest.mark.parametrize(
    "newer", [NEW, "24.04-standard-amd64-generic-v3.3.0-k0s-v1.31.2-k0s.0", SKIPPING]
)
def test_unknown_kubernetes_with_a_known_one_above_is_an_error(newer: str) -> None:
    with pytest.raises(KubernetesVersionUnknownError) as caught:
        ask(UNKNOWN, index([UNKNOWN, newer, NEWER_UNKNOWN]))

    assert str(caught.value) == (
        f"{UNKNOWN} does not tell its Kubernetes version, while newer images such as {newer} do:"
        " give the tag that names it, or the release file of the node"
    )


@pytest.mark.parametrize("other", [OLD, standard("v3.1.0", "1.30.9"), f"{NEW}-uki"])
def test_unknown_kubernetes_without_a_known_one_above_goes_on(other: str) -> None:
    recommendation = ask(UNKNOWN, index([UNKNOWN, other, NEWER_UNKNOWN]))

    assert recommendation.status == "upgrade_available"
    assert recommendation.target is not None
    assert str(recommendation.target.tag) == NEWER_UNKNOWN


def test_following_counts_higher_flavor_releases_among_the_newer_ones() -> None:
    running = standard("v3.2.0", "1.31.2", base="12")
    skipping = standard("v3.3.0", "1.33.0", base="13")
    catalogue = index([running, skipping], "debian")

    assert ask(running, catalogue, FOLLOW, latest="3.2").status == "blocked"
    assert ask(running, catalogue, latest="3.2").status == "up_to_date"


@pytest.mark.parametrize(
    ("running", "tags", "code"),
    [
        (core("v3.2.0"), [core("v4.0.0")], "major_jump"),
        (UNKNOWN, [UNKNOWN, NEWER_UNKNOWN], "kubernetes_version_unknown"),
        (OLD, [NEXT_MINOR], "kubernetes_minor_change"),
        (OLD, [NEXT_MINOR, standard("v3.4.0", "1.33.0")], "multiple_hops"),
        (core("v3.2.0"), [core("v3.3.0")], "running_branch_unsupported"),
        (core("v3.2.0"), [core("v3.2.0")], "stream_end_of_line"),
        (core("v3.3.0-rc1"), [core("v3.3.0-rc1")], "running_prerelease"),
        (core("v3.3.0"), [core("v3.3.1")], "running_not_published"),
        (core("v3.3.0"), [core("v3.2.0")], "running_not_published"),
        # Another Kubernetes, or another spelling, is another image.
        (NEW, [standard("v3.3.0", "1.31.3")], "running_not_published"),
        (NEW, [NEW.replace("-k3s-v", "-k3sv")], "running_not_published"),
        (core("v3.3.0-uki"), [core("v3.3.1"), core("v3.3.1-uki")], "running_not_published"),
        (core("v3.3.0-1-g2a7090f"), [core("v3.3.1")], "development_build"),
    ],
)
def test_warning_appears(running: str, tags: list[str], code: str) -> None:
    assert code in warnings(running, tags)


@pytest.mark.parametrize(
    ("running", "tags", "code"),
    [
        (core("v3.2.0"), [core("v3.3.0")], "major_jump"),
        # A major jump is warned of where it is the next step.
        (
            OLD,
            [standard("v3.3.0", "1.32.0"), standard("v4.0.0", "1.33.0")],
            "major_jump",
        ),
        (OLD, [NEW], "kubernetes_version_unknown"),
        (UNKNOWN, [UNKNOWN], "kubernetes_version_unknown"),
        (core("v3.2.0"), [core("v3.3.0")], "kubernetes_version_unknown"),
        (OLD, [standard("v3.3.0", "1.31.9-k3s3")], "kubernetes_minor_change"),
        (OLD, [NEXT_MINOR], "multiple_hops"),
        (core("v3.3.0"), [core("v3.3.0")], "running_branch_unsupported"),
        (core("v3.2.0"), [core("v3.3.0")], "stream_end_of_line"),
        (core("v3.3.0"), [core("v3.3.0-rc1"), core("v3.3.0")], "running_prerelease"),
        (core("v3.3.0"), [core("v3.3.0"), core("v3.3.1")], "running_not_published"),
        # A tag may keep to itself what a release file tells.
        (NEW, [NEWER_UNKNOWN], "running_not_published"),
        # A trusted boot image is made of a published one, by its owner.
        (core("v3.3.0-uki"), [core("v3.3.0"), core("v3.3.1-uki")], "running_not_published"),
        (core("v3.3.0"), [core("v3.3.1")], "development_build"),
    ],
)
def test_warning_does_not_appear(running: str, tags: list[str], code: str) -> None:
    assert code not in warnings(running, tags)


def test_nothing_is_warned_of_where_there_is_nothing_to_say() -> None:
    assert warnings(core("v3.3.0"), [core("v3.3.0"), core("v3.3.1")]) == set()


@pytest.mark.parametrize(
    ("tags", "codes"),
    [
        ([core("v3.3.0"), core("v3.3.1")], set()),
        ([core("v3.3.0"), core("v4.0.0")], {"major_jump"}),
        ([standard("v3.3.0", None), standard("v3.3.1", None)], {"kubernetes_version_unknown"}),
        ([standard("v3.3.0", "1.31.2"), standard("v3.3.1", "1.32.0")], {"kubernetes_minor_change"}),
        (
            [
                standard("v3.3.0", "1.31.2"),
                standard("v3.3.1", "1.32.0"),
                standard("v3.3.2", "1.33.0"),
            ],
            {"kubernetes_minor_change", "multiple_hops"},
        ),
    ],
)
def test_trusted_boot_is_warned_of_the_step_to_its_successor(
    tags: list[str], codes: set[str]
) -> None:
    signed = [f"{tag}-uki" for tag in tags]

    answer = ask(signed[0], index(signed), latest="3.3")

    assert str(answer.successor and answer.successor.tag) == signed[1]
    assert {warning.code for warning in answer.warnings} == codes
    assert (answer.change.kairos, answer.change.kubernetes) == ("none", "none")


def test_development_build_is_not_expected_to_be_published() -> None:
    assert warnings(core("v3.3.0-1-g2a7090f"), [core("v3.3.1")]) == {"development_build"}


@pytest.mark.parametrize(
    ("official", "latest", "warned"),
    [(True, None, True), (True, "3.3", False), (False, None, False)],
)
def test_latest_branch_unknown_is_warned_of_where_it_should_be_known(
    latest: str | None, *, official: bool, warned: bool
) -> None:
    answer = ask(core("v3.3.0"), index([core("v3.3.0")]), latest=latest, official=official)

    codes = {warning.code for warning in answer.warnings}
    assert codes == ({"latest_branch_unknown"} if warned else set())
    assert (answer.support.verdict == "unknown") is (latest is None)


@pytest.mark.parametrize("stale", [True, False])
def test_stale_catalogue_is_warned_of_with_its_time(*, stale: bool) -> None:
    catalogue = index([core("v3.3.0")])

    answer = ask(core("v3.3.0"), catalogue.as_stale() if stale else catalogue, latest="3.3")

    messages = [w.message for w in answer.warnings if w.code == "stale_catalogue"]
    assert bool(messages) is stale
    assert all("2026-08-21T00:00:00Z" in message for message in messages)


@pytest.mark.parametrize(
    ("running", "tags", "severities"),
    [
        (
            core("v3.2.0-rc1"),
            [core("v4.0.0")],
            {
                "major_jump": "critical",
                "running_branch_unsupported": "warning",
                "running_prerelease": "info",
                "running_not_published": "warning",
            },
        ),
        (
            UNKNOWN,
            [UNKNOWN, NEWER_UNKNOWN],
            {"kubernetes_version_unknown": "critical", "running_branch_unsupported": "warning"},
        ),
    ],
)
def test_only_what_may_break_a_node_is_critical(
    running: str, tags: list[str], severities: dict[str, str]
) -> None:
    answer = ask(running, index(tags), latest="3.3")

    assert {warning.code: warning.severity for warning in answer.warnings} == severities


def test_change_is_from_the_running_image_to_the_target() -> None:
    answer = ask(OLD, index([OLD, standard("v4.0.0", "1.32.0")]))

    assert (answer.change.kairos, answer.change.kubernetes) == ("major", "minor")
    assert answer.change.flavor_release is False


@pytest.mark.parametrize(
    ("running", "others"),
    [(OLD, []), (OLD, [SKIPPING]), (core("v3.2.0-uki"), [core("v3.3.0-uki")])],
)
def test_without_a_target_nothing_changes(running: str, others: list[str]) -> None:
    answer = ask(running, index([running, *others]))

    assert (answer.change.kairos, answer.change.kubernetes) == ("none", "none")


def test_following_is_a_change_of_flavor_release() -> None:
    running = core("v3.2.0", base="12")
    catalogue = index([running, core("v3.3.0", base="13")], "debian")

    assert ask(running, catalogue, FOLLOW).change.flavor_release is True


def test_target_is_in_the_running_repository() -> None:
    catalogue = index([OLD, NEW])

    target = ask(OLD, catalogue).target

    assert target is not None
    assert target.repository == catalogue.repository
    assert target.tag == read_tag(NEW)
