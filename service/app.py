"""Where the parts meet: the application, of what is behind it and what is in front."""

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from cachetools import LRUCache
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from service import VERSION
from service.adapters.allocator import return_large_blocks
from service.adapters.api_tokens import load_tokens
from service.adapters.batch import BatchCatalogueSource
from service.adapters.deadline import Deadline
from service.adapters.log import configure_logging
from service.adapters.rules_file import load_builtin_rules, load_rules, tell_version
from service.advisor import Advisor
from service.backend import Backend, build_backend
from service.domain.mirror import Mirrors
from service.domain.reference import Repository
from service.domain.rules import Rulebook, Rules
from service.domain.scope import Scope
from service.domain.transcript import LeasingSource, StartLeasing
from service.fleet import FleetAdvisor
from service.settings import Settings
from service.web import (
    assets,
    check,
    documents,
    fleet,
    front_page,
    health,
    matrix,
    metrics,
    pages,
    releases,
    upgrade,
)
from service.web.bearer import register_bearer
from service.web.caching import CacheRules
from service.web.default_headers import DefaultHeaders
from service.web.kept_answers import KeptAnswers
from service.web.observation import Observer, register_observation
from service.web.problems import register_problems
from service.web.rate_limit import register_rate_limit
from service.web.request_id import register_request_id
from service.web.shortcut import Shortcut

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_OPENAPI = Path(__file__).resolve().parent / "data" / "openapi.yaml"

# A release file has some 2 KiB; a question about one node is little more.
_MAX_BODY_BYTES = 256 * 1024

# Of rendered answers that a worker keeps: some thousand.
_MAX_KEPT_BYTES = 10 * 1024 * 1024


def create_app(
    settings: Settings,
    source: LeasingSource | None = None,
    start_verifying: StartLeasing | None = None,
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
    configure_logging(settings.log_level, settings.log_format)
    # Fleets send large bodies too, whatever is behind the advisor.
    return_large_blocks()
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY_BYTES
    app.config["VERSION"] = VERSION
    app.config["RULES_VERSION"] = tell_version(settings.rules_file)
    app.config["PROBLEM_BASE_URL"] = settings.problem_base_url
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it
    app.extensions["openapi"] = _OPENAPI.read_bytes()
    backend = build_backend(settings)
    app.extensions["readiness"] = backend.readiness
    now = clock or backend.clock
    app.extensions["clock"] = now
    app.extensions["tracker"] = backend.tracker
    _register_advisors(
        app,
        settings,
        build_scope(settings, backend.list_tracked),
        source or backend.source,
        start_verifying if source else backend.start_verifying,
    )
    observer = Observer(app.config["RULES_VERSION"])
    register_observation(app, observer)
    register_request_id(app)
    register_problems(app)
    rules = _register_manners(app, settings, backend, now)
    for module in (
        upgrade,
        fleet,
        check,
        releases,
        matrix,
        health,
        metrics,
        documents,
        front_page,
        pages,
        assets,
    ):
        app.register_blueprint(module.blueprint)
    # As Flask's documentation has it.
    app.wsgi_app = _wrap(app, settings, rules, observer)  # type: ignore[method-assign, assignment]
    return app


def _register_advisors(
    app: Flask,
    settings: Settings,
    scope: Scope,
    source: LeasingSource,
    start_verifying: StartLeasing | None,
) -> None:
    """Let views find who answers."""
    rulebook = _build_rulebook(settings)
    advisor = Advisor(source, scope, rulebook, settings.default_organisation, start_verifying)
    app.extensions["advisor"] = advisor
    app.extensions["kept_answers"] = KeptAnswers(
        lambda transcript: transcript.repeat(source, start_verifying),
        LRUCache(_MAX_KEPT_BYTES, attrgetter("size")),
    )
    app.extensions["fleet_advisor"] = FleetAdvisor(
        advisor,
        lambda repositories: BatchCatalogueSource(
            source, repositories, Deadline(settings.registry_timeout)
        ),
    )


def _register_manners(
    app: Flask, settings: Settings, backend: Backend, clock: Callable[[], datetime]
) -> CacheRules:
    """Put what every request and answer passes around the views."""
    # Before the tokens: who guesses at them is counted as well.
    if settings.rate_limit and backend.count_request:
        register_rate_limit(app, settings.rate_limit, backend.count_request)
    if settings.api_tokens_file:
        register_bearer(app, load_tokens(settings.api_tokens_file).accepts)
    private = settings.api_tokens_file is not None
    rules = CacheRules(settings.fresh, settings.stale, clock=clock, private=private)
    app.extensions["cache_rules"] = rules
    return rules


def _wrap(
    app: Flask, settings: Settings, rules: CacheRules, observer: Observer
) -> "WSGIApplication":
    """Give what stands between gunicorn and Flask, the outermost last."""
    around: WSGIApplication = DefaultHeaders(app.wsgi_app)
    # A limit and tokens are looked at within Flask, so nothing may pass that by.
    if not (settings.rate_limit or settings.api_tokens_file):
        around = Shortcut(around, app.extensions["kept_answers"], rules, observer)
    proxies = settings.trusted_proxies
    if proxies:
        around = ProxyFix(around, x_for=proxies, x_proto=proxies, x_host=proxies, x_prefix=proxies)
    return around


def build_scope(settings: Settings, list_tracked: Callable[[], Sequence[Repository]]) -> Scope:
    """Say which repositories may be asked for."""
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
