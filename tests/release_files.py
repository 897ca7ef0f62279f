"""Release files of each era, and changed copies of them."""

from service.domain.release_file import ReleaseFile

V2_4_2 = """\
KAIROS_NAME="kairos-standard-opensuse-leap-15.5"
KAIROS_VERSION="v2.4.2-k3sv1.27.6+k3s1"
KAIROS_ID="kairos"
KAIROS_ID_LIKE="kairos-standard-opensuse-leap-15.5"
KAIROS_VERSION_ID="v2.4.2-k3sv1.27.6+k3s1"
KAIROS_PRETTY_NAME="kairos-standard-opensuse-leap-15.5 v2.4.2-k3sv1.27.6+k3s1"
KAIROS_BUG_REPORT_URL="https://github.com/kairos-io/kairos/issues"
KAIROS_HOME_URL="https://github.com/kairos-io/kairos"
KAIROS_IMAGE_REPO="quay.io/kairos/opensuse"
KAIROS_IMAGE_LABEL="v2.4.2-k3sv1.27.6+k3s1"
KAIROS_GITHUB_REPO="kairos-io/kairos"
KAIROS_VARIANT="standard"
KAIROS_FLAVOR="opensuse"
"""

V3_2_4 = """\
KAIROS_ID="kairos"
KAIROS_FAMILY="ubuntu"
KAIROS_VARIANT="standard"
KAIROS_TARGETARCH="amd64"
KAIROS_SOFTWARE_VERSION_PREFIX="k3s"
KAIROS_VERSION="v3.2.4-v1.31.3-k3s1"
KAIROS_REGISTRY_AND_ORG="quay.io/kairos"
KAIROS_GITHUB_REPO="kairos-io/kairos"
KAIROS_ID_LIKE="kairos-standard-ubuntu-24.04"
KAIROS_VERSION_ID="v3.2.4-v1.31.3-k3s1"
KAIROS_IMAGE_REPO="quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.2.4-k3sv1.31.3-k3s1"
KAIROS_FLAVOR_RELEASE="24.04"
KAIROS_HOME_URL="https://github.com/kairos-io/kairos"
KAIROS_BUG_REPORT_URL="https://github.com/kairos-io/kairos/issues"
KAIROS_NAME="kairos-standard-ubuntu-24.04"
KAIROS_PRETTY_NAME="kairos-standard-ubuntu-24.04 v3.2.4-v1.31.3-k3s1"
KAIROS_IMAGE_LABEL="24.04-standard-amd64-generic-v3.2.4-k3sv1.31.3-k3s1"
KAIROS_ARTIFACT="kairos-ubuntu-24.04-standard-amd64-generic-v3.2.4-k3sv1.31.3+k3s1"
KAIROS_FLAVOR="ubuntu"
KAIROS_MODEL="generic"
KAIROS_RELEASE="v3.2.4"
KAIROS_SOFTWARE_VERSION="v1.31.3+k3s1"
"""

V3_4_0 = """\
KAIROS_ARCH="amd64"
KAIROS_FAMILY="debian"
KAIROS_FIPS="false"
KAIROS_FLAVOR="ubuntu"
KAIROS_FLAVOR_RELEASE="24.04"
KAIROS_FRAMEWORK_VERSION="v2.18.6"
KAIROS_ID="kairos"
KAIROS_ID_LIKE="kairos-standard-ubuntu-24.04"
KAIROS_IMAGE_LABEL="24.04-standard-amd64-generic-v3.4.0"
KAIROS_MODEL="generic"
KAIROS_NAME="kairos-standard-ubuntu-24.04"
KAIROS_REGISTRY_AND_ORG="quay.io/kairos"
KAIROS_RELEASE="v3.4.0"
KAIROS_SOFTWARE_VERSION="v1.31.7+k3s1"
KAIROS_SOFTWARE_VERSION_PREFIX="k3s"
KAIROS_TARGETARCH="amd64"
KAIROS_VARIANT="standard"
KAIROS_VERSION="v3.4.0"
"""

V3_6_0 = """\
KAIROS_ARCH="amd64"
KAIROS_BUG_REPORT_URL="https://github.com/kairos-io/kairos/issues"
KAIROS_FAMILY="debian"
KAIROS_FIPS="false"
KAIROS_FLAVOR="ubuntu"
KAIROS_FLAVOR_RELEASE="24.04"
KAIROS_HOME_URL="https://github.com/kairos-io/kairos"
KAIROS_ID="kairos"
KAIROS_ID_LIKE="kairos-standard-ubuntu-24.04"
KAIROS_INIT_VERSION="v0.6.2"
KAIROS_MODEL="generic"
KAIROS_NAME="kairos-standard-ubuntu-24.04"
KAIROS_RELEASE="v3.6.0"
KAIROS_SOFTWARE_VERSION="v1.34.1+k3s1"
KAIROS_SOFTWARE_VERSION_PREFIX="k3s"
KAIROS_TARGETARCH="amd64"
KAIROS_TRUSTED_BOOT="false"
KAIROS_VARIANT="standard"
KAIROS_VERSION="v3.6.0"
"""

# As v3.5 and later write it: no reference, no organisation. Of the small lists in tests.apps.
OF_FLAVOR = """\
KAIROS_FLAVOR="flavor"
KAIROS_FLAVOR_RELEASE="1"
KAIROS_VARIANT="core"
KAIROS_TARGETARCH="amd64"
KAIROS_MODEL="generic"
KAIROS_RELEASE="v1.0.0"
"""

# Before v2.3.0 the keys had no prefix, and stood below the distribution's own.
ERA_A = """\
NAME="openSUSE Leap"
VERSION="15.4"
ID="opensuse-leap"
PRETTY_NAME="openSUSE Leap 15.4"

IMAGE_REPO="quay.io/kairos/kairos-opensuse-arm-rpi"
IMAGE_LABEL="latest"
VERSION="v1.3.2-k3sv1.25.4+k3s1"
VARIANT="core"
"""


def write_file(sample: str, **changes: str | None) -> str:
    """Write a sample with some keys changed, added, or left out where the value is None.

    Keys are named without ``KAIROS_``, which they get.
    """
    names = tuple(f"KAIROS_{key}=" for key in changes)
    kept = [line for line in sample.splitlines() if not line.startswith(names)]
    added = [f'KAIROS_{key}="{value}"' for key, value in changes.items() if value is not None]
    return "\n".join([*kept, *added, ""])


def change(sample: str, **changes: str | None) -> ReleaseFile:
    """Read what ``write_file`` writes."""
    return ReleaseFile.parse(write_file(sample, **changes))


V4_2_0 = write_file(
    V3_6_0,
    FAMILY="hadron",
    FLAVOR="hadron",
    FLAVOR_RELEASE="v0.5.1",
    ID_LIKE="kairos-standard-hadron-v0.5.1",
    NAME="kairos-standard-hadron-v0.5.1",
    RELEASE="v4.2.0",
    SOFTWARE_VERSION="v1.36.3+k3s1",
    VERSION="v4.2.0",
)
