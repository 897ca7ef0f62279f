"""What looks closer at a setting than its text tells, before anything is served.

Apart from what is put together of the settings: gunicorn's master checks, and loads no more.
"""

from collections.abc import Mapping

from service.adapters.api_tokens import load_tokens
from service.adapters.credentials import Credentials
from service.settings import Check


def _check_redis_url(url: str) -> None:
    from service.adapters.redis_client import check_url  # noqa: PLC0415 - as in ``backend``

    check_url(url)


# For ``Settings.from_env``.
CHECKS: Mapping[str, Check] = {
    "api_tokens_file": load_tokens,
    "registry_auth_file": Credentials.load,
    "redis_url": _check_redis_url,
    "redis_url_file": _check_redis_url,
}
