from collections.abc import Mapping

import pytest

from service.advisor import Advisor, UpgradeRequest
from service.domain.catalogue import Catalogue
from service.domain.identity import Claim
from service.domain.policy import Policy
from service.domain.recommendation import Recommendation
from service.domain.reference import Reference, Repository
from service.domain.release_file import ReleaseFile
from service.domain.rules import Renamed, Rulebook, Rules, Successor
from service.domain.scope import RepositoryPattern, Scope
from service.domain.status import Status
from service.domain.support import Verdict
from service.domain.tag import Arch, Variant
from service.domain.warning import WarningCode
from service.errors import (
    IdentityMismatchError,
    NotAnOsImageError,
    RegistryError,
    RegistryUnavailableError,
    RepositoryNotAllowedError,
    RepositoryNotFoundError,
    RepositoryUnknownError,
    ServiceError,
    StreamNotFoundError,
    UnversionedTagError,
)
from tests.fakes import FakeTagSource

FLAVOR = "quay.io/kairos/flavor"
HADRON = "quay.io/kairos/hadron"
OWN = "registry.example:5000/team/os"
OWN_REFERENCE = "registry.example:5000/team/reference"
TAG = "1-core-amd64-generic-v1.0.0"
NEWER = "1-core-amd64-generic-v1.1.0"
TAGS = (TAG, NEWER)
LATEST = ("v0.0.1-core-amd64-generic-v1.2.0",)
NO_RULES = Rules()

# As v3.5 and later write it: no reference, no organisation.
FILE = """\
KAIROS_FLAVOR="flavor"
KAIROS_FLAVOR_RELEASE="1"
KAIROS_VARIANT="core"
KAIROS_TARGETARCH="amd64"
KAIROS_MODEL="generic"
KAIROS_RELEASE="v1.0.0"
"""

LEGACY = "quay.io/kairos/core-ubuntu"
RENAMED = Rules(
    renamed=(
        Renamed("core-ubuntu", Successor("flavor", "1", Variant.CORE, Arch.AMD64, "generic")),
    ),
)

SOURCE_FAILURES = [
    RepositoryNotFoundError("gone"),
    RegistryError("unusable"),
    RegistryUnavailableError("silent"),
]


class UncachedSource:
    """Makes a catalogue of each listing, anew each time."""

    def __init__(self, answers: Mapping[str, tuple[str, ...] | ServiceError]) -> None:
        self.tags = FakeTagSource()
        self.tags.answers = {Repository.parse(name): answer for name, answer in answers.items()}

    def fetch_catalogue(self, repository: Repository) -> Catalogue:
        return Catalogue.from_listing(self.tags.list_tags(repository))

    fetch_soon = fetch_catalogue

    @property
    def asked(self) -> list[str]:
        return list(map(str, self.tags.asked))


def _patterns(*texts: str) -> tuple[RepositoryPattern, ...]:
    return tuple(map(RepositoryPattern.parse, texts))


def _scope(*allowed: str, **references: str) -> Scope:
    official = _patterns("quay.io/kairos/*")
    repositories = {name: Repository.parse(text) for name, text in references.items()}
    return Scope(_patterns(*allowed) or official, official, repositories)


def _ask(
    source: UncachedSource,
    image: str,
    *,
    scope: Scope | None = None,
    arch: Arch | None = None,
) -> Recommendation:
    claim = Claim(Reference.parse(image), None, arch)
    return _advise(source, claim, scope=scope)


def _advise(
    source: UncachedSource,
    claim: Claim,
    *,
    scope: Scope | None = None,
    rules: Rules = NO_RULES,
    organisation: str | None = None,
) -> Recommendation:
    rulebook = Rulebook(official=rules, elsewhere=NO_RULES)
    advisor = Advisor(source, scope or _scope(), rulebook, organisation)
    return advisor.recommend_upgrade(UpgradeRequest(claim, Policy()), "json")


def _codes(answer: Recommendation) -> set[str]:
    return {warning.code for warning in answer.warnings}


