"""Fake harnesses: each is wrong in one way and lies in `harnesses/`."""

import sys
from pathlib import Path

import pytest

from conformance.adapters.session import attach

FAKES = Path(__file__).parent / "harnesses"


def command(name, *arguments):
    """Return the SPEC of a fake harness.  `-S` halves the time that Python takes to start."""
    words = [sys.executable, "-S", str(FAKES / f"{name}.py"), *arguments]
    return "cmd:" + " ".join(f'"{word}"' for word in words)


@pytest.fixture
def fake():
    """Attach to a fake harness by name; whatever was attached to is closed in the end."""
    sessions = []

    def begin(name, *arguments, **choices):
        session = attach(command(name, *arguments), **choices)
        sessions.append(session)
        return session

    yield begin
    for session in sessions:
        session.close()
