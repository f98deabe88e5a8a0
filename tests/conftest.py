"""Engines for XML signatures that are not ours: signxml, the JDK, PHP, xmlsec.

An engine that is not installed skips the test that asks it, and says so.
"""

import shutil
import subprocess
from pathlib import Path

import pytest
import signxml
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod

from conformance.protocol import markup, names

PROGRAMS = Path(__file__).with_name("engines")
# A short run: compiling much is not worth it, and nobody else's processor should collect its garbage.
QUICK_JAVA = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")


def program(name):
    """The path of a program; without it the test is skipped, visibly."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(*words, given=""):
    """Run a program to its end, whatever it leaves with."""
    return subprocess.run(
        list(map(str, words)), input=given, capture_output=True, text=True, timeout=120, check=False
    )


class Engines:
    """What each engine says of signatures: does this verify with this key?"""

    def __init__(self):
        self._java = None

    @staticmethod
    def program(name):
        """The path of a program, or a skip."""
        return program(name)

    @staticmethod
    def run(*words):
        """Run a program."""
        return run(*words)

    @staticmethod
    def signxml(data, *, certificate=None, hmac_key=None):
        """Whether signxml verifies the Signature of the Security header, or of an assertion."""
        rsa = {SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA1}
        hmac = {SignatureMethod.HMAC_SHA1, SignatureMethod.HMAC_SHA256}
        root = markup.parse(data)
        is_assertion = root.tag != names.tag("s:Envelope")
        header = f"{names.tag('s:Header')}/{names.tag('o:Security')}/"
        configuration = signxml.SignatureConfiguration(
            require_x509=certificate is not None,
            # signxml wants to be told how many.
            expect_references=sum(1 for _ in root.iter(names.tag("ds:Reference"))),
            signature_methods=frozenset(rsa if hmac_key is None else hmac),
            digest_algorithms=frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA1}),
            location="./" if is_assertion else header,
        )
        identifier = "AssertionID" if root.get("AssertionID") else "ID"
        try:
            signxml.XMLVerifier().verify(
                root,
                x509_cert=certificate,
                hmac_key=hmac_key,
                expect_config=configuration,
                validate_schema=False,
                id_attribute=identifier if is_assertion else None,
            )
        except (signxml.InvalidInput, signxml.InvalidDigest, signxml.InvalidSignature):
            return False
        return True

    def jdk(self, pairs):
        """Verdicts of javax.xml.crypto.dsig by file name; one process serves all who ask.

        Args:
            pairs: key file (DER certificate or `.key`) and message file.
        """
        if self._java is None:
            words = [program("java"), *QUICK_JAVA, str(PROGRAMS / "Verify.java")]
            self._java = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        answers = []
        for pair in pairs:
            self._java.stdin.write(_listed([pair]))
            self._java.stdin.flush()
            answers.append(self._java.stdout.readline())
        return _verdicts("".join(answers))

    def stop(self):
        """End whatever is still running."""
        if self._java is not None:
            self._java.stdin.close()
            self._java.wait(timeout=60)
            self._java.stdout.close()

    @staticmethod
    def php(pairs):
        """Verdicts of DOM's C14N with openssl, as PHP clients sign; keys are PEM certificates or `.key`."""
        script = PROGRAMS / "verify.php"
        done = run(program("php"), "-d", "display_errors=stderr", script, given=_listed(pairs))
        if 'Class "DOMDocument" not found' in done.stdout + done.stderr:
            pytest.skip("php has no DOM extension")
        return _verdicts(done.stdout, done.stderr)

    @staticmethod
    def xmlsec(data, *, certificate=None, hmac_key=None):
        """Whether the xmlsec module verifies the Signature, where the module fits lxml."""
        try:
            import xmlsec
        except Exception as error:
            pytest.skip(f"the xmlsec module cannot be used: {error}")
        root = markup.parse(data)
        context = xmlsec.SignatureContext()
        if certificate is None:
            context.key = xmlsec.Key.from_binary_data(xmlsec.constants.KeyDataHmac, hmac_key)
        else:
            pem = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)
        for element in root.iter(etree.Element):
            if element.get(names.tag("u:Id")):
                context.register_id(element, "Id", names.UTILITY)
            for name in ("ID", "AssertionID"):
                if element.get(name):
                    context.register_id(element, name)
        try:
            context.verify(root.find(f".//{names.tag('ds:Signature')}"))
        except (xmlsec.Error, xmlsec.VerificationError):
            return False
        return True


def _listed(pairs):
    return "".join(f"{key}\t{message}\n" for key, message in pairs)


def _verdicts(output, trouble=""):
    """A program's lines `FILE valid` or `FILE invalid`, by the file's name without its suffix."""
    lines = (line.rpartition(" ") for line in output.splitlines())
    found = {name.removesuffix(".xml"): verdict == "valid" for name, _, verdict in lines}
    assert found, trouble
    return found


@pytest.fixture(scope="session")
def engines():
    """Engines that are not ours."""
    made = Engines()
    yield made
    made.stop()