def test_the_target_comes_from_the_repository_and_the_verdict_from_the_reference() -> None:
    source = UncachedSource({FLAVOR: TAGS, HADRON: LATEST})

    answer = _ask(source, f"{FLAVOR}:{TAG}")

    assert answer.target is not None
    assert str(answer.target.reference) == f"{FLAVOR}:{NEWER}"
    assert str(answer.support.latest_branch) == "1.2"
    assert source.asked == [FLAVOR, HADRON]


@pytest.mark.parametrize(
    "image",
    [f"docker.io/kairos/flavor:{TAG}", f"quay.io/other/flavor:{TAG}", "127.0.0.1/x:latest"],
)
def test_a_repository_outside_the_allowed_ones_is_refused_before_any_fetch(image: str) -> None:
    source = UncachedSource({FLAVOR: TAGS, HADRON: LATEST})

    with pytest.raises(RepositoryNotAllowedError, match=image.partition(":")[0]):
        _ask(source, image)

    assert source.asked == []


@pytest.mark.parametrize(
    ("image", "error"),
    [
        (FLAVOR, UnversionedTagError),
        (f"{FLAVOR}:latest", UnversionedTagError),
        (f"{FLAVOR}:{TAG}-img", NotAnOsImageError),
        ("quay.io/kairos/framework:v2.7.0", NotAnOsImageError),
    ],
)
def test_a_tag_that_no_node_can_name_is_refused_before_any_fetch(
    image: str,
    error: type[ServiceError],
) -> None:
    source = UncachedSource({FLAVOR: TAGS, HADRON: LATEST})

    with pytest.raises(error):
        _ask(source, image)

    assert source.asked == []


def test_an_arch_that_contradicts_the_tag_is_refused_with_both_names() -> None:
    source = UncachedSource({FLAVOR: TAGS, HADRON: LATEST})

    with pytest.raises(IdentityMismatchError, match=r"arm64.*amd64"):
        _ask(source, f"{FLAVOR}:{TAG}", arch=Arch.ARM64)

    assert source.asked == []


def test_an_arch_that_agrees_with_the_tag_is_no_obstacle() -> None:
    source = UncachedSource({FLAVOR: TAGS, HADRON: LATEST})

    answer = _ask(source, f"{FLAVOR}:{TAG}", arch=Arch.AMD64)

    assert answer.status is Status.UPGRADE_AVAILABLE


@pytest.mark.parametrize("failure", SOURCE_FAILURES, ids=repr)
def test_the_failure_of_the_reference_repository_costs_only_the_verdict(
    failure: ServiceError,
) -> None:
    source = UncachedSource({FLAVOR: TAGS, HADRON: failure})

    answer = _ask(source, f"{FLAVOR}:{TAG}")

    assert answer.target is not None
    assert answer.support.verdict is Verdict.UNKNOWN
    assert WarningCode.LATEST_BRANCH_UNKNOWN in _codes(answer)


def test_a_reference_repository_without_a_stable_release_gives_no_verdict() -> None:
    source = UncachedSource({FLAVOR: TAGS, HADRON: ("v0.0.1-core-amd64-generic-v1.2.0-rc1",)})

    answer = _ask(source, f"{FLAVOR}:{TAG}")

    assert answer.support.verdict is Verdict.UNKNOWN
    assert WarningCode.LATEST_BRANCH_UNKNOWN in _codes(answer)


@pytest.mark.parametrize("failure", SOURCE_FAILURES, ids=repr)
def test_the_failure_of_the_repository_itself_is_the_caller_s(failure: ServiceError) -> None:
    source = UncachedSource({FLAVOR: failure, HADRON: LATEST})

    with pytest.raises(type(failure)):
        _ask(source, f"{FLAVOR}:{TAG}")


def test_a_stream_without_an_image_is_not_found() -> None:
    source = UncachedSource({FLAVOR: TAGS, HADRON: LATEST})

    with pytest.raises(StreamNotFoundError):
        _ask(source, f"{FLAVOR}:2-core-amd64-generic-v1.0.0")


