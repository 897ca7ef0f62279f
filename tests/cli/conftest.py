import pytest
from flask.testing import FlaskClient

from tests.apps import build_client_over
from tests.cli.command import ON_SNAPSHOT, CommandLine


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """Run commands over the example lists."""
    return CommandLine(capsys)


@pytest.fixture(scope="session")
def client() -> FlaskClient:
    """Ask over HTTP what the command line is asked."""
    return build_client_over(None, **ON_SNAPSHOT)
