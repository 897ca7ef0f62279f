from concurrent.futures import ThreadPoolExecutor

import pytest

from service.backend import build_backend
from service.domain.reference import Repository
from service.errors import RegistryUnavailableError
from service.settings import Settings
from tests.front import RegistryFront
from tests.integration.sharing_workers import wait_until


def test_half_of_the_threads_of_a_worker_may_wait_for_registries() -> None:
    with RegistryFront("127.0.0.1:1", delay_seconds=0.5) as front, ThreadPoolExecutor(1) as pool:
        environ = {
            "ADVISOR_REPOSITORIES": f"{front.address}/kairos/*",
            "ADVISOR_PRIVATE_REGISTRIES": front.address,
            "ADVISOR_INSECURE_REGISTRIES": front.address,
            "ADVISOR_WORKER_THREADS": "2",
        }
        source = build_backend(Settings.from_env(environ)).source
        waiting = pool.submit(source.fetch_catalogue, Repository(front.address, "kairos/one"))
        wait_until(lambda: front.listings)

        with pytest.raises(RegistryUnavailableError, match="too many callers"):
            source.fetch_catalogue(Repository(front.address, "kairos/two"))

        assert waiting.exception() is not None
