"""The sample reports as a fixture, and the page of each as a tree."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from lxml import html

from conformance.report import SECTIONS, page


def _load() -> ModuleType:
    name = "evte_sample_reports"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("sample.py"))
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def sample():
    """The module that makes the samples."""
    return _load()


@pytest.fixture(scope="session", params=sorted(_load().ALL))
def report(request, sample):
    """Each sample report in turn."""
    return sample.ALL[request.param]()


@pytest.fixture(scope="session")
def drawn(report):
    """The bytes of each report's page."""
    return page.render(report, SECTIONS)


@pytest.fixture(scope="session")
def tree(drawn):
    """Each report's page, parsed."""
    return html.document_fromstring(drawn.decode("utf-8"))
