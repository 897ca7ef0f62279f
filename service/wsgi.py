"""The WSGI application, from the environment."""

import os

from service.app import create_app
from service.settings import read_settings_once

app = create_app(read_settings_once(os.environ))
