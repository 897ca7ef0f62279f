"""Where the parts meet: the application, of what is behind it and what is in front."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from pathlib import Path

import structlog
from cachetools import LRUCache
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from service import VERSION
from service.adapters.api_tokens import load_tokens
from service.adapters.batch import BatchCatalogueSource
from service.adapters.deadline import Deadline
from service.adapters.rules_file import load_builtin_rules, load_rules
from service.advisor import Advisor
from service.backend import Backend, StartVerifying, build_backend
from service.domain.catalogue import CatalogueSource
from service.domain.mirror import Mirrors
from service.domain.reference import Repository
from service.domain.rules import Rulebook, Rules
from service.domain.scope import Scope
from service.fleet import FleetAdvisor
from service.settings import Settings
from service.web import check, documents, fleet, health, matrix, releases, upgrade
from service.web.bearer import register_bearer
from service.web.caching import CacheRules, register_caching
from service.web.kept_answers import KeptAnswers
from service.web.problems import register_problems
from service.web.rate_limit import register_rate_limit
from service.web.request_id import register_request_id
from service.web.security_headers import register_security_headers
from service.web.shortcut import Shortcut

_OPENAPI = Path(__file__).resolve().parent.parent / "openapi.yaml"

# A release file has some 2 KiB; a question about one node is little more.
_MAX_BODY_BYTES = 256 * 1024

# Of rendered answers that a worker keeps: some thousand.
_MAX_KEPT_BYTES = 10 * 1024 * 1024


def create_app(
    settings: Settings,
    source: CatalogueSource | None = None,
    start_verifying: StartVerifying | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Flask:
    """Build the application.

    Args:
        settings: How this service is run.
        source: Where catalogues come from; with the next, built from the settings where it is left
            out.
        start_verifying: What targets are verified with.
        clock: What tells how old the source's listings are; that of the backend where it is left
            out.
    """
    _configure_logging(settings)
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY_BYTES
    app.config["VERSION"] = VERSION
    app.config["PROBLEM_BASE_URL"] = settings.problem_base_url
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it
    app.extensions["openapi"] = _OPENAPI.read_bytes()
    backend = build_backend(settings)
    app.extensions["readiness"] = backend.readiness
    app.extensions["tracker"] = backend.tracker
    catalogues = source or backend.source
    advisor = Advisor(
        catalogues,
        _build_scope(settings, backend.list_tracked),
        _build_rulebook(settings),
        settings.default_organisation,
        start_verifying if source else backend.start_verifying,
    )
    app.extensions["advisor"] = advisor
    app.extensions["kept_answers"] = KeptAnswers(
        advisor.would_repeat, LRUCache(_MAX_KEPT_BYTES, attrgetter("size"))
    )
    app.extensions["fleet_advisor"] = FleetAdvisor(
        advisor,
        lambda repositories: BatchCatalogueSource(
            catalogues, repositories, Deadline(settings.registry_timeout)
        ),
    )
    register_request_id(app)
    register_problems(app)
    _register_manners(app, settings, backend, clock or backend.clock)
    for module in (upgrade, fleet, check, releases, matrix, health, documents):
        app.register_blueprint(module.blueprint)
    return app


def _register_manners(
    app: Flask, settings: Settings, backend: Backend, clock: Callable[[], datetime] | None
) -> None:
    """Put what every request and answer passes around the views."""
    # Before the tokens: who guesses at them is counted as well.
    if settings.rate_limit and backend.count_request:
        register_rate_limit(app, settings.rate_limit, backend.count_request)
    if settings.api_tokens_file:
        register_bearer(app, load_tokens(settings.api_tokens_file).accepts)
    private = settings.api_tokens_file is not None
    rules = CacheRules(settings.fresh, settings.stale, clock=clock, private=private)
    register_caching(app, rules)
    register_security_headers(app)
    # A limit and tokens are looked at within Flask, so nothing may pass it by.
    if not (settings.rate_limit or settings.api_tokens_file):
        kept: KeptAnswers = app.extensions["kept_answers"]
        app.wsgi_app = Shortcut(app.wsgi_app, kept, rules)  # type: ignore[method-assign] # as below
    proxies = settings.trusted_proxies
    if proxies:
        around = app.wsgi_app
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign] # as Flask's documentation has it
            around, x_for=proxies, x_proto=proxies, x_host=proxies, x_prefix=proxies
        )


def _build_scope(settings: Settings, list_tracked: Callable[[], Sequence[Repository]]) -> Scope:
    return Scope(
        settings.repositories,
        settings.official_repositories,
        settings.reference_repositories,
        settings.mirrors if settings.answer_with == "mirror" else Mirrors(),
        list_tracked,
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
