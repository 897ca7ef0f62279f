"""A real nginx on loopback, as an operator would put it in front of the service."""

import getpass
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.service import Service, choose_free_port
from tests.servers import find_program

_START_SECONDS = 10
_CONFIGURATION = """\
{user}
daemon off;
pid {directory}/pid;
error_log {directory}/error.log info;
events {{}}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  proxy_cache_path {directory}/cache keys_zone=answers:1m;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{upstream};
      proxy_http_version 1.1;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
      proxy_set_header X-Forwarded-Prefix "";
      proxy_cache answers;
      proxy_cache_revalidate on;
      add_header X-Cache $upstream_cache_status always;
    }}
  }}
}}
"""


@contextmanager
def start_nginx(directory: Path, behind: Service) -> Iterator[Service]:
    """Run an nginx that caches what a service lets it; yields the service as seen through it.

    How nginx came to an answer stands in ``X-Cache``.
    """
    binary = find_program("nginx")
    port = choose_free_port()
    configuration = directory / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            # Else root's workers become another user, who may not look into the directory.
            user=f"user {getpass.getuser()};" if os.geteuid() == 0 else "",
            directory=directory,
            port=port,
            upstream=behind.port,
        )
    )
    log = directory / "nginx.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - a fixed program
            [binary, "-p", directory, "-e", directory / "error.log", "-c", configuration],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={},
        )
    try:
        _wait_until_it_runs(process, directory)
        yield Service(port, process, log)
    finally:
        process.terminate()
        process.wait()


def _wait_until_it_runs(process: "subprocess.Popen[bytes]", directory: Path) -> None:
    """Wait for the file that nginx writes once it listens."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if (directory / "pid").exists():
            return
        time.sleep(0.01)
    raise RuntimeError(f"nginx did not start: {(directory / 'error.log').read_text()}")
