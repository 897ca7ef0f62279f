"""One profile for all property tests.

Hypothesis notices by itself that it runs in CI, where its settings are repeatable: a profile that
names only what is ours inherits that.
"""

from hypothesis import settings

settings.register_profile("project", max_examples=200, deadline=None)
settings.load_profile("project")
