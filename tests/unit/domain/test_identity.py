from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.identity import Claim, find_repository, identify
from service.domain.image import Image
from service.domain.reference import Reference
from service.domain.release_file import ReleaseFile
from service.domain.tag import Arch, parse_tag
from service.errors import (
    IdentityMismatchError,
    InvalidRequestError,
    NotAnOsImageError,
    RepositoryUnknownError,
    ServiceError,
    StreamNotFoundError,
    UnversionedTagError,
)
from tests.advising import OFFICIAL, OWN, UBUNTU, World
from tests.release_files import (
    ERA_A,
    V2_4_2,
    V3_2_4,
    V3_4_0,
    V3_6_0,
    V4_2_0,
    change,
    write_file,
)

Changes = Mapping[str, str | None]

STANDARD = "24.04-standard-amd64-generic-v3.6.0-k3s-v1.34.1-k3s1"
CORE = "24.04-core-amd64-generic-v3.6.0"
OF_CORE: Changes = {"VARIANT": "core", "SOFTWARE_VERSION": None}
DIGEST = "sha256:" + 64 * "a"

FILES_ALONE = [
    ("v2.3", ERA_A, "kairos-opensuse-arm-rpi:v1.3.2-k3sv1.25.4-k3s1"),
    ("v3.2.4", V3_2_4, "ubuntu:24.04-standard-amd64-generic-v3.2.4-k3sv1.31.3-k3s1"),
    ("v3.4.0", V3_4_0, "ubuntu:24.04-standard-amd64-generic-v3.4.0-k3s1.31.7-k3s1"),
    ("v3.6.0", V3_6_0, f"ubuntu:{STANDARD}"),
    ("v4.2.0", V4_2_0, "hadron:v0.5.1-standard-amd64-generic-v4.2.0-k3s-v1.36.3-k3s1"),
]

