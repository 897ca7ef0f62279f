"""The service, and what it is like within one of its workers."""

import gc
import os
import sys
from typing import Any

from service.app import create_app
from service.settings import Settings

app = create_app(Settings.from_env(os.environ))  # noqa: TID251 - an entry point, as wsgi.py is


@app.get("/opened")
def get_opened() -> dict[str, Any]:
    return {
        "modules": sorted(sys.modules),
        "collects": gc.isenabled(),
        "left_alone": gc.get_freeze_count(),
    }
