"""Engines that are not ours agree with our verdict on every signature: signxml, xmlsec, the JDK and PHP."""

from collections import Counter

import pytest
import signxml
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod

from conformance.protocol import markup, names, token


def differing(vectors, theirs, passed_over=lambda vector: False):
    """The vectors on which an engine's verdict is another than ours, with that verdict."""
    return {
        name: theirs[name]
        for name, vector in vectors.items()
        if not passed_over(vector) and theirs[name] != vector.sound
    }


def test_the_vectors_are_many_and_of_both_kinds(vectors):
    """At least forty ways of tampering with each request, and a spread of what must not matter."""
    kinds = Counter((name.partition("-")[0], vector.sound) for name, vector in vectors.items())
    assert kinds["request", False] >= 60
    assert kinds["older", False] >= 40
    assert kinds["call", False] >= 60
    assert kinds["assertion", False] >= 30
    assert min(kinds[kind, True] for kind in ("request", "older", "call", "assertion")) >= 4
    for name in ("request-healthy", "older-healthy", "call-healthy-sha1", "call-healthy-sha256"):
        assert vectors[name].sound
    assert vectors["assertion-2.0-healthy"].sound
    assert vectors["assertion-1.1-healthy"].sound


# --- signxml --------------------------------------------------------------------------------------------


def key_of(hops, vector):
    """The key that should have made a signature, as the engines of Python take it."""
    certificates = {"signer": hops.credential.certificate, "issuer": hops.signing_certificate}
    if vector.key == "proof":
        return {"hmac_key": hops.proof_key}
    return {"certificate": certificates[vector.key]}


def test_signxml_agrees(hops, vectors, engines):
    """Verdict by verdict: requests of both endpoints, calls, assertions; sound, broken and tampered with."""
    theirs = {name: engines.signxml(vector.data, **key_of(hops, vector)) for name, vector in vectors.items()}
    assert differing(vectors, theirs) == {}


def signed_by_signxml(hops, prefix):
    """A request whose Signature signxml made, with KeyInfo and place as WS-Security wants them."""
    envelope = hops.sign(hops.unsigned())
    header = envelope.find(f".//{names.tag('o:Security')}")
    own = header[2]
    header.remove(own)
    reference = markup.element("ds:KeyInfo")
    reference.append(own.find(f".//{names.tag('o:SecurityTokenReference')}"))
    signer = signxml.XMLSigner(
        method=signxml.methods.detached,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signer.namespaces = {prefix: names.SIGNATURE}
    made = signer.sign(
        markup.parse(markup.serialize(envelope)),
        key=hops.credential.key,
        reference_uri=["_0", "_1"],
        key_info=reference,
    )
    header.append(made)
    return markup.serialize(envelope)


@pytest.mark.parametrize("prefix", ["ds", "dsig", None])
def test_we_accept_what_signxml_signs(hops, prefix):
    """Whatever prefix it writes."""
    judgement, facts = hops.judge_signed(signed_by_signxml(hops, prefix))
    assert judgement.findings == ()
    assert facts.verified


def test_we_open_assertions_that_signxml_signed(hops):
    """Signed by signxml, encrypted by us, judged as healthy."""
    unsigned = markup.parse(token.decrypt(hops.token()[0], hops.registry_key))
    unsigned.remove(unsigned[1])
    placeholder = etree.Element(names.tag("ds:Signature"), Id="placeholder", nsmap={"ds": names.SIGNATURE})
    unsigned.insert(1, placeholder)
    signer = signxml.XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
    signed = signer.sign(
        unsigned,
        key=hops.signing_key,
        cert=[hops.signing_certificate],
        reference_uri=hops.assertion_id,
        id_attribute="ID",
    )
    data = token.encrypt(markup.canonical(signed), recipient=hops.registry_certificate)
    judgement, facts = hops.open(data)
    assert judgement.findings == ()
    assert facts.proof_key == hops.proof_key


# --- others, where they are -----------------------------------------------------------------------------


def pairs(folder, vectors, ending):
    """Key file and message file of each vector."""
    return [
        (folder / f"{vector.key}{'.key' if vector.key == 'proof' else ending}", folder / f"{name}.xml")
        for name, vector in vectors.items()
    ]


def test_the_jdk_agrees(vectors, folder, engines):
    """javax.xml.crypto.dsig on all of them, in one process."""
    theirs = engines.jdk(pairs(folder, vectors, ".der"))
    assert theirs.keys() == vectors.keys()
    # Of two elements with one id the JDK takes the last and says nothing.
    assert differing(vectors, theirs, lambda vector: vector.same_ids) == {}


def test_php_agrees(vectors, folder, engines):
    """DOM's C14N with openssl, as PHP clients sign."""
    theirs = engines.php(pairs(folder, vectors, ".pem"))
    assert theirs.keys() == vectors.keys()
    assert differing(vectors, theirs) == {}


@pytest.mark.parametrize(
    "name",
    [
        "request-healthy",
        "request-indented-after-signing",
        "request-another-key",
        "older-healthy",
        "older-tampered-to-longer",
        "call-healthy-sha1",
        "call-healthy-sha256",
        "call-key-as-text",
        "assertion-2.0-healthy",
        "assertion-2.0-tampered-claim-changed",
        "assertion-1.1-healthy",
        "assertion-1.1-tampered-audience-changed",
    ],
)
def test_xmlsec1_agrees(vectors, folder, engines, name):
    """The command-line program, on a few: it starts anew for each."""
    vector = vectors[name]
    key = ("--hmackey", folder / "proof.key")
    if vector.key != "proof":
        key = ("--pubkey-cert-pem", folder / f"{vector.key}.pem")
    done = engines.run(
        engines.program("xmlsec1"),
        "--verify",
        *("--id-attr:Id", f"{names.UTILITY}:Timestamp", "--id-attr:Id", f"{names.ADDRESSING}:To"),
        *("--id-attr:ID", f"{names.SAML_2}:Assertion", "--id-attr:AssertionID", f"{names.SAML_1}:Assertion"),
        *key,
        folder / f"{name}.xml",
    )
    assert (done.returncode == 0) == vector.sound, done.stderr


def test_the_xmlsec_module_agrees(hops, vectors, engines):
    """Verdict by verdict; two elements of one id it does not take at all."""
    theirs = {
        name: not vector.same_ids and engines.xmlsec(vector.data, **key_of(hops, vector))
        for name, vector in vectors.items()
    }
    assert differing(vectors, theirs, lambda vector: vector.same_ids and vector.sound) == {}