# What files of each era say, without an image beside them.
VALUE_TRAPS: list[tuple[str, str, Changes, str]] = [
    (
        "IMAGE_REPO is a whole reference since v2.5.0",
        V3_2_4,
        {"ARTIFACT": None, "TARGETARCH": None, "MODEL": None, "FLAVOR_RELEASE": None},
        "24.04-standard-amd64-generic-v3.2.4-k3sv1.31.3-k3s1",
    ),
    (
        "IMAGE_REPO is a bare repository before",
        V3_2_4,
        {"IMAGE_REPO": UBUNTU, "ARTIFACT": None},
        "24.04-standard-amd64-generic-v3.2.4-k3sv1.31.3-k3s1",
    ),
    (
        "the label lacks its Kubernetes part in v3.4",
        V3_4_0,
        {"IMAGE_LABEL": "24.04-standard-amd64-generic-v3.4.0"},
        "24.04-standard-amd64-generic-v3.4.0-k3s1.31.7-k3s1",
    ),
    (
        "the label says latest",
        V3_4_0,
        {"IMAGE_LABEL": "latest"},
        "24.04-standard-amd64-generic-v3.4.0-k3s1.31.7-k3s1",
    ),
    (
        "the artifact tells what there are no keys for",
        V3_2_4,
        {"IMAGE_REPO": UBUNTU, "TARGETARCH": None, "MODEL": None, "FLAVOR_RELEASE": None},
        "24.04-standard-amd64-generic-v3.2.4-k3sv1.31.3-k3s1",
    ),
    (
        "a core image has a prefix without a version",
        V3_6_0,
        {"VARIANT": "core", "SOFTWARE_VERSION": None, "SOFTWARE_VERSION_PREFIX": "k3s"},
        CORE,
    ),
    (
        "a core image has an empty version",
        V3_6_0,
        {"VARIANT": "core", "SOFTWARE_VERSION": "", "SOFTWARE_VERSION_PREFIX": "k3s"},
        CORE,
    ),
    (
        "VERSION holds Kubernetes up to v3.3",
        V3_6_0,
        {"RELEASE": None, "SOFTWARE_VERSION": None, "VERSION": "v3.3.3-v1.32.2-k3s1"},
        "24.04-standard-amd64-generic-v3.3.3-k3sv1.32.2-k3s1",
    ),
    (
        "VERSION holds no Kubernetes since v3.4",
        V3_6_0,
        {"RELEASE": None, "VERSION": "v3.6.0"},
        STANDARD,
    ),
    (
        "k0s",
        V3_6_0,
        {"SOFTWARE_VERSION": "v1.34.1+k0s.0", "SOFTWARE_VERSION_PREFIX": "k0s"},
        "24.04-standard-amd64-generic-v3.6.0-k0s-v1.34.1-k0s.0",
    ),
    (
        "FLAVOR_RELEASE of rockylinux has a minor",
        V3_6_0,
        {"FLAVOR": "rockylinux", "FLAVOR_RELEASE": "9.6", **OF_CORE},
        "9-core-amd64-generic-v3.6.0",
    ),
    (
        "FLAVOR_RELEASE of tumbleweed is a date",
        V3_6_0,
        {"FLAVOR": "opensuse", "FLAVOR_RELEASE": "tumbleweed-20251103", **OF_CORE},
        "tumbleweed-latest-core-amd64-generic-v3.6.0",
    ),
    (
        "FLAVOR_RELEASE of hadron has no v",
        V4_2_0,
        {"FLAVOR_RELEASE": "0.5.1"},
        "v0.5.1-standard-amd64-generic-v4.2.0-k3s-v1.36.3-k3s1",
    ),
    (
        "the arch is the one of uname",
        V3_6_0,
        {"TARGETARCH": None, "ARCH": "x86_64"},
        STANDARD,
    ),
    (
        "another board",
        V3_6_0,
        {"TARGETARCH": "arm64", "ARCH": "arm64", "MODEL": "rpi4"},
        "24.04-standard-arm64-rpi4-v3.6.0-k3s-v1.34.1-k3s1",
    ),
    (
        "a model with dashes",
        V3_6_0,
        {"TARGETARCH": "arm64", "MODEL": "nvidia-jetson-agx-orin", **OF_CORE},
        "24.04-core-arm64-nvidia-jetson-agx-orin-v3.6.0",
    ),
    (
        "amd64 has one model, told or not",
        V3_6_0,
        {"MODEL": None},
        STANDARD,
    ),
    (
        "a pre-release",
        V3_6_0,
        {"RELEASE": "v4.0.0-RC1", **OF_CORE},
        "24.04-core-amd64-generic-v4.0.0-RC1",
    ),
    (
        "trusted boot",
        V3_6_0,
        {"TRUSTED_BOOT": "true", **OF_CORE},
        "24.04-core-amd64-generic-v3.6.0-uki",
    ),
]

# Files of before v2.4.2 beside a bare repository, and what the node really runs.
LEGACY_FILES = [
    (
        "VARIANT is core on standard images (kairos#598)",
        {
            "IMAGE_REPO": "quay.io/kairos/kairos-opensuse-leap",
            "VERSION": "v2.2.0-k3sv1.26.4+k3s1",
            "VARIANT": "core",
        },
        "",
        "standard v2.2.0 v1.26.4+k3s1 quay.io/kairos/kairos-opensuse-leap",
    ),
    (
        "VARIANT is standard on core images",
        {
            "IMAGE_REPO": "quay.io/kairos/core-opensuse-leap",
            "VERSION": "v2.2.0",
            "VARIANT": "standard",
        },
        "",
        "core v2.2.0 None quay.io/kairos/core-opensuse-leap",
    ),
    (
        "FLAVOR is opensuse-leap on Debian (kairos#1611)",
        {
            "IMAGE_REPO": "quay.io/kairos/kairos-debian",
            "IMAGE_LABEL": "latest",
            "FLAVOR": "opensuse-leap",
            "VERSION": "v2.3.0-k3sv1.27.3+k3s1",
        },
        "KAIROS_",
        "standard v2.3.0 v1.27.3+k3s1 quay.io/kairos/kairos-debian",
    ),
    (
        "a standard image without its Kubernetes part (kairos#1725)",
        {"IMAGE_REPO": "quay.io/kairos/kairos-ubuntu", "VERSION": "v2.3.3-rc1"},
        "KAIROS_",
        "standard v2.3.3-rc1 None quay.io/kairos/kairos-ubuntu",
    ),
]

