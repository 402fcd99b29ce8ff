"""A real headless Chromium for tests of report.html: what it shows, logs and asks the network."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

PROGRAMS = ("chromium", "chromedriver")
PACKAGES = "chromium chromium-driver fonts-dejavu-core"
_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)


def rgb(colour: str) -> list[int]:
    """Red, green and blue of `#RRGGBB`, as a canvas has them."""
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


class Browser:
    """Chromium with one page open."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, page: Path, width: int = 1280) -> None:
        """Load a file in a window of that width; what earlier pages logged is forgotten."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
        )
        self.driver.get("about:blank")
        self.complaints()
        self.requests()
        self.driver.get(page.as_uri())

    def prefer(self, scheme: str) -> None:
        """Let the screen be "light" or "dark"."""
        wanted = {"name": "prefers-color-scheme", "value": scheme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [wanted]})

    def js(self, code: str, *arguments: Any) -> Any:
        """The value of an expression in the page."""
        return self.driver.execute_script(f"return {code}", *arguments)

    def complaints(self) -> list[str]:
        """Every console message since the last call: errors and policy violations among them."""
        return [entry["message"] for entry in self._log("browser")]

    def requests(self) -> list[str]:
        """Address of every request that the page tried since the last call."""
        events = [json.loads(e["message"])["message"] for e in self._log("performance")]
        return [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def _log(self, kind: str) -> list[dict[str, str]]:
        entries: list[dict[str, str]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return entries


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """A browser with a fresh profile. Skips without one; under CI, that is a failure."""
    paths = {name: shutil.which(name) for name in PROGRAMS}
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        reason = f"no {' and no '.join(missing)} on this machine: apt-get install {PACKAGES}"
        if os.environ.get("CI"):
            pytest.fail(f"report.html must be tested in a real browser under CI; {reason}")
        pytest.skip(reason)
    options = webdriver.ChromeOptions()
    for argument in (*_ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.binary_location = paths["chromium"] or ""
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(paths["chromedriver"]))
    try:
        driver.set_script_timeout(30)
        driver.set_page_load_timeout(60)
        yield Browser(driver)
    finally:
        driver.quit()
