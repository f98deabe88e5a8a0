"""A browser, the rules of axe-core, and the reports to be looked at; what is not there is skipped by name.

`make browser` installs what it takes, but for Chromium itself, and sets `EVTE_BROWSER`.  `EVTE_CHROMIUM`
names the browser where it is not found, `EVTE_REPORTS` further `report.html` files, parted as in PATH.
"""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
SAMPLE = Path(__file__).parent.parent / "report" / "sample.py"
SAMPLES = ("ready", "failing", "compared", "incomplete", "conditional", "empty", "hostile", "crowded")
FILES = tuple(Path(name) for name in os.environ.get("EVTE_REPORTS", "").split(os.pathsep) if name)


@pytest.fixture(scope="session")
def browser():
    """Chromium without a window."""
    if not os.environ.get("EVTE_BROWSER"):
        pytest.skip("`make browser` looks at pages: it takes Chromium, playwright and axe-core")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    named = os.environ.get("EVTE_CHROMIUM", "")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    with playwright.sync_playwright() as driver:
        if not found and not Path(driver.chromium.executable_path).exists():
            pytest.skip("no Chromium was found; EVTE_CHROMIUM may name one")
        # In a container there is often no sandbox to be had; the pages are the kit's own and run no script.
        running = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="session")
def axe():
    """The source of axe-core."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed; `make browser` does it")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def draw(tmp_path_factory):
    """Write a sample report's page and return its address."""
    from conformance.report import SECTIONS, page

    spec = importlib.util.spec_from_file_location("evte_browser_samples", SAMPLE)
    sample = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sample)
    folder = tmp_path_factory.mktemp("pages")

    def written(name):
        path = folder / f"{name}.html"
        if not path.exists():
            path.write_bytes(page.render(sample.ALL[name](), SECTIONS))
        return path.as_uri()

    return written


@pytest.fixture(scope="session", params=[*SAMPLES, *FILES], ids=[*SAMPLES, *map(str, FILES)])
def address(request, draw):
    """The address of each page in turn: the samples, and the files that were named."""
    if isinstance(request.param, Path):
        return request.param.resolve().as_uri()
    return draw(request.param)


@pytest.fixture
def look(browser):
    """Open a page; what it says on the console and what it asks for is kept in `page.heard`."""
    contexts = []

    def opened(address, *, width=1280):
        size = {"width": width, "height": 900}
        contexts.append(browser.new_context(viewport=size, reduced_motion="reduce"))
        page = contexts[-1].new_page()
        page.heard = []
        page.on("console", lambda message: page.heard.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: page.heard.append(f"error: {error}"))
        page.on("request", lambda asked: page.heard.append(f"request: {asked.url}"))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