# The image says one thing, the file another: what of, tag, changes, and what each says.
Contradiction = tuple[str, str, Changes, str, str]
CONTRADICTIONS: list[Contradiction] = [
    ("version", STANDARD, {"RELEASE": "v3.5.9"}, "v3.6.0", "v3.5.9"),
    ("version", STANDARD, {"RELEASE": None, "VERSION": "v3.5.9"}, "v3.6.0", "v3.5.9"),
    ("version", STANDARD, {"RELEASE": "v3.6.0-rc1"}, "v3.6.0", "v3.6.0-rc1"),
    ("arch", STANDARD, {"TARGETARCH": "arm64"}, "amd64", "arm64"),
    ("arch", STANDARD, {"TARGETARCH": None, "ARCH": "aarch64"}, "amd64", "arm64"),
    ("model", STANDARD, {"MODEL": "rpi4"}, "generic", "rpi4"),
    ("variant", STANDARD, {"VARIANT": "core"}, "standard", "core"),
    ("variant", CORE, {"SOFTWARE_VERSION": None}, "core", "standard"),
    (
        "Kubernetes",
        STANDARD,
        {"SOFTWARE_VERSION": "v1.33.5+k3s1"},
        "v1.34.1+k3s1",
        "v1.33.5+k3s1",
    ),
    (
        "Kubernetes",
        STANDARD,
        {"SOFTWARE_VERSION": "v1.34.1+k3s2"},
        "v1.34.1+k3s1",
        "v1.34.1+k3s2",
    ),
    (
        "Kubernetes",
        STANDARD,
        {"SOFTWARE_VERSION": "v1.34.1+k0s.0", "SOFTWARE_VERSION_PREFIX": "k0s"},
        "v1.34.1+k3s1",
        "v1.34.1+k0s.0",
    ),
    ("flavor", STANDARD, {"FLAVOR": "debian"}, "ubuntu", "debian"),
    ("flavor release", STANDARD, {"FLAVOR_RELEASE": "22.04"}, "24.04", "22.04"),
    ("trusted boot", f"{CORE}-uki", OF_CORE, "yes", "no"),
    ("repository", STANDARD, {"IMAGE_REPO": f"{OFFICIAL}/debian"}, "ubuntu", "debian"),
    (
        "repository",
        STANDARD,
        {"REGISTRY_AND_ORG": OFFICIAL, "FLAVOR": "debian"},
        "ubuntu",
        "debian",
    ),
    *(
        ("tag", STANDARD, {key: f"{prefix}{tag}"}, STANDARD, tag)
        for key, prefix in (
            ("IMAGE_REPO", f"{UBUNTU}:"),
            ("IMAGE_LABEL", ""),
            ("ARTIFACT", "kairos-ubuntu-"),
        )
        for tag in (
            STANDARD.replace("v3.6.0", "v3.5.9"),
            STANDARD.replace("24.04", "22.04"),
            STANDARD.replace("amd64-generic", "arm64-rpi4"),
            STANDARD.replace("k3s-v1.34.1-k3s1", "k0s-v1.34.1-k0s.0"),
            CORE,
            f"{STANDARD}-uki",
        )
    ),
]
# Elsewhere these are names of the owner's own.
OF_OFFICIAL_IMAGES = {"flavor", "flavor release", "repository"}

