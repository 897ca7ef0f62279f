import pytest
from flask.testing import FlaskClient

from tests.apps import build_client


@pytest.fixture(scope="session")
def client() -> FlaskClient:
    """Ask an app over the small lists of tests.apps."""
    return build_client()
