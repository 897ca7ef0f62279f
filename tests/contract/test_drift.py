import re
import tomllib
from enum import StrEnum

import pytest
from flask import Flask
from jsonschema import ValidationError
from marshmallow import Schema
from openapi_spec_validator import validate as validate_document

from service.advisor import UpgradeRequest
from service.domain.change import VersionChange
from service.domain.check import ReasonCode, Safety
from service.domain.explanation import AlternativeCode
from service.domain.fleet import Role
from service.domain.legality import Refusal
from service.domain.policy import FlavorReleasePolicy, KubernetesPreference, MaxStep, Policy
from service.domain.reference import MAX_REFERENCE_LENGTH
from service.domain.release_file import MAX_RELEASE_FILE_LENGTH
from service.domain.releases import MAX_RELEASES
from service.domain.rules import RULE_ID
from service.domain.status import Status
from service.domain.support import Verdict
from service.domain.tag import Arch, Variant
from service.domain.version import Distribution
from service.domain.warning import Severity, WarningCode
from service.web import check, fleet_query, matrix, query, releases
from service.web.fleet import MAX_BODY_BYTES
from service.web.formats import Form
from service.web.problems import PROBLEMS
from service.web.reading import REPEATABLE, ParametersSchema
from tests.apps import ROOT, UPGRADABLE, build_client
from tests.contract.document import (
    OF_THE_SERVER,
    Node,
    find_operation,
    list_operations,
    list_parameters,
    load_document,
    resolve,
    validate,
)
from tests.parameters import BAD, GOOD, OF_THE_FORM

# Flask answers these by itself for every path.
_AUTOMATIC = {"HEAD", "OPTIONS"}

COMPONENTS = load_document()["components"]
SCHEMAS = COMPONENTS["schemas"]
UPGRADE_PARAMETERS = list_parameters(find_operation("get_upgrade"), "query")
BODY_PARAMETERS = list_parameters(find_operation("post_upgrade"), "query")
BODY_MEMBERS = SCHEMAS["UpgradeRequest"]["properties"]
FLEET_PARAMETERS = list_parameters(find_operation("post_upgrades"), "query")
FLEET_MEMBERS = SCHEMAS["FleetRequest"]["properties"]
NODE_MEMBERS = SCHEMAS["FleetNode"]["properties"]

# What others send, who may add to it.
FOREIGN = {"NodeList", "KubernetesNode", "AuroraNode"}
ENUMS: list[tuple[str, type[StrEnum]]] = [
    ("Status", Status),
    ("WarningCode", WarningCode),
    ("Warning/properties/severity", Severity),
    ("Support/properties/verdict", Verdict),
    ("Change/properties/kairos", VersionChange),
    ("Alternative/properties/code", AlternativeCode),
    ("FleetNode/properties/role", Role),
    ("Rejected/properties/code", Refusal),
    ("Check/properties/verdict", Safety),
    ("ReasonCode", ReasonCode),
    ("MatrixStream/properties/verdict", Verdict),
    ("Image/properties/variant", Variant),
    ("Image/properties/arch", Arch),
]
PARAMETER_ENUMS: list[tuple[str, type[StrEnum]]] = [
    ("max_step", MaxStep),
    ("kubernetes", KubernetesPreference),
    ("flavor_release", FlavorReleasePolicy),
    ("format", Form),
]
SENT = [
    "Alternative",
    "Catalogue",
    "Change",
    "Check",
    "Image",
    "Links",
    "Matrix",
    "MatrixStream",
    "Reason",
    "Recommendation",
    "Rejected",
    "Releases",
    "Support",
    "Target",
    "Warning",
]


@pytest.fixture(scope="module")
def app() -> Flask:
    return build_client().application


def test_the_document_is_valid_openapi() -> None:
    validate_document(load_document())


def test_the_document_has_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert load_document()["info"]["version"] == project["version"]


def test_the_paths_and_methods_are_those_of_the_app(app: Flask) -> None:
    written = {(path, method) for path, method, _ in list_operations()}

    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - _AUTOMATIC
    }

    assert served == written


def test_each_operation_is_named_as_its_view(app: Flask) -> None:
    written = {
        (path, method): operation["operationId"] for path, method, operation in list_operations()
    }

    views = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method): app.view_functions[
            rule.endpoint
        ].__name__
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - _AUTOMATIC
    }

    assert views == written


def test_every_path_parameter_is_described() -> None:
    for path, _, operation in list_operations():
        assert set(re.findall(r"{(\w+)}", path)) == set(list_parameters(operation, "path"))


def test_the_query_parameters_are_the_fields_of_the_query() -> None:
    assert set(UPGRADE_PARAMETERS) == _names(query._QUERY)  # noqa: SLF001 - the schemas are what
    assert set(BODY_PARAMETERS) == _names(query._FILE) - {"release_file"}  # noqa: SLF001 - this
    assert set(BODY_MEMBERS) == _names(query._BODY)  # noqa: SLF001 - test is for


