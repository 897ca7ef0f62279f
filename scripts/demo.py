"""Start the service on the example tag lists, ask it one question, print the answer, stop it."""

import json
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_GUNICORN = Path(sys.executable).with_name("gunicorn")
_IMAGE = "quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.2.3-k3sv1.31.2-k3s1"
_START_SECONDS = 30


def main() -> None:
    """Run the demonstration; the exit status is 0 when the service has answered."""
    port = _choose_free_port()
    base = f"http://127.0.0.1:{port}"
    service = subprocess.Popen(
        [_GUNICORN, "--bind", f"127.0.0.1:{port}", "service.wsgi:app"],
        cwd=_ROOT,
        # Nothing else of the caller's environment: the answer is the same everywhere.
        env={"ADVISOR_SNAPSHOT_DIR": "examples/snapshot", "ADVISOR_LOG_LEVEL": "warning"},
    )
    try:
        _wait_until_live(service, f"{base}/livez")
        url = f"{base}/v1/upgrade?" + urllib.parse.urlencode({"image": _IMAGE}, safe="/:")
        print(f"$ curl '{url}'")
        print(json.dumps(json.loads(_get(url)), indent=2))
    finally:
        service.terminate()
        service.wait()


def _choose_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_until_live(service: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            _get(url)
        except OSError as error:
            if service.poll() is not None:
                sys.exit("The service stopped before it answered; its own message is above.")
            if time.monotonic() > deadline:
                sys.exit(f"The service did not answer within {_START_SECONDS} seconds: {error}")
            time.sleep(0.05)
        else:
            return


def _get(url: str) -> bytes:
    # A proxy in the caller's environment has no business on the loopback interface.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=_START_SECONDS) as response:
        body: bytes = response.read()
        return body


if __name__ == "__main__":
    main()
