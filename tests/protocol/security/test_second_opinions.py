"""Judges that are not ours agree with ours: signxml, xmlsec, the JDK and PHP, each where it is installed.

The question to all of them is the same: does this signature verify with this key?  What is around the
signature (which parts it must cover, order, Timestamp) is WS-Security's business, of which they know nothing.
"""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import signxml
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod

from conformance.model import Severity
from conformance.protocol import markup, names, token

OURS = {
    "security.signature_wrong",
    "security.digest_mismatch",
    "security.reference_unresolved",
    "security.reference_ambiguous",
    "security.signature_missing",
}
"""What an engine for XML signatures can find as well."""

NOT_FOR_ENGINES = {
    # No certificate, or not the signer's, is in the message; the engines are given the right one.
    "no-certificate",
    "no-certificate-at-all",
    "authority-certificate",
    # They are given the right certificate, and do not ask which of two the message means.
    "second-token-of-one-id",
    # They look for the Signature wherever they are pointed to.
    "header-elsewhere",
    # A second Signature is nothing to an engine that was pointed at one.
    "two-signatures",
    "a-signature-in-the-body",
    # We refuse every transform but one; engines know this one, and fail or pass on other grounds.
    "enveloped-transform",
    # There is nothing to verify.
    "unsigned",
    "no-security",
    "bearer",
    # Engines refuse a truncated HMAC as such, where we refuse its value too.
    "truncated",
    # By an RSA key, where an HMAC is asked for.
    "rsa",
    # We refuse without a digest; engines pass a signature over nothing.
    "unsigned-timestamp",
}


def ours(judgement):
    """Whether our verifier finds the signature itself sound."""
    return not {finding.code for finding in judgement.findings if finding.severity is Severity.ERROR} & OURS


def by_signxml(data, certificate=None, hmac_key=None):
    """Whether signxml verifies the Signature of the Security header."""
    rsa = {SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA1}
    hmac = {SignatureMethod.HMAC_SHA1, SignatureMethod.HMAC_SHA256}
    configuration = signxml.SignatureConfiguration(
        require_x509=certificate is not None,
        expect_references=True,
        signature_methods=frozenset(rsa if hmac_key is None else hmac),
        digest_algorithms=frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA1}),
        location=f"{names.tag('s:Header')}/{names.tag('o:Security')}/",
    )
    # Two references on the first hop, one on the second; signxml wants to be told.
    root = markup.parse(data)
    count = sum(1 for _ in root.iter(names.tag("ds:Reference")))
    try:
        signxml.XMLVerifier().verify(
            root,
            x509_cert=certificate,
            hmac_key=hmac_key,
            expect_config=replace(configuration, expect_references=count),
            validate_schema=False,
        )
    except (signxml.InvalidInput, signxml.InvalidDigest, signxml.InvalidSignature):
        return False
    return True


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


# --- signxml ----------------------------------------------------------------------------------------------


def test_signxml_agrees_on_every_request(hops, all_requests):
    """Verdict by verdict, on the healthy request and on each broken one."""
    verdicts = {
        name: (ours(hops.judge_signed(data)[0]), by_signxml(data, certificate=hops.credential.certificate))
        for name, data in all_requests.items()
        if name not in NOT_FOR_ENGINES
    }
    assert verdicts["healthy"] == (True, True)
    assert {name: verdict for name, verdict in verdicts.items() if verdict[0] != verdict[1]} == {}


def test_signxml_agrees_on_every_call(hops, all_calls):
    """The same of the endorsing HMAC."""
    verdicts = {
        name: (ours(hops.judge_endorsed(data)[0]), by_signxml(data, hmac_key=hops.proof_key))
        for name, data in all_calls.items()
        if name not in NOT_FOR_ENGINES
    }
    assert verdicts["healthy-sha1"] == verdicts["healthy-sha256"] == (True, True)
    assert {name: verdict for name, verdict in verdicts.items() if verdict[0] != verdict[1]} == {}


@pytest.mark.parametrize("prefix", ["ds", "dsig", None])
def test_we_accept_what_signxml_signs(hops, prefix):
    """Whatever prefix it writes."""
    judgement, facts = hops.judge_signed(signed_by_signxml(hops, prefix))
    assert judgement.findings == ()
    assert facts.verified


def test_signxml_verifies_our_assertions(hops):
    """The enveloped signature of the token service."""
    content = token.decrypt(hops.token()[0], hops.registry_key)
    result = signxml.XMLVerifier().verify(
        markup.parse(content),
        x509_cert=hops.signing_certificate,
        expect_config=signxml.SignatureConfiguration(location="./"),
        id_attribute="ID",
    )
    assert result.signed_xml.get("ID") == hops.assertion_id


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


