"""One recommendation in the form that its caller asks for."""

import re
from enum import StrEnum
from typing import assert_never

from flask import Request
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import NotAcceptable

from service.domain.recommendation import Recommendation
from service.web import acting_forms
from service.web.acting_forms import Rendering
from service.web.json_answer import dump_json
from service.web.shapes import dump_recommendation


class Form(StrEnum):
    """The forms of an answer, by their name in ``?format=``; the first is the default."""

    JSON = "json"
    TEXT = "text"
    ENV = "env"
    NODE_OP_UPGRADE = "nodeopupgrade"
    AURORABOOT = "auroraboot"


_FORMS = {form.value: form for form in Form}

# In the order of preference among equals. AuroraBoot's is JSON like the first, so only
# ``?format=`` can ask for it.
_MEDIA_TYPES = {
    "application/json": Form.JSON,
    "text/plain": Form.TEXT,
    "application/x-sh": Form.ENV,
    "application/yaml": Form.NODE_OP_UPGRADE,
}
# The parameter that we send: werkzeug compares parameters strictly.
_OUR_CHARSET = re.compile(r"(?<=^text/plain)\s*;\s*charset=\"?utf-8\"?$", re.IGNORECASE)


def negotiate_form(request: Request) -> Form:
    """Choose the form by ``?format=``, else by ``Accept``.

    Raises:
        NotAcceptable: None of ours is acceptable.

    Source: RFC 9110, section 12.5.1.
    """
    if form := _FORMS.get(request.args.get("format", "")):
        return form
    if not request.accept_mimetypes:
        return Form.JSON
    ranges = [(_OUR_CHARSET.sub("", kind), quality) for kind, quality in request.accept_mimetypes]
    best = MIMEAccept(ranges).best_match(_MEDIA_TYPES)
    if best is None:
        *others, last = _MEDIA_TYPES
        raise NotAcceptable(f"The answer can be had as {', '.join(others)} or {last}.")
    return _MEDIA_TYPES[best]


def render(
    answer: Recommendation,
    form: Form,
    accept: frozenset[str],
    node: str | None,
) -> Rendering:
    """Render an answer.

    Args:
        answer: The recommendation.
        form: JSON tells; the other forms are acted on unread, and so withhold what is not safe.
        accept: The codes of critical warnings that the caller accepts.
        node: The name of the one Kubernetes node that is meant; None for all that are alike.

    Raises:
        UpgradeBlockedError: An acting form of an answer with the status blocked.
        ManualUpgradeError: An acting form of an answer with the status manual, or one whose client
            cannot do it.
        NeedsAcceptanceError: An acting form of an answer with a critical warning not accepted.
        TargetNotVerifiedError: An acting form of an answer whose target should have been verified,
            and could not be.
    """
    if form is Form.JSON:
        return Rendering(dump_json(dump_recommendation(answer)), "application/json")
    acting_forms.refuse_unsafe(answer, accept)
    match form:
        case Form.TEXT:
            return acting_forms.render_text(answer)
        case Form.ENV:
            return acting_forms.render_env(answer)
        case Form.NODE_OP_UPGRADE:
            return acting_forms.render_node_op_upgrade(answer, node)
        case Form.AURORABOOT:
            return acting_forms.render_auroraboot(answer)
        case _:
            assert_never(form)


def describe_headers(answer: Recommendation) -> dict[str, str]:
    """Give the headers that go with every form, also with a refused one."""
    codes = ", ".join(warning.code for warning in answer.warnings)
    return {"Upgrade-Status": str(answer.status), "Upgrade-Warnings": codes}
