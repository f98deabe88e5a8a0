"""A password on the command line of a harness is recognised."""

import pytest

from conformance.adapters.spec_secrets import secrets_in


@pytest.mark.parametrize(
    ("spec", "secrets"),
    [
        ("reference", []),
        ("cmd:node harness.js --port 9000", []),
        ("cmd:./harness --db-password hunter22 --port 1", ["hunter22"]),
        ("cmd:./harness --token=abc.def", ["abc.def"]),
        ("cmd:./harness 'secret: a b'", ["a"]),
        ("cmd:./harness --password 'two words'", ["two words"]),
        ("cmd:./harness --ask-password --port 1", []),
        ("cmd:python token server.py", []),
        ("https://user:p%40ss@host:9000/", ["p%40ss", "p@ss"]),
        ("http://127.0.0.1:9000/?api_key=k-123&x=1", ["k-123"]),
    ],
)
def test_what_looks_like_a_password(spec, secrets):
    """By the name beside it, or by its place in an address; an option that follows is no value."""
    assert list(secrets_in(spec).values()) == secrets
