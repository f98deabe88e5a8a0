"""Implementations that are not ours open what we encrypt for the registry, and we open what they encrypt."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

from conformance.protocol import markup, names, token

KINDS = {"2.0": names.SAML_2_TOKEN, "1.1": names.SAML_1_TOKEN}


@pytest.fixture(params=sorted(KINDS))
def encrypted(request, hops):
    """A token of either version as an EncryptedData of its own, and what it holds."""
    made = hops.token(token_type=KINDS[request.param])
    data = made if made.tag == names.tag("xenc:EncryptedData") else made[0]
    data = markup.parse(markup.canonical(data))
    return data, token.decrypt(data, hops.registry_key)


def same(one, other):
    """Whether two documents have one canonical form."""
    return markup.canonical(one) == markup.canonical(markup.parse(other))


def test_xmlsec1_decrypts_our_tokens(encrypted, folder, engines, tmp_path):
    """XML Encryption by the command-line program, aes256-cbc under rsa-oaep-mgf1p."""
    data, content = encrypted
    (tmp_path / "token.xml").write_bytes(markup.serialize(data))
    done = engines.run(
        engines.program("xmlsec1"),
        *("--decrypt", "--privkey-pem", folder / "registry-key.pem"),
        *("--output", tmp_path / "content.xml", tmp_path / "token.xml"),
    )
    assert done.returncode == 0, done.stderr
    assert same(markup.parse((tmp_path / "content.xml").read_bytes()), content)


def test_xmlsec1_does_not_open_a_token_for_another(encrypted, engines, hops, tmp_path):
    """The refusal is a real one: it is the key that opens it."""
    data, _ = encrypted
    (tmp_path / "token.xml").write_bytes(markup.serialize(data))
    wrong = hops.credential.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "wrong.pem").write_bytes(wrong)
    done = engines.run(
        engines.program("xmlsec1"),
        "--decrypt",
        "--privkey-pem",
        tmp_path / "wrong.pem",
        tmp_path / "token.xml",
    )
    assert done.returncode != 0


PHP = r"""<?php
[$script, $key, $path] = $argv;
$document = new DOMDocument();
$document->load($path);
$xpath = new DOMXPath($document);
$xpath->registerNamespace('e', 'http://www.w3.org/2001/04/xmlenc#');
$wrapped = base64_decode($xpath->evaluate('string(//e:EncryptedKey/e:CipherData/e:CipherValue)'));
$sealed = base64_decode($xpath->evaluate('string(/e:EncryptedData/e:CipherData/e:CipherValue)'));
openssl_private_decrypt($wrapped, $secret, file_get_contents($key), OPENSSL_PKCS1_OAEP_PADDING) or exit(1);
$flags = OPENSSL_RAW_DATA | OPENSSL_ZERO_PADDING;
$padded = openssl_decrypt(substr($sealed, 16), 'aes-256-cbc', $secret, $flags, substr($sealed, 0, 16));
// XML Encryption, 5.2: only the last byte of the padding says anything.
echo substr($padded, 0, -ord(substr($padded, -1)));
"""


def test_php_decrypts_our_tokens(encrypted, folder, engines, tmp_path):
    """The OAEP and CBC of openssl, put together by hand."""
    data, content = encrypted
    (tmp_path / "token.xml").write_bytes(markup.serialize(data))
    (tmp_path / "open.php").write_text(PHP, encoding="utf-8")
    done = engines.run(
        engines.program("php"), tmp_path / "open.php", folder / "registry-key.pem", tmp_path / "token.xml"
    )
    if 'Class "DOMDocument" not found' in done.stdout + done.stderr:
        pytest.skip("php has no DOM extension")
    assert done.returncode == 0, done.stderr
    assert done.stdout.encode() == content


@pytest.fixture(scope="module")
def xmlsec():
    """The xmlsec module, where it fits lxml."""
    try:
        import xmlsec as module
    except Exception as error:
        pytest.skip(f"the xmlsec module cannot be used: {error}")
    return module


def test_the_xmlsec_module_opens_our_tokens(hops, encrypted, xmlsec):
    """What we encrypt, an independent implementation of XML Encryption decrypts."""
    data, content = encrypted
    pem = hops.registry_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem))
    # xmlsec would look the recipient up by issuer and serial number; it has one key only.
    key_info = data.find(f".//{names.tag('xenc:EncryptedKey')}/{names.tag('ds:KeyInfo')}")
    key_info.getparent().remove(key_info)
    assert same(xmlsec.EncryptionContext(manager).decrypt(data), content)


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
    made = context.encrypt_xml(template, markup.parse(content))
    judgement, facts = hops.open(markup.parse(etree.tostring(made)))
    assert judgement.findings == ()
    assert facts.proof_key == hops.proof_key
