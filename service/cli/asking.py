"""Questions and their answers: one more caller of the application, without a server between.

What is printed as JSON or as a line is what HTTP gives, for it comes from the same views.
"""

from argparse import Namespace
from collections.abc import Mapping
from http import HTTPStatus
from time import monotonic, sleep
from typing import TextIO

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import create_app
from service.cli.environment import read_settings
from service.cli.outcome import CommandError, ExitCode
from service.cli.prose import describe_matrix, describe_recommendation
from service.cli.question import read_parameters, read_release_file
from service.domain.status import Status

# How often the service, which lists in the background, is asked whether it has all lists.
_PAUSE_SECONDS = 0.2

_CODES = {
    Status.UPGRADE_AVAILABLE: ExitCode.DONE,
    Status.BLOCKED: ExitCode.REFUSED,
    Status.MANUAL: ExitCode.REFUSED,
}


def recommend(asked: Namespace, environ: Mapping[str, str], out: TextIO) -> ExitCode:
    """Answer for one node."""
    answer = _ask(asked, _open(environ))
    if asked.line or asked.json:
        out.write(answer.text)
    else:
        out.write(describe_recommendation(answer.get_json()))
    return _CODES.get(Status(answer.headers["Upgrade-Status"]), ExitCode.NOTHING_TO_DO)


def print_matrix(asked: Namespace, environ: Mapping[str, str], out: TextIO) -> ExitCode:
    """Print the support matrix."""
    answer = _survey(_open(environ), asked.wait)
    out.write(answer.text if asked.json else describe_matrix(answer.get_json()))
    if missing := answer.get_json()["missing"]:
        raise CommandError(f"not listed, so not in the matrix: {', '.join(missing)}")
    return ExitCode.DONE


def _survey(client: FlaskClient, patience_seconds: float) -> TestResponse:
    """Ask for the matrix until all is listed, or has had its time."""
    until = monotonic() + patience_seconds
    while True:
        answer = _check(client.get("/v1/matrix"))
        if not answer.get_json()["missing"] or monotonic() > until:
            return answer
        sleep(_PAUSE_SECONDS)


def _open(environ: Mapping[str, str]) -> FlaskClient:
    return create_app(read_settings(environ)).test_client()


def _ask(asked: Namespace, client: FlaskClient) -> TestResponse:
    query = {**read_parameters(asked), "format": "text" if asked.line else "json"}
    if asked.release_file is None:
        return _check(client.get("/v1/upgrade", query_string=query))
    file = read_release_file(asked.release_file)
    return _check(
        client.post("/v1/upgrade", query_string=query, data=file, content_type="text/plain")
    )


def _check(answer: TestResponse) -> TestResponse:
    """Give an answer back unless it tells of an error."""
    if answer.status_code < HTTPStatus.BAD_REQUEST:
        return answer
    is_line = answer.mimetype == "text/plain"
    problem = answer.text if is_line else "{code}: {detail}".format_map(answer.get_json(force=True))
    refused = answer.status_code == HTTPStatus.CONFLICT
    code = ExitCode.REFUSED if refused else ExitCode.CANNOT_TELL
    raise CommandError(problem.removeprefix("error: "), code)
