"""Whether the process serves, and whether it can answer."""

from http import HTTPStatus

from flask import Blueprint, Response, current_app, json

from service.domain.health import CatalogueHealth, Health, Readiness, SourceHealth

_MEDIA_TYPE = "application/health+json"

blueprint = Blueprint("health", __name__)


@blueprint.get("/livez")
def get_livez() -> Response:
    """Answer while the process serves; touches nothing."""
    return Response('{"status": "pass"}\n', mimetype=_MEDIA_TYPE)


@blueprint.get("/readyz")
def get_readyz() -> Response:
    """Tell whether answers are possible; calls no registry."""
    readiness: Readiness = current_app.extensions["readiness"]()
    unable = readiness.health is Health.FAIL
    status = HTTPStatus.SERVICE_UNAVAILABLE if unable else HTTPStatus.OK
    body = json.dumps(_dump(readiness, current_app.config["VERSION"]))
    return Response(f"{body}\n", status, mimetype=_MEDIA_TYPE)


def _dump(readiness: Readiness, version: str) -> dict[str, object]:
    checks: dict[str, list[dict[str, object]]] = {}
    if readiness.redis is not None:
        ping: dict[str, object] = {"componentType": "datastore", "status": readiness.redis}
        checks["redis:ping"] = [ping | _dump_problem(readiness.redis_problem)]
    checks["catalogue:age"] = [_dump_catalogue(each) for each in readiness.catalogues]
    checks["catalogue:source"] = [_dump_source(each) for each in readiness.sources]
    return {"status": readiness.health, "version": version, "checks": checks}


def _dump_catalogue(catalogue: CatalogueHealth) -> dict[str, object]:
    age = None if catalogue.age is None else int(catalogue.age.total_seconds())
    return {
        "componentId": str(catalogue.repository),
        "observedValue": age,
        "observedUnit": "s",
        "status": catalogue.health,
        **_dump_problem(catalogue.problem),
    }


def _dump_source(source: SourceHealth) -> dict[str, object]:
    return {
        "componentId": source.name,
        "status": source.health,
        **_dump_problem(source.problem),
    }


def _dump_problem(problem: str | None) -> dict[str, object]:
    return {"output": problem} if problem else {}
