"""Stores for the tests of the keystore: the kit's own, and the published ones where they can be had."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from conformance.protocol import keystore
from conformance.simulators.authority import Authority
from conformance.simulators.recipes import materialise

PUBLISHED = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "keystore"
MOMENT = datetime(2026, 1, 15, tzinfo=UTC)


@pytest.fixture(scope="session")
def made():
    """The kit's stores by recipe, at one moment: `made.store(deviation=…)`, `made.data(…)`."""
    authority = Authority(MOMENT)

    def data(**recipe):
        return materialise(recipe, authority, MOMENT)

    return SimpleNamespace(
        moment=MOMENT,
        alias="ABRD:11000002568_EVTECampus153",
        password="Password1!",
        data=data,
        store=lambda **recipe: keystore.read(data(**recipe)),
    )


@pytest.fixture(params=["keystore-3pt-2022.xml", "keystore-3pt-2025.xml"])
def published(request):
    """A published third-party-test store: bytes."""
    path = PUBLISHED / request.param
    if not path.is_file():
        pytest.skip(f"the published store {request.param} is not beside this checkout")
    return path.read_bytes()


@pytest.fixture
def published_of():
    """A published store by year."""

    def read(year):
        path = PUBLISHED / f"keystore-3pt-{year}.xml"
        if not path.is_file():
            pytest.skip(f"the published store of {year} is not beside this checkout")
        return path.read_bytes()

    return read
