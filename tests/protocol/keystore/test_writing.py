"""Each style is that of its writer, and says the same."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from conformance.protocol import keystore

XML_TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co"), include_characters="\t\n\r"), max_size=30
)


@pytest.mark.parametrize(
    ("style", "beginning"),
    [
        (
            "jaxb-2021",
            b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            b'<credentialStore xmlns="http://auth.abr.gov.au/credential/xsd/SBRCredentialStore">\n'
            b"  <salt>AQI=</salt>\n"
            b"  <credentials>\n"
            b'    <credential integrityValue="Aw==" credentialType="D" id="a" credentialSalt="BA==">\n'
            b"      <name1>n</name1>\n"
            b"      <name2/>\n",
        ),
        (
            "dom-2025",
            b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
            b'<credentialStore xmlns="http://auth.abr.gov.au/credential/xsd/SBRCredentialStore">\n'
            b"  <salt>AQI=</salt>\n"
            b"  <credentials>\n"
            b'    <credential credentialSalt="BA==" credentialType="D" id="a" integrityValue="Aw==">\n',
        ),
        (
            "dotnet-2020",
            b'<?xml version="1.0"?>\r\n'
            b'<credentialStore xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            b'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
            b'xmlns="http://auth.abr.gov.au/credential/xsd/SBRCredentialStore">\r\n'
            b"  <salt>AQI=</salt>\r\n"
            b"  <credentials>\r\n"
            b'    <credential id="a" credentialType="D" credentialSalt="BA==" integrityValue="Aw==">\r\n'
            b"      <name1>n</name1>\r\n"
            b"      <name2 />\r\n",
        ),
        ("jaxb-2019", b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'),
    ],
)
def test_a_style_is_that_of_its_writer(style, beginning):
    """Declaration, order of attributes, line ends, empty elements."""
    assert keystore.write(small(), style).startswith(beginning)


def small(**fields):
    """A store whose one credential is small, and of no use."""
    values = {
        "id": "a",
        "credential_type": "D",
        "salt": b"\x04",
        "integrity_value": b"\x03",
        "name1": "n",
        "name2": "",
        "abn": "1",
        "legal_name": "l",
        "person_id": "",
        "serial_number": "1",
        "creation_date": "2026-01-15T00:00:00",
        "not_before": "2026-01-15T00:00:00Z",
        "not_after": "2026-01-15T00:00:00Z",
        "sha1_fingerprint": b"f",
        "public_certificate": b"c",
        "protected_private_key": b"k",
    }
    credential = keystore.Credential(**{**values, **fields})
    return keystore.Store(salt=b"\x01\x02", credentials=(credential,))


@pytest.mark.parametrize("style", keystore.STYLES)
@given(alias=XML_TEXT.filter(bool), name=XML_TEXT, legal_name=XML_TEXT)
def test_what_is_written_is_read(style, alias, name, legal_name):
    """Any text survives: quotes, brackets, line ends, other scripts."""
    store = small(id=alias, name1=name, legal_name=legal_name)
    assert keystore.read(keystore.write(store, style)) == store


@pytest.mark.parametrize("style", keystore.STYLES)
def test_an_empty_store_is_written(style):
    """It has a salt and no credential."""
    empty = replace(small(), credentials=())
    assert keystore.read(keystore.write(empty, style)) == empty


def test_absent_attributes_stay_absent():
    """No empty attribute takes their place."""
    data = keystore.write(small(salt=None, integrity_value=None))
    credential = etree.fromstring(data).find(".//{*}credential")
    assert dict(credential.attrib) == {"credentialType": "D", "id": "a"}


def test_an_unknown_style_is_answered_with_those_that_exist():
    """The error names them."""
    with pytest.raises(ValueError, match="dom-2025"):
        keystore.write(small(), "dom-2026")
