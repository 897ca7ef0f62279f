"""An app over lists and manifests that change, and all that can change of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from service.adapters.refresh import Lives
from service.app import create_app
from service.domain.delivery import Delivery, Signatures
from service.domain.legality import Refusal
from service.domain.reference import Repository
from service.errors import RegistryUnavailableError, RepositoryNotFoundError
from service.settings import Settings
from service.web.default_headers import DefaultHeaders
from tests.apps import FLAVOR, FLAVOR_TAGS, HADRON_TAGS, UPGRADABLE
from tests.fakes import FakeBackground, FakeTagSource, FakeVerifier, build_cache

LIFE = timedelta(minutes=15)
TARGET = "1-core-amd64-generic-v1.1.0"
_REPOSITORY = Repository.parse(FLAVOR)
_HADRON = Repository.parse("quay.io/kairos/hadron")
_REQUEST_ID = "the-same-for-all"


@dataclass(frozen=True, slots=True)
class Sent:
    """All that a caller gets, headers in their order."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        return dict(self.headers)[name]


class World:
    """An app that has been asked before, and what it asks."""

    def __init__(self, source: FakeTagSource | None = None) -> None:
        self.source = source or FakeTagSource()
        self.clock = self.source.clock
        self.source.answers = {_REPOSITORY: FLAVOR_TAGS, _HADRON: HADRON_TAGS}
        self.verifier = FakeVerifier()
        self._background = FakeBackground()
        # No list ends within a test: who asks first then would wait, and the next would not.
        lives = Lives(LIFE, timedelta(days=1), jitter=lambda life: life)
        self._cache = build_cache(self.source, lives=lives, background=self._background)
        self.app = self.build_app()

    def build_app(self, **environ: str) -> Flask:
        """Build another app over the same, which was asked for nothing."""
        return create_app(Settings.from_env(environ), self._cache, self.verifier, self.clock)

    def change(self, change: "Change") -> None:
        """Let something change, and have it noticed by a question to an app that knows better."""
        change(self)
        self.clock.advance(LIFE + timedelta(seconds=1))
        ask(self.app)
        self._background.finish()

    def list_tags(self, *more: str) -> None:
        self.source.answers[_REPOSITORY] = [*FLAVOR_TAGS, *more]

    def fail(self, repository: Repository = _REPOSITORY) -> None:
        self.source.answers[repository] = RegistryUnavailableError("the registry is silent")

    def lose(self) -> None:
        self.source.answers[_REPOSITORY] = RepositoryNotFoundError("it is gone")

    def deliver(self, delivery: Delivery) -> None:
        self.verifier.answers[TARGET] = delivery


Change = Callable[[World], None]


def _sign(world: World) -> None:
    world.verifier.signatures = Signatures(signed=True, attested=False)


def _release_hadron(world: World) -> None:
    world.source.answers[_HADRON] = [*HADRON_TAGS, "v0.0.2-core-amd64-generic-v1.2.0"]


# What changes the answer about UPGRADABLE, by its name.
CHANGES: dict[str, Change] = {
    "a newer image is listed": lambda world: world.list_tags("1-core-amd64-generic-v1.2.0"),
    "the same is listed again": lambda world: world.list_tags(),
    "the registry fails": lambda world: world.fail(),
    "the repository is gone": lambda world: world.lose(),
    "the reference repository has a new branch": _release_hadron,
    "the reference repository fails": lambda world: world.fail(_HADRON),
    "the tag names another digest": lambda world: world.deliver(Delivery(f"sha256:{'b' * 64}")),
    "the target cannot be verified": lambda world: world.deliver(Delivery(trouble="no answer")),
    "the target cannot be pulled": lambda world: world.deliver(
        Delivery(refusal=Refusal.NOT_PULLABLE)
    ),
    "the target was signed": _sign,
}


def ask(app: Flask, *, method: str = "GET", query: str = "", **headers: str) -> Sent:
    """Ask about UPGRADABLE in the way of gunicorn."""
    return send(app.wsgi_app, method=method, query=query, **headers)


def ask_flask(app: Flask, *, method: str = "GET", query: str = "", **headers: str) -> Sent:
    """Ask in the same way, past the shortcut in front of Flask."""
    whole = DefaultHeaders(lambda *request: Flask.wsgi_app(app, *request))
    return send(whole, method=method, query=query, **headers)


def send(
    application: Callable[..., Iterable[bytes]],
    *,
    method: str = "GET",
    query: str = "",
    **headers: str,
) -> Sent:
    builder = EnvironBuilder(
        "/v1/upgrade",
        method=method,
        query_string=f"image={UPGRADABLE}{query}",
        headers=Headers(
            {"X-Request-ID": _REQUEST_ID} | {k.replace("_", "-"): v for k, v in headers.items()}
        ),
    )
    body, status, sent = run_wsgi_app(application, builder.get_environ(), buffered=True)
    return Sent(status, list(sent), b"".join(body))
