"""A real Chromium, and all that it complains about."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, Route, sync_playwright

_ARGUMENTS = ("--no-sandbox", "--disable-background-networking")

# Told to the page itself, before anything of it runs.
_WATCH_POLICY = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""


@dataclass
class Visit:
    """A page of a service, and what went wrong on it.

    Attributes:
        complaints: Errors of scripts, of the console and of the policy, and requests that would
            have left the service; these are stopped.
    """

    base: str
    page: Page
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}")

    def audit(self, *, of: str = "minor moderate serious critical") -> list[str]:
        """Give what axe-core finds, of these weights: rule, weight and elements."""
        violations = Axe().run(self.page).response["violations"]
        return [
            f"{each['id']} ({each['impact']}): {[node['target'] for node in each['nodes']]}"
            for each in violations
            if each["impact"] in of.split()
        ]

    def watch(self) -> None:
        self.page.add_init_script(_WATCH_POLICY)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda told: self.complaints.append(told.text) if told.type == "error" else None,
        )
        self.page.route("**/*", self._let_pass)

    def _let_pass(self, route: Route, request: Request) -> None:
        if request.url.startswith((f"{self.base}/", "data:")):
            route.continue_()
            return
        self.complaints.append(f"request to {request.url}")
        route.abort()


@contextmanager
def start_browser() -> Iterator[Browser]:
    """Run Debian's Chromium."""
    executable = _find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def _find_chromium() -> str:
    binary = shutil.which("chromium")
    if binary is not None:
        return binary
    message = "chromium is not installed: apt-get install chromium"
    if os.getenv("CI"):
        pytest.fail(message)
    pytest.skip(message)
