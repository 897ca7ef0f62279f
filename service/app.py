"""Where the parts meet: the only module that knows all of them, and the owner of the clock."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from flask import Flask

from service.adapters.cache import CachedCatalogueSource
from service.adapters.credentials import Credentials
from service.adapters.delivery_record import DeliveryRecords
from service.adapters.http import Network
from service.adapters.mirror import MirroredTagSource, MirroredVerifier
from service.adapters.registry import RegistryTagSource
from service.adapters.registry_client import RegistryClient
from service.adapters.rules_file import load_builtin_rules, load_rules
from service.adapters.snapshot import SnapshotTagSource
from service.adapters.store import MemoryStore, Store
from service.adapters.verifier import RegistryVerifier
from service.advisor import Advisor
from service.domain.catalogue import CatalogueSource
from service.domain.delivery import TargetVerifier
from service.domain.mirror import Mirrors
from service.domain.rules import Rulebook, Rules
from service.domain.scope import Scope
from service.settings import Settings
from service.web import documents, health, upgrade
from service.web.problems import register_problems
from service.web.request_id import register_request_id

_OPENAPI = Path(__file__).resolve().parent.parent / "openapi.yaml"

# A release file has some 2 KiB; a question about one node is little more.
_MAX_BODY_BYTES = 256 * 1024

# A snapshot never expires; this is how soon a changed file is seen.
_SNAPSHOT_FRESH = timedelta(seconds=5)


# Begins the time in which one question may be verified.
StartVerifying = Callable[[], TargetVerifier]

# Pauses, and some records for each target; each has some hundred bytes.
_MAX_SHARED_KEYS = 10_000


def create_app(
    settings: Settings,
    source: CatalogueSource | None = None,
    start_verifying: StartVerifying | None = None,
) -> Flask:
    """Build the application.

    Args:
        settings: How this service is run.
        source: Where catalogues come from; with the next, built from the settings where it is left
            out.
        start_verifying: What targets are verified with.
    """
    _configure_logging(settings)
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY_BYTES
    app.config["PROBLEM_BASE_URL"] = settings.problem_base_url
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it
    app.extensions["openapi"] = _OPENAPI.read_bytes()
    if source is None:
        source, start_verifying = _build_sources(settings)
    app.extensions["advisor"] = Advisor(
        source,
        _build_scope(settings),
        _build_rulebook(settings),
        settings.default_organisation,
        start_verifying,
    )
    register_request_id(app)
    register_problems(app)
    for module in (upgrade, health, documents):
        app.register_blueprint(module.blueprint)
    return app


def _build_sources(settings: Settings) -> tuple[CatalogueSource, StartVerifying | None]:
    """Build what catalogues come from, and what verifies targets: nothing beside a snapshot."""
    if settings.snapshot_dir:
        snapshot = SnapshotTagSource(settings.snapshot_dir)
        return CachedCatalogueSource(
            snapshot, clock=_now, fresh=_SNAPSHOT_FRESH, stale=timedelta.max
        ), None
    store = MemoryStore(clock=_now, max_keys=_MAX_SHARED_KEYS)
    client = _build_client(settings, store)
    source = MirroredTagSource(RegistryTagSource(client, clock=_now), settings.mirrors)
    catalogues = CachedCatalogueSource(
        source, clock=_now, fresh=settings.fresh, stale=settings.stale
    )
    if not settings.verify_targets:
        return catalogues, None
    records = DeliveryRecords(store, fingerprint=client.fingerprint, fresh=settings.fresh)
    verifier = RegistryVerifier(client, records)
    return catalogues, lambda: MirroredVerifier(verifier.start(), settings.mirrors)


def _build_client(settings: Settings, store: Store) -> RegistryClient:
    auth_file = settings.registry_auth_file
    return RegistryClient(
        Network(
            insecure=settings.insecure_registries,
            private=settings.private_registries,
            ca_file=settings.registry_ca_file,
            proxy=settings.registry_proxy,
        ),
        timeout=settings.registry_timeout,
        credentials=Credentials.load(auth_file) if auth_file else Credentials(),
        store=store,
        clock=_now,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _build_scope(settings: Settings) -> Scope:
    return Scope(
        settings.repositories,
        settings.official_repositories,
        settings.reference_repositories,
        settings.mirrors if settings.answer_with == "mirror" else Mirrors(),
    )


def _build_rulebook(settings: Settings) -> Rulebook:
    own = load_rules(settings.rules_file) if settings.rules_file else Rules()
    return Rulebook.combine(load_builtin_rules(), own)


def _configure_logging(settings: Settings) -> None:
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if settings.log_format == "console":
        renderer = structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level.upper()],
        ),
    )