# The image and the file say the same in other words, or the file does not say it.
AGREEMENTS: list[tuple[str, str, str, Changes]] = [
    (
        "a label before it was signed",
        UBUNTU,
        f"{STANDARD}-uki",
        {"IMAGE_LABEL": STANDARD, "TRUSTED_BOOT": None},
    ),
    (
        "more of Kubernetes than the image",
        UBUNTU,
        STANDARD.partition("-k3s")[0],
        {"IMAGE_LABEL": STANDARD},
    ),
    (
        "a digest behind the tag",
        UBUNTU,
        STANDARD,
        {"IMAGE_REPO": f"{UBUNTU}:{STANDARD}@sha256:{64 * 'a'}"},
    ),
    ("the same", UBUNTU, STANDARD, {}),
    ("no software version", UBUNTU, STANDARD, {"SOFTWARE_VERSION": None}),
    ("no flavor release", UBUNTU, STANDARD, {"FLAVOR_RELEASE": None}),
    ("a name of its own", UBUNTU, STANDARD, {"FLAVOR_RELEASE": None, "NAME": "our-own-os"}),
    ("a stale label", UBUNTU, STANDARD, {"IMAGE_LABEL": "latest"}),
    (
        "a label without Kubernetes",
        UBUNTU,
        STANDARD,
        {"IMAGE_LABEL": "24.04-standard-amd64-generic-v3.6.0"},
    ),
    ("the same label", UBUNTU, STANDARD, {"IMAGE_LABEL": STANDARD}),
    (
        "an artifact of another spelling",
        UBUNTU,
        STANDARD,
        {"ARTIFACT": "kairos-ubuntu-24.04-standard-amd64-generic-v3.6.0-k3sv1.34.1+k3s1"},
    ),
    ("a mirror's repository", UBUNTU, STANDARD, {"IMAGE_REPO": "mirror.example/kairos/ubuntu"}),
    ("no trusted boot", UBUNTU, STANDARD, {"TRUSTED_BOOT": None}),
    ("core with a prefix", UBUNTU, CORE, OF_CORE),
    (
        "bookworm",
        f"{OFFICIAL}/debian",
        "bookworm-core-amd64-generic-v3.6.0",
        {"FLAVOR": "debian", "FLAVOR_RELEASE": "12", **OF_CORE},
    ),
    (
        "tumbleweed",
        f"{OFFICIAL}/opensuse",
        "tumbleweed-core-amd64-generic-v3.6.0",
        {"FLAVOR": "opensuse", "FLAVOR_RELEASE": "tumbleweed-20251103", **OF_CORE},
    ),
    (
        "rockylinux",
        f"{OFFICIAL}/rockylinux",
        "9-core-amd64-generic-v3.6.0",
        {"FLAVOR": "rockylinux", "FLAVOR_RELEASE": "9.6", **OF_CORE},
    ),
    (
        "hadron",
        f"{OFFICIAL}/hadron",
        "v0.5.1-core-amd64-generic-v3.6.0",
        {"FLAVOR": "hadron", "FLAVOR_RELEASE": "0.5.1", **OF_CORE},
    ),
    (
        "a Kubernetes of another spelling",
        UBUNTU,
        "24.04-standard-arm64-rpi4-v3.3.1-k3s1.31.4-1",
        {
            "RELEASE": "v3.3.1",
            "TARGETARCH": "arm64",
            "MODEL": "rpi4",
            "SOFTWARE_VERSION": "v1.31.4+k3s1",
        },
    ),
]


def say(
    image: str | None,
    file: ReleaseFile | None,
    *,
    arch: Arch | None = None,
    default: str | None = OFFICIAL,
) -> Image:
    claim = Claim(Reference.parse(image) if image else None, file, arch)
    repository = find_repository(claim, default)
    return identify(claim, repository, official=repository.organisation == OFFICIAL)


@pytest.mark.parametrize(
    ("sample", "image"), [row[1:] for row in FILES_ALONE], ids=[row[0] for row in FILES_ALONE]
)
def test_a_file_alone_tells_what_runs(sample: str, image: str) -> None:
    assert str(say(None, ReleaseFile.parse(sample)).reference) == f"{OFFICIAL}/{image}"


def test_a_file_of_before_v2_5_needs_the_arch_beside_it() -> None:
    file = ReleaseFile.parse(V2_4_2)

    with pytest.raises(
        InvalidRequestError, match="KAIROS_TARGETARCH, KAIROS_MODEL legibly: give the image"
    ):
        say(None, file)

    expected = f"{OFFICIAL}/opensuse:leap-15.5-standard-amd64-generic-v2.4.2-k3sv1.27.6-k3s1"
    assert str(say(None, file, arch=Arch.AMD64).reference) == expected


def test_an_arch_with_many_models_does_not_tell_the_model() -> None:
    with pytest.raises(InvalidRequestError, match=r"not tell KAIROS_MODEL legibly: give"):
        say(None, ReleaseFile.parse(V2_4_2), arch=Arch.ARM64)


