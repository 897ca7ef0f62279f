"""Whole applications for tests: everything real but the registries behind them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from flask.testing import FlaskClient

from service.app import create_app
from service.domain.catalogue import Catalogue
from service.domain.reference import Repository
from service.domain.transcript import LeasingSource
from service.errors import ServiceError
from service.settings import Settings
from tests.fakes import FakeTagSource, ImmediateSource, build_cache

ROOT = Path(__file__).resolve().parent.parent
SNAPSHOT = ROOT / "examples" / "snapshot"

SECRET = "hunter2-in-the-traceback"  # noqa: S105 - looked for where it must not be

# One stream of each kind of answer, small enough to be read here.
FLAVOR_TAGS = (
    "1-core-amd64-generic-v1.0.0",
    "1-core-amd64-generic-v1.1.0",
    "1-core-amd64-generic-v1.1.0-uki",
    "1-core-amd64-generic-v1.0.0-uki",
    "1-core-arm64-generic-v1.1.0",
    "2-core-amd64-generic-v1.0.0",
    "2-core-amd64-generic-v2.0.0",
    "1-standard-amd64-generic-v1.0.0-k3s-v1.30.1-k3s1",
    "1-standard-amd64-generic-v1.1.0-k3s-v1.32.1-k3s1",
    "1-standard-arm64-generic-v1.0.0",
    "1-standard-arm64-generic-v1.1.0",
)
HADRON_TAGS = ("v0.0.1-core-amd64-generic-v1.1.0",)
FLAVOR = "quay.io/kairos/flavor"
UP_TO_DATE = f"{FLAVOR}:1-core-amd64-generic-v1.1.0"
UPGRADABLE = f"{FLAVOR}:1-core-amd64-generic-v1.0.0"
MAJOR_JUMP = f"{FLAVOR}:2-core-amd64-generic-v1.0.0"
BLOCKED = f"{FLAVOR}:1-standard-amd64-generic-v1.0.0-k3s-v1.30.1-k3s1"
MANUAL = f"{FLAVOR}:1-core-amd64-generic-v1.0.0-uki"
AHEAD = f"{FLAVOR}:1-core-amd64-generic-v9.0.0"

Answers = Mapping[str, Sequence[str] | ServiceError]


class BrokenSource(ImmediateSource):
    """A catalogue source with a bug in it."""

    def fetch_catalogue(self, repository: Repository) -> Catalogue:
        raise RuntimeError(f"{SECRET} {repository}")


def build_client(answers: Answers | None = None, **environ: str) -> FlaskClient:
    """Build a client of an app over these tag lists, by default those of this module."""
    lists = {FLAVOR: FLAVOR_TAGS, "quay.io/kairos/hadron": HADRON_TAGS, **(answers or {})}
    return build_client_over(build_source(lists), **environ)


def build_client_over(source: LeasingSource | None, **environ: str) -> FlaskClient:
    """Build a client of an app over a source; without one, over what the settings say."""
    return create_app(Settings.from_env(environ), source).test_client()


def build_source(answers: Answers) -> LeasingSource:
    """Build the catalogues of these tag lists, or the failures in their place."""
    source = FakeTagSource()
    source.answers = {Repository.parse(name): answer for name, answer in answers.items()}
    return build_cache(source)