# --- others, where they are -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files(hops, all_requests, all_calls, tmp_path_factory):
    """Messages and keys as files: folder, requests, calls."""
    folder = tmp_path_factory.mktemp("messages")
    (folder / "signer.der").write_bytes(hops.credential.certificate.public_bytes(Encoding.DER))
    (folder / "signer.pem").write_bytes(hops.credential.certificate.public_bytes(Encoding.PEM))
    (folder / "proof.key").write_bytes(hops.proof_key)
    made = {}
    for kind, messages in (("request", all_requests), ("call", all_calls)):
        made[kind] = {}
        for name, data in messages.items():
            if name not in NOT_FOR_ENGINES:
                path = folder / f"{kind}-{name}.xml"
                path.write_bytes(data)
                made[kind][name] = path
    return folder, made["request"], made["call"]


def program(name):
    """The path of a program; without it the test is skipped, visibly."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)


def test_the_jdk_agrees(hops, files):
    """javax.xml.crypto.dsig, on requests and calls."""
    folder, requests, calls = files
    source = str(Path(__file__).with_name("Verify.java"))
    for key, messages, judge in (
        ("signer.der", requests, hops.judge_signed),
        ("proof.key", calls, hops.judge_endorsed),
    ):
        done = run(program("java"), source, str(folder / key), *map(str, messages.values()))
        theirs = dict(line.split() for line in done.stdout.splitlines())
        assert len(theirs) == len(messages), done.stderr
        differing = {
            name: theirs[path.name]
            for name, path in messages.items()
            # Of two elements with one id the JDK takes the last and says nothing.
            if name != "duplicate-id" and (theirs[path.name] == "valid") != ours(judge(path.read_bytes())[0])
        }
        assert differing == {}


@pytest.mark.parametrize("name", ["healthy", "indented-after-signing", "another-key", "to-rewritten"])
def test_xmlsec1_agrees_on_requests(hops, files, name):
    """The command-line program, on a few: it starts anew for each."""
    folder, requests, _ = files
    done = run(
        program("xmlsec1"),
        "--verify",
        "--id-attr:Id",
        f"{names.UTILITY}:Timestamp",
        "--id-attr:Id",
        f"{names.ADDRESSING}:To",
        "--pubkey-cert-pem",
        str(folder / "signer.pem"),
        str(requests[name]),
    )
    assert (done.returncode == 0) == ours(hops.judge_signed(requests[name].read_bytes())[0]), done.stderr


@pytest.mark.parametrize("name", ["healthy-sha1", "healthy-sha256", "key-as-text", "timestamp-changed"])
def test_xmlsec1_agrees_on_calls(hops, files, name):
    """The same of the HMAC."""
    folder, _, calls = files
    done = run(
        program("xmlsec1"),
        "--verify",
        "--id-attr:Id",
        f"{names.UTILITY}:Timestamp",
        "--hmackey",
        str(folder / "proof.key"),
        str(calls[name]),
    )
    assert (done.returncode == 0) == ours(hops.judge_endorsed(calls[name].read_bytes())[0]), done.stderr


PHP = r"""
[$script, $key] = $argv;
foreach (array_slice($argv, 2) as $path) {
    $document = new DOMDocument();
    $document->load($path);
    $xpath = new DOMXPath($document);
    $xpath->registerNamespace('ds', 'http://www.w3.org/2000/09/xmldsig#');
    $xpath->registerNamespace('ec', 'http://www.w3.org/2001/10/xml-exc-c14n#');
    $xpath->registerNamespace('u', $utility);
    $info = $xpath->query('//ds:Signature/ds:SignedInfo')->item(0);
    $hash = fn($algorithm) => str_ends_with($algorithm, 'sha256') ? 'sha256' : 'sha1';
    $form = fn($algorithm) => !str_contains($algorithm, 'REC-xml-c14n');
    $valid = true;
    foreach ($xpath->query('ds:Reference', $info) as $reference) {
        $id = substr($reference->getAttribute('URI'), 1);
        $found = $xpath->query("//*[@u:Id='$id']");
        if ($found->length != 1) { $valid = false; continue; }
        $exclusive = $form($xpath->evaluate('string(ds:Transforms/ds:Transform/@Algorithm)', $reference));
        $digest = hash($hash($xpath->evaluate('string(ds:DigestMethod/@Algorithm)', $reference)),
                       $found->item(0)->C14N($exclusive, false), true);
        $stated = base64_decode($xpath->evaluate('string(ds:DigestValue)', $reference));
        $valid = $valid && $digest === $stated;
    }
    $method = $xpath->evaluate('string(ds:SignatureMethod/@Algorithm)', $info);
    $canonicalization = $xpath->evaluate('string(ds:CanonicalizationMethod/@Algorithm)', $info);
    $bytes = $info->C14N($form($canonicalization), false);
    $value = base64_decode($xpath->evaluate('string(../ds:SignatureValue)', $info));
    $raw = file_get_contents($key);
    $valid = $valid && (str_contains($method, 'hmac')
        ? hash_hmac($hash($method), $bytes, $raw, true) === $value
        : openssl_verify($bytes, $value, $raw, $hash($method)) === 1);
    echo basename($path), ' ', $valid ? 'valid' : 'invalid', "\n";
}
"""


def test_php_agrees(hops, files, tmp_path):
    """DOM's C14N with openssl, as PHP clients sign."""
    folder, requests, calls = files
    script = tmp_path / "verify.php"
    script.write_text(f"<?php $utility = '{names.UTILITY}';\n{PHP}", encoding="utf-8")
    for key, messages, judge in (
        ("signer.pem", requests, hops.judge_signed),
        ("proof.key", calls, hops.judge_endorsed),
    ):
        done = run(program("php"), str(script), str(folder / key), *map(str, messages.values()))
        if 'Class "DOMDocument" not found' in done.stdout + done.stderr:
            pytest.skip("php has no DOM extension")
        theirs = dict(line.split() for line in done.stdout.splitlines())
        assert len(theirs) == len(messages), done.stdout + done.stderr
        differing = {
            name: theirs[path.name]
            for name, path in messages.items()
            if (theirs[path.name] == "valid") != ours(judge(path.read_bytes())[0])
        }
        assert differing == {}