@pytest.mark.parametrize(
    ("sample", "changes", "tag"),
    [row[1:] for row in VALUE_TRAPS],
    ids=[row[0] for row in VALUE_TRAPS],
)
def test_the_traps_of_each_era_are_known(sample: str, changes: Changes, tag: str) -> None:
    assert str(say(None, change(sample, **changes)).tag) == tag


@pytest.mark.parametrize(
    ("values", "prefix", "expected"),
    [row[1:] for row in LEGACY_FILES],
    ids=[row[0] for row in LEGACY_FILES],
)
@pytest.mark.parametrize("with_image", [True, False])
def test_the_repository_is_right_where_files_of_before_v2_4_2_are_wrong(
    values: Mapping[str, str],
    prefix: str,
    expected: str,
    *,
    with_image: bool,
) -> None:
    file = ReleaseFile.parse("".join(f'{prefix}{key}="{values[key]}"\n' for key in values))
    reference = f"{values['IMAGE_REPO']}:{values['VERSION'].replace('+', '-')}"

    image = say(reference if with_image else None, file)

    tag = image.tag
    assert f"{tag.variant} {tag.version} {tag.kubernetes} {image.repository}" == expected


@pytest.mark.parametrize(
    ("repository", "row"),
    [
        *((UBUNTU, row) for row in CONTRADICTIONS),
        *((f"{OWN}/ubuntu", row) for row in CONTRADICTIONS if row[0] not in OF_OFFICIAL_IMAGES),
    ],
)
def test_a_contradiction_names_both_values(repository: str, row: Contradiction) -> None:
    name, tag, changes, of_image, of_file = row

    with pytest.raises(IdentityMismatchError) as mismatch:
        say(f"{repository}:{tag}", change(V3_6_0, **changes))

    message = str(mismatch.value)
    assert message == f"{name}: the image {tag} says {of_image}, the release file {of_file}"


@pytest.mark.parametrize(
    "changes",
    [{"FLAVOR": "debian"}, {"FLAVOR_RELEASE": "22.04"}, {"IMAGE_REPO": f"{OWN}/another"}],
)
def test_flavors_of_ones_own_have_names_of_ones_own(changes: Changes) -> None:
    image = say(f"{OWN}/our-os:{STANDARD}", change(V3_6_0, **changes))

    assert str(image.tag) == STANDARD


@pytest.mark.parametrize(
    ("repository", "tag", "changes"),
    [row[1:] for row in AGREEMENTS],
    ids=[row[0] for row in AGREEMENTS],
)
def test_the_same_in_other_words_is_no_contradiction(
    repository: str,
    tag: str,
    changes: Changes,
) -> None:
    image = say(f"{repository}:{tag}", change(V3_6_0, **changes))

    assert str(image.reference) == f"{repository}:{tag}"


def test_a_contradiction_stays_short() -> None:
    with pytest.raises(IdentityMismatchError) as mismatch:
        say(f"{UBUNTU}:{STANDARD}", change(V3_6_0, MODEL="x" * 60_000))

    assert len(str(mismatch.value)) < 500


@pytest.mark.parametrize(
    "text",
    [
        'NAME="Ubuntu"\nVERSION="24.04.1 LTS (Noble Numbat)"\nID=ubuntu\nVERSION_ID="24.04"\n',
        'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.21.0\nPRETTY_NAME="Alpine Linux v3.21"\n',
        "",
    ],
)
def test_a_file_that_is_not_of_kairos_adds_nothing_to_an_image(text: str) -> None:
    image = say(f"{UBUNTU}:{STANDARD}", ReleaseFile.parse(text))

    assert image == say(f"{UBUNTU}:{STANDARD}", None)


@pytest.mark.parametrize("said", [Arch.ARM64, Arch.RISCV64])
@pytest.mark.parametrize("file", [None, ReleaseFile.parse(V3_6_0)])
def test_an_arch_beside_the_image_contradicts_it_too(
    said: Arch,
    file: ReleaseFile | None,
) -> None:
    with pytest.raises(IdentityMismatchError, match=f"{said}, its image {STANDARD} is amd64"):
        say(f"{UBUNTU}:{STANDARD}", file, arch=said)


