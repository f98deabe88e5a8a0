"""Engines that are not ours agree with our verdict on every style's signature, at both hops."""

from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

STYLES = ["metro", "metro-cloud", "metro-unpatched", "php-1", "php-1-cloud", "php-2", "wcf", "wcf-cloud"]
STYLES += ["julia", "sbr", "metro-older"]
BROKEN = {
    # Something in what each style signs, changed after it was signed.
    "created": (b"Created>2026", b"Created>2027"),
    "method": (b"#rsa-", b"#RSA-"),
    "reference": (b'URI="#', b'URI="#x'),
}


class Made:
    """Every style sound and broken, with our verdict, as bytes and as files."""

    def __init__(self, services, calls, folder):
        self.services, self.folder = services, folder
        self.messages = {}
        for style in STYLES:
            if style == "metro-older":
                to = services.to("/R3.0/S007v1.2/service.svc")
                posted = calls["older"]["metro"](services.keys, to=to)
            else:
                posted = services.made(style)
            self.add(style, posted)
            for name, (old, new) in BROKEN.items():
                assert old in posted.body, (style, name)
                changed = type(posted)(posted.body.replace(old, new, 1), posted.media_type, posted.path)
                self.add(f"{style}-{name}", changed)
        self.certificate = services.keys.credential.certificate
        (folder / "signer.der").write_bytes(self.certificate.public_bytes(Encoding.DER))
        (folder / "signer.pem").write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def add(self, name, posted):
        _, exchange = self.services.post(posted)
        errors = {found.code for found in exchange.judgement.findings if found.severity == "error"}
        broken = {
            "security.signature_wrong",
            "security.digest_mismatch",
            "security.reference_unresolved",
        } & errors
        examined = "security.signature_wrong" in exchange.judgement.examined
        self.messages[name] = (posted.body, examined and not broken)
        (self.folder / f"{name}.xml").write_bytes(posted.body)

    @property
    def ours(self):
        """Our verdict by name."""
        return {name: verdict for name, (_, verdict) in self.messages.items()}

    def pairs(self, ending):
        """Key file and message file."""
        return [(self.folder / f"signer{ending}", self.folder / f"{name}.xml") for name in self.messages]


@pytest.fixture
def made(services, calls, tmp_path):
    """Every style."""
    return Made(services, calls, tmp_path)


def test_the_verdicts_are_what_they_should_be(made):
    """Every style as it is made verifies, and none of the broken ones does."""
    assert {name for name, sound in made.ours.items() if sound} == set(STYLES)
    assert len(made.ours) == len(STYLES) * (1 + len(BROKEN))


def test_signxml_agrees(made, engines):
    """Prefix lists of Metro's and white space of PHP's included."""
    theirs = {
        name: engines.signxml(data, certificate=made.certificate) for name, (data, _) in made.messages.items()
    }
    assert theirs == made.ours


def test_the_xmlsec_module_agrees(made, engines):
    """Another implementation of the same standards."""
    theirs = {
        name: engines.xmlsec(data, certificate=made.certificate) for name, (data, _) in made.messages.items()
    }
    assert theirs == made.ours


def test_the_jdk_agrees(made, engines):
    """The engine that the Java stacks themselves use."""
    assert engines.jdk(made.pairs(".der")) == made.ours


def test_php_agrees(made, engines):
    """The functions that the PHP clients themselves use."""
    assert engines.php(made.pairs(".pem")) == made.ours


def test_all_agree_on_calls(services, calls, engines, tmp_path):
    """HMAC with the issued proof key, in SHA-1 and SHA-256; and not with its base64 text."""
    response, _ = services.post(calls["styles"]["php-1"](services.local, to=services.to()))
    parts = calls["parts"](response.body)
    key = b64decode(parts["secret"])
    (tmp_path / "proof.key").write_bytes(key)
    given = {
        "to": services.to("/service/v5/usiservice.svc"),
        "token": parts["encrypted_data"],
        "reference_text": parts["attached"],
    }
    sha256 = {
        "method": "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "digest": "http://www.w3.org/2001/04/xmlenc#sha256",
    }
    posted = {
        "sha1": calls["call"](proof_key=key, **given),
        "sha256": calls["call"](proof_key=key, **given, **sha256),
        "text": calls["call"](proof_key=parts["secret"].encode(), **given),
    }
    ours = {}
    for name, each in posted.items():
        _, exchange = services.post(each)
        ours[name] = exchange.facts.endorser.verified
        (tmp_path / f"{name}.xml").write_bytes(each.body)
    assert ours == {"sha1": True, "sha256": True, "text": False}
    assert {name: engines.signxml(each.body, hmac_key=key) for name, each in posted.items()} == ours
    assert {name: engines.xmlsec(each.body, hmac_key=key) for name, each in posted.items()} == ours
    assert engines.php([(tmp_path / "proof.key", tmp_path / f"{name}.xml") for name in posted]) == ours