def test_a_repository_that_is_not_official_has_no_verdict_and_no_warning_of_it() -> None:
    source = UncachedSource({OWN: TAGS})

    answer = _ask(source, f"{OWN}:{TAG}", scope=_scope("registry.example:5000/team/*"))

    assert answer.status is Status.UPGRADE_AVAILABLE
    assert answer.support.verdict is Verdict.UNKNOWN
    assert WarningCode.LATEST_BRANCH_UNKNOWN not in _codes(answer)
    assert source.asked == [OWN]


def test_a_configured_reference_gives_its_organisation_a_verdict() -> None:
    source = UncachedSource({OWN: TAGS, OWN_REFERENCE: LATEST})
    scope = _scope(OWN, **{"registry.example:5000/team": OWN_REFERENCE})

    answer = _ask(source, f"{OWN}:{TAG}", scope=scope)

    assert answer.support.verdict is Verdict.END_OF_LINE
    assert str(answer.support.latest_branch) == "1.2"


def test_a_configured_reference_that_fails_is_warned_of() -> None:
    source = UncachedSource({OWN: TAGS})
    scope = _scope(OWN, **{"registry.example:5000/team": OWN_REFERENCE})

    answer = _ask(source, f"{OWN}:{TAG}", scope=scope)

    assert WarningCode.LATEST_BRANCH_UNKNOWN in _codes(answer)


def test_a_configured_reference_takes_the_place_of_hadron() -> None:
    source = UncachedSource(
        {FLAVOR: TAGS, HADRON: LATEST, OWN_REFERENCE: ("1-core-amd64-generic-v7.8.0",)}
    )

    answer = _ask(source, f"{FLAVOR}:{TAG}", scope=_scope(**{"quay.io/kairos": OWN_REFERENCE}))

    assert str(answer.support.latest_branch) == "7.8"
    assert HADRON not in source.asked


@pytest.mark.parametrize(
    ("image", "scope"),
    [
        (f"{HADRON}:{LATEST[0]}", _scope(FLAVOR)),
        (f"{OWN_REFERENCE}:{TAG}", _scope(FLAVOR, **{"registry.example:5000/team": OWN_REFERENCE})),
    ],
)
def test_a_reference_repository_is_always_allowed(image: str, scope: Scope) -> None:
    source = UncachedSource({HADRON: LATEST, OWN_REFERENCE: TAGS})

    answer = _ask(source, image, scope=scope)

    assert str(answer.running.reference) == image


def test_the_reference_repository_judges_itself() -> None:
    source = UncachedSource({HADRON: LATEST})

    answer = _ask(source, f"{HADRON}:{LATEST[0]}")

    assert answer.status is Status.UP_TO_DATE
    assert answer.support.verdict is Verdict.SUPPORTED


def test_trusted_boot_is_manual_in_an_official_repository_and_ordinary_elsewhere() -> None:
    tags = (f"{TAG}-uki", f"{NEWER}-uki")
    source = UncachedSource({FLAVOR: tags, HADRON: LATEST, OWN: tags})
    scope = _scope(FLAVOR, OWN)

    official = _ask(source, f"{FLAVOR}:{TAG}-uki", scope=scope)
    own = _ask(source, f"{OWN}:{TAG}-uki", scope=scope)

    assert (official.status, own.status) == (Status.MANUAL, Status.UPGRADE_AVAILABLE)
    assert official.target is None
    assert official.successor is not None
    assert str(official.successor.tag) == f"{NEWER}-uki"


def _of_file(text: str, image: str | None = None) -> Claim:
    return Claim(Reference.parse(image) if image else None, ReleaseFile.parse(text), None)


def test_a_release_file_is_looked_for_in_the_default_organisation() -> None:
    source = UncachedSource({FLAVOR: TAGS, HADRON: LATEST})

    answer = _advise(source, _of_file(FILE), organisation="quay.io/kairos")

    assert str(answer.running.reference) == f"{FLAVOR}:{TAG}"
    assert answer.target is not None
    assert str(answer.target.tag) == NEWER