def test_an_arch_beside_a_file_alone_contradicts_it_too() -> None:
    with pytest.raises(IdentityMismatchError, match=r"arm64.*amd64"):
        say(None, ReleaseFile.parse(V3_6_0), arch=Arch.ARM64)


@pytest.mark.parametrize("tag", [":latest", ":master", ":24.04-core-amd64-generic-master", ""])
def test_a_tag_without_a_version_is_completed_by_a_file(tag: str) -> None:
    image = say(f"{UBUNTU}{tag}", ReleaseFile.parse(V3_6_0))

    assert str(image.reference) == f"{UBUNTU}:{STANDARD}"


def test_a_digest_stays_beside_the_tag_that_a_file_tells() -> None:
    image = say(f"{UBUNTU}@{DIGEST}", ReleaseFile.parse(V3_6_0))

    assert str(image.reference) == f"{UBUNTU}:{STANDARD}@{DIGEST}"


def test_a_tag_without_a_version_is_refused_without_a_file() -> None:
    with pytest.raises(UnversionedTagError):
        say(f"{UBUNTU}:latest", None)


def test_a_file_does_not_make_a_raw_disk_an_image() -> None:
    with pytest.raises(NotAnOsImageError):
        say(f"{UBUNTU}:{STANDARD}-img", ReleaseFile.parse(V3_6_0))


@pytest.mark.parametrize(
    ("tag", "changes"),
    [
        ("24.04-standard-amd64-generic-v3.4.0", {"RELEASE": "v3.4.0"}),
        ("24.04-standard-amd64-generic-v3.6.0", {}),
    ],
)
def test_kubernetes_comes_from_the_file_where_the_tag_names_none(
    tag: str,
    changes: Changes,
) -> None:
    image = say(f"{UBUNTU}:{tag}", change(V3_6_0, **changes))

    assert str(image.tag) == tag
    assert str(image.tag.kubernetes) == "v1.34.1+k3s1"
    assert image.tag.stream.distribution == "k3s"


def test_a_core_image_has_no_kubernetes_whatever_the_file_says() -> None:
    image = say(f"{UBUNTU}:{CORE}", change(V3_6_0, VARIANT="core"))

    assert image.tag.kubernetes is None


@pytest.mark.parametrize(
    ("told", "tag", "expected"),
    [("true", STANDARD, True), ("true", f"{STANDARD}-uki", True), ("false", STANDARD, False)],
)
def test_trusted_boot_in_the_file_makes_it_the_trusted_boot_stream(
    told: str,
    tag: str,
    *,
    expected: bool,
) -> None:
    image = say(f"{UBUNTU}:{tag}", change(V3_6_0, TRUSTED_BOOT=told))

    assert image.tag.stream.trusted_boot is expected


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"FLAVOR_RELEASE": None, "NAME": None}, "KAIROS_FLAVOR_RELEASE"),
        ({"VARIANT": None}, "KAIROS_VARIANT"),
        ({"RELEASE": None, "VERSION": None}, "KAIROS_RELEASE"),
        ({"RELEASE": "master"}, "KAIROS_RELEASE"),
        ({"TARGETARCH": "arm64", "MODEL": None}, "KAIROS_MODEL"),
        ({"TARGETARCH": None, "ARCH": None}, "KAIROS_TARGETARCH"),
    ],
)
def test_a_file_that_tells_too_little_is_refused_with_what_it_lacks(
    changes: Changes,
    missing: str,
) -> None:
    with pytest.raises(InvalidRequestError, match=f"It does not tell {missing} legibly: "):
        say(None, change(V3_6_0, **changes))


@pytest.mark.parametrize(
    "changes",
    [{"MODEL": "a model"}, {"FLAVOR_RELEASE": "24 04"}, {"MODEL": "x" * 200}, {"MODEL": "ü"}],
)
def test_a_file_with_values_of_no_tag_is_refused(changes: Changes) -> None:
    with pytest.raises(InvalidRequestError, match="not those of a tag"):
        say(None, change(V3_6_0, **changes))


def test_a_file_that_names_no_repository_needs_a_default() -> None:
    with pytest.raises(RepositoryUnknownError, match="ADVISOR_DEFAULT_ORGANISATION"):
        say(None, ReleaseFile.parse(V3_6_0), default=None)