@pytest.fixture(scope="module")
def xmlsec():
    """The xmlsec module, where it fits lxml."""
    try:
        import xmlsec as module
    except Exception as error:
        pytest.skip(f"the xmlsec module cannot be used: {error}")
    return module


def test_the_xmlsec_module_agrees_on_requests(hops, all_requests, xmlsec):
    """Verdict by verdict."""
    key = xmlsec.Key.from_memory(
        hops.credential.certificate.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        ),
        xmlsec.constants.KeyDataFormatPem,
    )
    for name, data in all_requests.items():
        if name not in NOT_FOR_ENGINES:
            assert by_xmlsec(xmlsec, data, key) == ours(hops.judge_signed(data)[0]), name


def test_the_xmlsec_module_agrees_on_calls(hops, all_calls, xmlsec):
    """The same of the HMAC."""
    for name, data in all_calls.items():
        if name not in NOT_FOR_ENGINES:
            key = xmlsec.Key.from_binary_data(xmlsec.constants.KeyDataHmac, hops.proof_key)
            assert by_xmlsec(xmlsec, data, key) == ours(hops.judge_endorsed(data)[0]), name


def by_xmlsec(xmlsec, data, key):
    root = markup.parse(data)
    ids = [
        element.get(names.tag("u:Id"))
        for element in root.iter(etree.Element)
        if element.get(names.tag("u:Id"))
    ]
    if len(ids) != len(set(ids)):
        return False
    context = xmlsec.SignatureContext()
    context.key = key
    for element in root.iter(etree.Element):
        if element.get(names.tag("u:Id")):
            context.register_id(element, "Id", names.UTILITY)
    try:
        context.verify(root.find(f".//{names.tag('ds:Signature')}"))
    except (xmlsec.Error, xmlsec.VerificationError):
        return False
    return True


def test_the_xmlsec_module_opens_our_tokens(hops, xmlsec):
    """What we encrypt, an independent implementation of XML Encryption decrypts."""
    data = markup.parse(markup.canonical(hops.token()[0]))
    content = token.decrypt(data, hops.registry_key)
    decrypted = by_xmlsec_decrypted(hops, xmlsec, data)
    assert markup.canonical(decrypted) == markup.canonical(markup.parse(content))


def by_xmlsec_decrypted(hops, xmlsec, data):
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    pem = hops.registry_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem))
    # xmlsec would look the recipient up by issuer and serial number; it has one key only.
    key_info = data.find(f".//{names.tag('xenc:EncryptedKey')}/{names.tag('ds:KeyInfo')}")
    key_info.getparent().remove(key_info)
    return xmlsec.EncryptionContext(manager).decrypt(data)


def test_we_open_tokens_that_the_xmlsec_module_encrypted(hops, xmlsec):
    """And the other way round."""
    content = token.decrypt(hops.token()[0], hops.registry_key)
    manager = xmlsec.KeysManager()
    certificate = hops.registry_certificate.public_bytes(Encoding.PEM)
    manager.add_key(xmlsec.Key.from_memory(certificate, xmlsec.constants.KeyDataFormatCertPem))
    template = xmlsec.template.encrypted_data_create(
        etree.Element("unused"), xmlsec.Transform.AES256, type=xmlsec.EncryptionType.ELEMENT, ns="xenc"
    )
    xmlsec.template.encrypted_data_ensure_cipher_value(template)
    info = xmlsec.template.encrypted_data_ensure_key_info(template, ns="ds")
    key = xmlsec.template.add_encrypted_key(info, xmlsec.Transform.RSA_OAEP)
    xmlsec.template.encrypted_data_ensure_cipher_value(key)
    context = xmlsec.EncryptionContext(manager)
    context.key = xmlsec.Key.generate(xmlsec.constants.KeyDataAes, 256, xmlsec.constants.KeyDataTypeSession)
    encrypted = context.encrypt_xml(template, markup.parse(content))
    judgement, facts = hops.open(markup.parse(etree.tostring(encrypted)))
    assert judgement.findings == ()
    assert facts.proof_key == hops.proof_key
