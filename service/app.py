"""Where the parts meet: the application, of what is behind it and what is in front."""

from pathlib import Path

from flask import Flask

from service import VERSION
from service.adapters.log import configure_logging
from service.adapters.rules_file import load_builtin_rules, load_rules, tell_version
from service.advisor import Advisor
from service.backend import StartVerifying, build_backend
from service.domain.catalogue import CatalogueSource
from service.domain.mirror import Mirrors
from service.domain.rules import Rulebook, Rules
from service.domain.scope import Scope
from service.settings import Settings
from service.web import documents, health, metrics, upgrade
from service.web.observation import register_observation
from service.web.problems import register_problems
from service.web.request_id import register_request_id

_OPENAPI = Path(__file__).resolve().parent / "data" / "openapi.yaml"

# A release file has some 2 KiB; a question about one node is little more.
_MAX_BODY_BYTES = 256 * 1024


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
    configure_logging(settings.log_level, settings.log_format)
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY_BYTES
    app.config["VERSION"] = VERSION
    app.config["RULES_VERSION"] = tell_version(settings.rules_file)
    app.config["PROBLEM_BASE_URL"] = settings.problem_base_url
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it
    app.extensions["openapi"] = _OPENAPI.read_bytes()
    backend = build_backend(settings)
    app.extensions["readiness"] = backend.readiness
    app.extensions["tracker"] = backend.tracker
    app.extensions["advisor"] = Advisor(
        source or backend.source,
        _build_scope(settings),
        _build_rulebook(settings),
        settings.default_organisation,
        start_verifying if source else backend.start_verifying,
    )
    register_observation(app)
    register_request_id(app)
    register_problems(app)
    for module in (upgrade, health, metrics, documents):
        app.register_blueprint(module.blueprint)
    return app


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
