"""What the kit encodes itself is what X.690 and OpenSSL call by the same name."""

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from conformance.protocol import der


@pytest.mark.parametrize(
    ("value", "encoded"),
    [(0, "020100"), (127, "02017f"), (128, "02020080"), (1024, "02020400"), (65537, "0203010001")],
)
def test_integers_have_a_leading_zero_where_the_sign_needs_it(value, encoded):
    """A set top bit would make the number negative."""
    assert der.integer(value).hex() == encoded


@pytest.mark.parametrize(
    ("dotted", "encoded"),
    [
        ("1.2.840.113549.1.7.2", "06092a864886f70d010702"),
        ("2.16.840.1.101.3.4.2.1", "0609608648016503040201"),
        ("1.2.840.113549.1.12.1.3", "060a2a864886f70d010c0103"),
        ("2.5.4.46", "060355042e"),
    ],
)
def test_object_identifiers_are_those_of_the_standards(dotted, encoded):
    """The encodings stand in RFC 5652, FIPS 180 and RFC 7292."""
    assert der.object_identifier(dotted).hex() == encoded


@pytest.mark.parametrize(
    ("size", "head"), [(0, "0400"), (127, "047f"), (128, "048180"), (255, "0481ff"), (256, "04820100")]
)
def test_lengths_take_as_few_bytes_as_can_be(size, head):
    """DER allows one form of each length."""
    encoded = der.element(der.OCTET_STRING, bytes(size))
    assert encoded[: len(head) // 2].hex() == head
    assert len(encoded) == len(head) // 2 + size


def test_an_indefinite_length_ends_with_two_zero_bytes():
    """The BER form of the real certificate bundles."""
    assert der.indefinite(der.SEQUENCE, der.integer(1)).hex() == "30800201010000"


@given(st.integers(min_value=0, max_value=1 << 200), st.binary(max_size=300))
def test_another_reader_reads_what_is_written(number, octets):
    """asn1crypto finds the number and the octets again."""
    assert core.Integer.load(der.integer(number), strict=True).native == number
    assert core.OctetString.load(der.element(der.OCTET_STRING, octets), strict=True).native == octets