@pytest.mark.parametrize(
    ("operation_id", "schema"),
    [
        ("get_check", check.QUERY),
        ("get_releases", releases.QUERY),
        ("get_matrix", matrix.QUERY),
    ],
)
def test_the_parameters_of_a_query_are_its_fields(
    operation_id: str, schema: ParametersSchema
) -> None:
    written = list_parameters(find_operation(operation_id), "query")

    assert set(written) == _names(schema)
    assert {name for name, each in written.items() if each.get("required")} == {
        field.data_key or name for name, field in schema.fields.items() if field.required
    }
    assert {
        name: each["schema"]["default"]
        for name, each in written.items()
        if "default" in each["schema"]
    } == {name: field.load_default for name, field in schema.fields.items() if not field.required}


def test_a_reference_is_described_alike_everywhere() -> None:
    image = UPGRADE_PARAMETERS["image"]["schema"]

    for parameter in list_parameters(find_operation("get_check"), "query").values():
        assert resolve(parameter["schema"]) == image


def test_the_length_of_a_list_of_releases_is_its_bound() -> None:
    assert SCHEMAS["Releases"]["properties"]["releases"]["maxItems"] == MAX_RELEASES


def test_the_members_of_many_nodes_are_the_fields_of_their_schemas() -> None:
    node = _names(fleet_query.MemberSchema()) | _names(query.BodySchema())

    assert set(FLEET_MEMBERS) == _names(fleet_query.FleetSchema())
    assert set(NODE_MEMBERS) == node
    assert set(FLEET_PARAMETERS) == _names(fleet_query.PlaceSchema())


@pytest.mark.parametrize("members", [FLEET_MEMBERS, NODE_MEMBERS])
def test_many_nodes_describe_a_parameter_as_the_query_does(members: Node) -> None:
    own = {"name", "nodes", "cluster", "role", "release_file"}

    for name in set(members) - own:
        assert resolve(members[name]) == UPGRADE_PARAMETERS[name]["schema"]


def test_the_bounds_of_many_nodes_are_those_of_their_guards() -> None:
    arrays = [
        FLEET_MEMBERS["nodes"],
        SCHEMAS["NodeList"]["properties"]["items"],
        SCHEMAS["AuroraNodes"],
        SCHEMAS["FleetAnswer"]["properties"]["results"],
    ]

    assert {array["maxItems"] for array in arrays} == {fleet_query.MAX_NODES}
    assert SCHEMAS["NodeName"]["maxLength"] == fleet_query.MAX_NAME_LENGTH


def test_the_image_alone_is_required_and_only_where_there_is_no_file() -> None:
    parameters = {**UPGRADE_PARAMETERS, "image beside a file": BODY_PARAMETERS["image"]}

    assert [name for name, each in parameters.items() if each.get("required")] == ["image"]


def test_a_body_describes_a_parameter_as_the_query_does() -> None:
    shared = set(BODY_MEMBERS) & set(UPGRADE_PARAMETERS)

    assert shared == set(UPGRADE_PARAMETERS) - OF_THE_FORM
    for name in shared:
        assert resolve(BODY_MEMBERS[name]) == UPGRADE_PARAMETERS[name]["schema"]
        assert resolve(BODY_PARAMETERS[name]["schema"]) == UPGRADE_PARAMETERS[name]["schema"]


@pytest.mark.parametrize("body", [{}, {"max_step": "patch"}, {"image": "x", "format": "text"}])
def test_a_body_that_is_refused_is_not_valid_by_the_document(body: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        validate(body, SCHEMAS["UpgradeRequest"])

    assert build_client().post("/v1/upgrade", json=body).status_code == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [case for case in GOOD if case[0] not in OF_THE_FORM],
)
def test_a_member_that_is_taken_is_valid_by_the_document(name: str, value: str) -> None:
    body = {"image": UPGRADABLE, name: _read_value(name, value)}

    validate(body, SCHEMAS["UpgradeRequest"])

    assert build_client().post("/v1/upgrade", json=body).status_code == 200


def test_the_parameters_that_may_be_repeated_are_arrays() -> None:
    arrays = {
        name for name, each in UPGRADE_PARAMETERS.items() if each["schema"]["type"] == "array"
    }

    assert arrays == REPEATABLE


@pytest.mark.parametrize("parameter", UPGRADE_PARAMETERS.values(), ids=list(UPGRADE_PARAMETERS))
def test_every_parameter_is_explained(parameter: Node) -> None:
    assert parameter["description"]


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_a_value_that_is_taken_is_valid_by_the_document(name: str, value: str) -> None:
    validate(_read_value(name, value), UPGRADE_PARAMETERS[name]["schema"])


