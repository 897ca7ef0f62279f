"""What is deployed, held to the service: its metrics, its settings, its version, its user."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from service import VERSION
from service.metrics import REGISTRY
from service.settings import Settings
from tests.apps import ROOT, build_client

DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))

# Prometheus makes this one itself.
_FOREIGN = {"up"}
_KEYWORDS = {"and", "bool", "by", "on", "or", "unless"}
# What is no metric: matchers, strings, ranges, the labels of an aggregation, functions, numbers.
_NOT_METRICS = (
    r'"[^"]*"',
    r"\{[^}]*\}",
    r"\[[^\]]*\]",
    r"\b(?:by|without|on)\s*\([^)]*\)",
    r"\b\w+(?=\s*\()",
    r"\b[0-9.]+\b",
)


def _list_metrics(expression: str) -> set[str]:
    """Give the names of metrics in an expression of PromQL."""
    for each in _NOT_METRICS:
        expression = re.sub(each, " ", expression)
    return set(re.findall(r"[a-zA-Z_:][\w:]*", expression)) - _KEYWORDS - _FOREIGN


def _list_alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "prometheus" / "rules.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _list_panels() -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = json.loads((DEPLOY / "grafana/dashboard.json").read_text())[
        "panels"
    ]
    return panels


EXPRESSIONS = [alert["expr"] for alert in _list_alerts()] + [
    target["expr"] for panel in _list_panels() for target in panel["targets"]
]


@pytest.fixture(scope="module")
def told() -> set[str]:
    """Give the names under which samples are told, of metrics without a series as well."""
    names = {line.split()[2] for line in _read_metrics() if line.startswith("# TYPE")}
    for metric in REGISTRY.collect():
        suffixes = ("_bucket", "_sum", "_count") if metric.type == "histogram" else ("_total", "")
        names |= {f"{metric.name}{suffix}" for suffix in suffixes}
    return names


def _read_metrics() -> list[str]:
    return build_client().get("/metrics").text.splitlines()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_that_is_asked_for_is_told(expression: str, told: set[str]) -> None:
    names = _list_metrics(expression)

    assert names <= told
    assert names or "up{" in expression


def test_every_metric_is_looked_at(told: set[str]) -> None:
    looked_at = set().union(*map(_list_metrics, EXPRESSIONS))

    metrics = {metric.name for metric in REGISTRY.collect()}
    assert {
        name for name in metrics if not any(each.startswith(name) for each in looked_at)
    } == set()
    assert looked_at <= told


def test_the_names_of_metrics_are_found_in_an_expression() -> None:
    expression = 'sum by (a) (rate(b_total{c="d"}[5m])) / on (e) f > 0.5 and g:h == 1'

    assert _list_metrics(expression) == {"b_total", "f", "g:h"}


def test_every_panel_has_its_place() -> None:
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in _list_panels()}

    assert len(places) == len(_list_panels()) > 10


@pytest.mark.parametrize("alert", _list_alerts(), ids=lambda alert: alert["alert"])
def test_every_alert_says_what_to_make_of_it(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert set(alert["annotations"]) == {"summary", "description"}


def _list_containers() -> Iterator[dict[str, Any]]:
    for file in MANIFESTS:
        for manifest in yaml.safe_load_all(file.read_text()):
            if manifest["kind"] == "Deployment":
                pod = manifest["spec"]["template"]["spec"]
                assert pod["securityContext"]["runAsNonRoot"] is True
                assert pod["enableServiceLinks"] is False
                yield from pod["containers"]


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return services


def test_the_version_is_the_same_everywhere(composed: dict[str, Any]) -> None:
    images = {each["name"]: each["image"] for each in _list_containers()}

    assert images["advisor"] == composed["advisor"]["image"] == f"kairos-upgrade-advisor:{VERSION}"
    assert images["redis"] == composed["redis"]["image"]
    assert f'image.version="{VERSION}"' in (ROOT / "Dockerfile").read_text()


def test_the_user_is_the_same_everywhere(composed: dict[str, Any]) -> None:
    user = re.search(r"^USER (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    pod = yaml.safe_load_all((DEPLOY / "kubernetes/advisor.yaml").read_text())
    context = next(
        each["spec"]["template"]["spec"]["securityContext"]
        for each in pod
        if each["kind"] == "Deployment"
    )
    assert user
    assert user[1] == composed["advisor"]["user"]
    assert user[1] == f"{context['runAsUser']}:{context['runAsGroup']}"


def test_the_settings_that_are_deployed_are_taken(composed: dict[str, Any], tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.touch()
    deployed = next(each for each in _list_containers() if each["name"] == "advisor")["env"]
    environ = {each["name"]: each["value"] for each in deployed}

    pod = Settings.from_env(environ | {"ADVISOR_RULES_FILE": str(rules)})
    container = Settings.from_env(composed["advisor"]["environment"])

    assert environ["ADVISOR_RULES_FILE"] == "/etc/advisor/rules.yaml"
    assert (pod.web_concurrency, container.web_concurrency) == (2, 2)
    assert pod.redis_url == "redis://advisor-redis:6379/0"


@pytest.mark.parametrize("container", list(_list_containers()), ids=lambda each: each["name"])
def test_a_container_may_nothing_and_has_its_limits(container: dict[str, Any]) -> None:
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]["limits"]) == {"cpu", "memory"}
    assert {"livenessProbe", "readinessProbe"} <= set(container)
