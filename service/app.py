"""Where the parts meet: the only module that knows all of them, and the owner of the clock."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from flask import Flask

from service import VERSION
from service.adapters.background import Background
from service.adapters.cache import CachedCatalogueSource
from service.adapters.event_log import EventLog
from service.adapters.flight import Seats
from service.adapters.mirror import MirroredTagSource
from service.adapters.readiness import ReadinessProbe
from service.adapters.redis_link import RedisLink
from service.adapters.redis_sharing import RedisSharing
from service.adapters.refresh import Lives, Refresher
from service.adapters.registry import RegistryTagSource
from service.adapters.rules_file import load_builtin_rules, load_rules
from service.adapters.sharing import NothingShared, Sharing
from service.adapters.snapshot import SnapshotTagSource
from service.adapters.tracker import Tracker
from service.advisor import Advisor
from service.domain.catalogue import CatalogueSource, TagSource
from service.domain.rules import Rulebook, Rules
from service.domain.scope import Scope
from service.settings import WORKER_THREADS, Settings
from service.web import documents, health, upgrade
from service.web.problems import register_problems
from service.web.request_id import register_request_id

_OPENAPI = Path(__file__).resolve().parent.parent / "openapi.yaml"

# A release file has some 2 KiB; a question about one node is little more.
_MAX_BODY_BYTES = 256 * 1024

# A snapshot never expires; this is how soon a changed file is seen.
_SNAPSHOT_FRESH = timedelta(seconds=5)


def create_app(settings: Settings, source: CatalogueSource | None = None) -> Flask:
    """Build the application.

    Args:
        settings: How this service is run.
        source: Where catalogues come from; built from the settings where it is left out.
    """
    _configure_logging(settings)
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY_BYTES
    app.config["VERSION"] = VERSION
    app.config["PROBLEM_BASE_URL"] = settings.problem_base_url
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it
    app.extensions["openapi"] = _OPENAPI.read_bytes()
    backend = _build_backend(settings)
    app.extensions["readiness"] = backend.readiness
    app.extensions["tracker"] = backend.tracker
    app.extensions["advisor"] = Advisor(
        source or backend.source,
        _build_scope(settings),
        _build_rulebook(settings),
        settings.default_organisation,
    )
    register_request_id(app)
    register_problems(app)
    for module in (upgrade, health, documents):
        app.register_blueprint(module.blueprint)
    return app


@dataclass(frozen=True, slots=True)
class _Backend:
    """All that is behind the advisor."""

    source: CatalogueSource
    readiness: ReadinessProbe
    tracker: Tracker


def _build_backend(settings: Settings) -> _Backend:
    events = EventLog()
    link = None
    sharing: Sharing = NothingShared()
    if settings.redis_url and not settings.snapshot_dir:
        link = RedisLink(settings.redis_url, events)
        sharing = RedisSharing(link, clock=_now, events=events)
    source, lives = _build_source(settings)
    cache = CachedCatalogueSource(
        Refresher(source, clock=_now, lives=lives, events=events),
        clock=_now,
        sharing=sharing,
        start=Background().start,
        seats=Seats(WORKER_THREADS // 2),
    )
    tracked = () if settings.snapshot_dir else settings.tracked_repositories
    readiness = ReadinessProbe(cache, tracked, clock=_now, check_redis=link.check if link else None)
    return _Backend(cache, readiness, Tracker(cache, tracked, sharing))


def _build_source(settings: Settings) -> tuple[TagSource, Lives]:
    if settings.snapshot_dir:
        # Files of a host, which nobody else shares.
        return SnapshotTagSource(settings.snapshot_dir), Lives(_SNAPSHOT_FRESH, timedelta.max)
    registry = RegistryTagSource(
        timeout=settings.registry_timeout,
        insecure=settings.insecure_registries,
        private=settings.private_registries,
        clock=_now,
    )
    source = MirroredTagSource(registry, settings.mirrors) if settings.mirrors else registry
    return source, Lives(settings.fresh, settings.stale)


def _now() -> datetime:
    return datetime.now(UTC)


def _build_scope(settings: Settings) -> Scope:
    return Scope(
        settings.repositories,
        settings.official_repositories,
        settings.reference_repositories,
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