@pytest.mark.parametrize("sample", [V3_2_4, V3_4_0, ERA_A])
def test_a_file_that_names_its_repository_needs_no_default(sample: str) -> None:
    file = ReleaseFile.parse(sample)

    assert say(None, file, default=None) == say(None, file, default="ghcr.io/other")


def test_the_default_organisation_is_where_a_file_belongs() -> None:
    image = say(None, ReleaseFile.parse(V3_6_0), default=OWN)

    assert str(image.reference) == f"{OWN}/ubuntu:{STANDARD}"


def test_nothing_said_is_nothing_told() -> None:
    with pytest.raises(InvalidRequestError) as refused:
        say(None, None)

    assert [error.field for error in refused.value.errors] == ["image"]


def test_no_official_image_is_built_for_fips() -> None:
    world = World({UBUNTU: [STANDARD]}, default_organisation=OFFICIAL)

    with pytest.raises(StreamNotFoundError, match=r"FIPS|fips") as missing:
        world.advise(None, file=change(V3_6_0, FIPS="true"))

    assert "successor" not in str(missing.value)


def test_an_image_of_ones_own_may_be_built_for_fips() -> None:
    world = World({f"{OWN}/ubuntu": [STANDARD]})

    answer = world.advise(f"{OWN}/ubuntu:{STANDARD}", file=change(V3_6_0, FIPS="true"))

    assert answer.status == "up_to_date"


@given(
    st.fixed_dictionaries(
        {
            "FLAVOR_RELEASE": st.sampled_from(["20.04", "22.04", "leap-15.6", "12", "v0.5.1"]),
            "VARIANT": st.sampled_from(["core", "standard"]),
            "TARGETARCH": st.sampled_from(["amd64", "arm64", "riscv64"]),
            "MODEL": st.sampled_from(["generic", "rpi4", "nvidia-jetson-agx-orin"]),
            "RELEASE": st.from_regex(
                r"v[1-9]\.(0|[1-9][0-9]?)\.(0|[1-9][0-9]?)(-rc[1-9])?", fullmatch=True
            ),
            "SOFTWARE_VERSION": st.from_regex(r"v1\.[1-9][0-9]\.[1-9]\+k3s[1-9]", fullmatch=True),
        },
    ),
)
def test_a_file_gives_its_own_values_back(values: dict[str, str]) -> None:
    tag = say(None, change(V3_6_0, **values)).tag

    told = {
        "FLAVOR_RELEASE": tag.flavor_release,
        "VARIANT": tag.variant,
        "TARGETARCH": tag.arch,
        "MODEL": tag.model,
        "RELEASE": str(tag.version),
        "SOFTWARE_VERSION": str(tag.kubernetes),
    }
    assert told == values | ({"SOFTWARE_VERSION": "None"} if tag.variant == "core" else {})


@given(
    st.dictionaries(
        st.sampled_from(
            [
                *("FLAVOR", "FLAVOR_RELEASE", "NAME", "VARIANT", "TARGETARCH", "MODEL", "RELEASE"),
                *("VERSION", "SOFTWARE_VERSION", "SOFTWARE_VERSION_PREFIX", "IMAGE_REPO", "ARCH"),
                *("REGISTRY_AND_ORG", "TRUSTED_BOOT", "ARTIFACT", "IMAGE_LABEL"),
            ],
        ),
        st.text("abvk3s0.-/:", max_size=12) | st.sampled_from(["core", "amd64", "quay.io/kairos"]),
        max_size=4,
    ),
    st.sampled_from([None, UBUNTU, f"{UBUNTU}:latest", f"{UBUNTU}:{STANDARD}", f"{OWN}/x:{CORE}"]),
)
def test_any_file_gives_an_identity_or_a_problem(
    changes: dict[str, str],
    image: str | None,
) -> None:
    file = ReleaseFile.parse(write_file(V3_6_0, **changes))

    try:
        said = say(image, file)
    except ServiceError as error:
        assert str(error)  # noqa: PT017 - some are identities, and nothing is raised
    else:
        assert parse_tag(str(said.tag), said.repository.flavor)