@pytest.mark.parametrize(("name", "value"), [case for case in BAD if len(case[1]) < 1_000])
def test_a_value_that_is_refused_is_not_valid_by_the_document(name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        validate(_read_value(name, value), UPGRADE_PARAMETERS[name]["schema"])


@pytest.mark.parametrize(("name", "enum"), PARAMETER_ENUMS)
def test_the_values_of_a_parameter_are_those_of_its_enum(name: str, enum: type[StrEnum]) -> None:
    assert set(UPGRADE_PARAMETERS[name]["schema"]["enum"]) == set(enum)


def test_the_architectures_are_those_of_tags_and_of_uname() -> None:
    assert UPGRADE_PARAMETERS["arch"]["schema"]["enum"] == [*Arch, "x86_64", "aarch64"]


def test_the_defaults_are_those_of_the_policy() -> None:
    written = {
        name: parameter["schema"]["default"]
        for name, parameter in UPGRADE_PARAMETERS.items()
        if "default" in parameter["schema"]
    }

    policy = Policy()
    boot_state = UpgradeRequest.__dataclass_fields__["boot_state"].default
    assert written == {
        "max_step": policy.max_step,
        "kubernetes": policy.kubernetes_preference,
        "flavor_release": policy.flavor_release,
        "prerelease": policy.prerelease,
        "boot_state": boot_state,
    }


def test_the_length_of_a_reference_is_that_of_its_guard() -> None:
    assert UPGRADE_PARAMETERS["image"]["schema"]["maxLength"] == MAX_REFERENCE_LENGTH


def test_the_length_of_a_release_file_is_that_of_its_guard() -> None:
    assert SCHEMAS["ReleaseFile"]["maxLength"] == MAX_RELEASE_FILE_LENGTH


def test_the_code_of_an_advisory_is_made_of_the_id_of_a_rule() -> None:
    assert SCHEMAS["AdvisoryCode"]["pattern"] == f"^advisory:{RULE_ID}$"


def test_the_size_of_a_body_is_that_of_its_guard(app: Flask) -> None:
    told = COMPONENTS["responses"]["ContentTooLarge"]["description"]

    assert f"{app.config['MAX_CONTENT_LENGTH'] // 1024} KiB" in told
    assert f"{MAX_BODY_BYTES // 1024 // 1024} MiB" in told


@pytest.mark.parametrize("name", SENT)
def test_a_component_that_is_sent_leaves_no_member_open(name: str) -> None:
    """So that each body that is held to it has exactly its members."""
    component = SCHEMAS[name]

    assert set(component["required"]) == set(component["properties"])
    assert component["additionalProperties"] is False


@pytest.mark.parametrize(("place", "enum"), ENUMS)
def test_a_closed_set_is_the_one_of_the_domain(place: str, enum: type[StrEnum]) -> None:
    assert resolve({"$ref": f"#/components/schemas/{place}"})["enum"] == list(enum)


@pytest.mark.parametrize(
    "place", ["Kubernetes/properties/distribution", "MatrixStream/properties/kubernetes"]
)
def test_the_distributions_are_those_of_the_domain(place: str) -> None:
    assert resolve({"$ref": f"#/components/schemas/{place}"})["enum"] == [*Distribution, None]


def test_the_slugs_of_problems_are_those_of_the_table() -> None:
    assert SCHEMAS["ProblemSlug"]["enum"] == list(PROBLEMS)


def test_every_object_of_ours_is_closed() -> None:
    objects = [name for name, schema in SCHEMAS.items() if schema.get("type") == "object"]

    is_open = {name for name in objects if SCHEMAS[name].get("additionalProperties") is not False}
    assert is_open == FOREIGN


def test_every_component_is_used() -> None:
    used = set(_list_references(load_document()))

    components = {
        f"#/components/{kind}/{name}"
        for kind, parts in COMPONENTS.items()
        # Those are named without a reference.
        if kind != "securitySchemes"
        for name in parts
    }

    assert components - used == set()


def test_every_operation_documents_a_default_and_the_request_id() -> None:
    for _, _, operation in list_operations():
        assert "default" in operation["responses"]
        assert set(list_parameters(operation, "header")) == {"X-Request-ID"}
        for status, told in operation["responses"].items():
            assert status in OF_THE_SERVER or "X-Request-ID" in resolve(told)["headers"]


def _names(schema: Schema) -> set[str]:
    return {field.data_key or name for name, field in schema.fields.items()}


def _read_value(name: str, text: str) -> object:
    """Read a value of a query as its parameter's type has it."""
    kind = UPGRADE_PARAMETERS[name]["schema"]["type"]
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return [text] if kind == "array" else text


def _list_references(node: object) -> list[str]:
    if isinstance(node, list):
        return [found for each in node for found in _list_references(each)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [found for each in node.values() for found in _list_references(each)]