def test_a_release_file_without_an_organisation_is_refused_before_any_fetch() -> None:
    source = UncachedSource({FLAVOR: TAGS, HADRON: LATEST})

    with pytest.raises(RepositoryUnknownError, match="ADVISOR_DEFAULT_ORGANISATION"):
        _advise(source, _of_file(FILE))

    assert source.asked == []


def test_a_repository_that_a_release_file_names_must_be_allowed() -> None:
    source = UncachedSource({FLAVOR: TAGS, HADRON: LATEST})
    claim = _of_file(f'{FILE}KAIROS_REGISTRY_AND_ORG="169.254.169.254/kairos"\n')

    with pytest.raises(RepositoryNotAllowedError):
        _advise(source, claim, organisation="quay.io/kairos")

    assert source.asked == []


def test_an_official_fips_build_has_no_stream_and_another_owner_s_has() -> None:
    source = UncachedSource({FLAVOR: TAGS, HADRON: LATEST, OWN: TAGS})
    fips = f'{FILE}KAIROS_FIPS="true"\n'

    with pytest.raises(StreamNotFoundError, match="FIPS"):
        _advise(source, _of_file(fips, f"{FLAVOR}:{TAG}"), scope=_scope(FLAVOR, OWN))
    own = _advise(source, _of_file(fips, f"{OWN}:{TAG}"), scope=_scope(FLAVOR, OWN))

    assert own.status is Status.UPGRADE_AVAILABLE


def test_a_renamed_repository_is_not_asked_but_its_successor() -> None:
    source = UncachedSource({FLAVOR: TAGS, HADRON: LATEST, LEGACY: ("v1.0.0",)})

    answer = _advise(source, Claim(Reference.parse(f"{LEGACY}:v1.0.0"), None, None), rules=RENAMED)

    assert (answer.status, answer.target) == (Status.MANUAL, None)
    assert str(answer.running.reference) == f"{LEGACY}:v1.0.0"
    assert answer.successor is not None
    assert str(answer.successor.reference) == f"{FLAVOR}:{NEWER}"
    assert source.asked == [FLAVOR, HADRON]


def test_where_the_successor_is_not_to_be_had_the_renamed_repository_is_asked() -> None:
    source = UncachedSource({HADRON: LATEST, LEGACY: ("v1.0.0",)})

    answer = _advise(source, Claim(Reference.parse(f"{LEGACY}:v1.0.0"), None, None), rules=RENAMED)

    assert (answer.status, answer.successor) == (Status.MANUAL, None)
    assert source.asked == [FLAVOR, LEGACY, HADRON]


def test_a_successor_that_is_not_allowed_is_not_asked() -> None:
    source = UncachedSource({FLAVOR: TAGS, HADRON: LATEST, LEGACY: ("v1.0.0",)})
    claim = Claim(Reference.parse(f"{LEGACY}:v1.0.0"), None, None)

    answer = _advise(source, claim, rules=RENAMED, scope=_scope(LEGACY))

    assert (answer.status, answer.successor) == (Status.MANUAL, None)
    assert FLAVOR not in source.asked


def test_a_failing_registry_does_not_pass_for_a_missing_successor() -> None:
    source = UncachedSource({FLAVOR: RegistryUnavailableError("silent"), LEGACY: ("v1.0.0",)})

    with pytest.raises(RegistryUnavailableError):
        _advise(source, Claim(Reference.parse(f"{LEGACY}:v1.0.0"), None, None), rules=RENAMED)


class StallingReference(UncachedSource):
    """Has no catalogue soon, and none later that anybody should wait for."""

    def fetch_soon(self, repository: Repository) -> Catalogue:
        raise RegistryUnavailableError(f"{repository} is not listed yet")


def test_the_verdict_is_asked_for_only_as_far_as_it_is_there_soon() -> None:
    source = StallingReference({FLAVOR: TAGS, HADRON: LATEST})

    answer = _ask(source, f"{FLAVOR}:{TAG}")

    assert answer.target is not None
    assert WarningCode.LATEST_BRANCH_UNKNOWN in _codes(answer)
    assert source.asked == [FLAVOR]
