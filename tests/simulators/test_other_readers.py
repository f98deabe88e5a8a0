"""Implementations that are not ours open the kit's stores: key, password, certificates, chain.

A spread of stores is drawn up once; OpenSSL, the JDK, Node and PHP each look at all of them, in one process
where they can, and every one that is not installed is skipped and says so.
"""

import base64
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.protocol import keystore
from conformance.protocol.certificates import read_bundle
from conformance.simulators.authority import Authority
from conformance.simulators.recipes import MACHINE_1, MACHINE_2
from conformance.simulators.stores import GENERATIONS
from conformance.strategies import StorePlan
from conformance.strategies.keystores import HOLDERS

MOMENT = datetime(2026, 1, 15, tzinfo=UTC)
WRONG = "Password2!"

PLANS = {
    **{f"generation-{name}": StorePlan(generation=name) for name in GENERATIONS},
    "salt-of-8": StorePlan(salt=bytes(range(8))),
    "salt-of-20": StorePlan(salt=bytes(range(20))),
    "salt-of-the-store": StorePlan(store_salt_only=True),
    "salt-of-the-store-of-8": StorePlan(store_salt_only=True, salt=bytes(range(8))),
    "ber-unsigned": StorePlan(bundle="ber-unsigned"),
    "ber-null": StorePlan(bundle="ber-null"),
    "der": StorePlan(bundle="der"),
    "der-unsigned": StorePlan(bundle="der-unsigned"),
    "der-no-digest": StorePlan(bundle="der-no-digest"),
    "password-of-10": StorePlan(password="Password1!"),
    "password-of-31": StorePlan(password="Password1!" + "x" * 21),
    "password-of-32": StorePlan(password="Password1!" + "x" * 22),
    "password-of-64": StorePlan(password="Password1!" + "x" * 54),
    "password-of-marks": StorePlan(password="Aa!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    "second-of-two": StorePlan(holders=(MACHINE_1, MACHINE_2), chosen=1),
    "name-with-marks": StorePlan(holders=(HOLDERS[5],)),
}


@dataclass(frozen=True)
class Laid:
    """One store, taken apart into files for the others."""

    folder: Path
    modulus: str
    """Of the leaf's key, hex in capitals."""
    subject: str


def pem(label, data):
    """Return bytes in PEM."""
    return f"-----BEGIN {label}-----\n{base64.encodebytes(data).decode()}-----END {label}-----\n"


@pytest.fixture(scope="module")
def laid(tmp_path_factory):
    """The stores by name, with the root of their folders."""
    root = tmp_path_factory.mktemp("stores")
    authority = Authority(MOMENT)
    found = {}
    for name, plan in PLANS.items():
        credential = keystore.read(plan.made(authority).data).credential(plan.alias)
        folder = root / name
        folder.mkdir()
        (folder / "key.der").write_bytes(credential.protected_private_key)
        (folder / "key.pem").write_text(pem("ENCRYPTED PRIVATE KEY", credential.protected_private_key))
        (folder / "bundle.der").write_bytes(credential.public_certificate)
        (folder / "bundle.pem").write_text(pem("PKCS7", credential.public_certificate))
        (folder / "password").write_text(plan.password)
        for place, certificate in enumerate(read_bundle(credential.public_certificate)):
            (folder / f"{place}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        issued = authority.machine_credential(
            abn=plan.holders[plan.chosen].abn,
            name=plan.holders[plan.chosen].name,
            key=plan.holders[plan.chosen].key,
        )
        modulus = issued.key.private_numbers().public_numbers.n
        found[name] = Laid(folder, f"{modulus:X}", plan.holders[plan.chosen].abn)
    return found


def run(*words):
    """Run a program and return its output; what it complains of is shown when a test fails."""
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)
    print(done.stderr)
    return done


def must_agree(output, laid):
    """Each line: store, modulus of the key, modulus of the leaf, certificates, chain, wrong password."""
    told = {line.split("\t")[0]: line.split("\t")[1:] for line in output.splitlines()}
    assert told == {
        name: [each.modulus, each.modulus, "3", "chain verified", "wrong password refused"]
        for name, each in laid.items()
    }


def test_openssl_opens_every_store(laid):
    """The command line, with its default provider: `pkcs8`, `pkcs7` and `verify`."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    lines = []
    for name, each in laid.items():
        at = each.folder
        key = run(
            "openssl", "pkcs8", "-inform", "DER", "-in", at / "key.der", "-passin", f"file:{at / 'password'}"
        )
        (at / "open.pem").write_text(key.stdout)
        of_key = run("openssl", "rsa", "-noout", "-modulus", "-in", at / "open.pem").stdout
        certificates = run(
            "openssl", "pkcs7", "-inform", "DER", "-in", at / "bundle.der", "-print_certs"
        ).stdout
        (at / "certificates.pem").write_text(certificates)
        # The first certificate of the file is the leaf.
        of_leaf = run("openssl", "x509", "-noout", "-modulus", "-in", at / "certificates.pem").stdout
        checked = run(
            *("openssl", "verify", "-attime", int(MOMENT.timestamp()), "-CAfile", at / "2.pem"),
            *("-untrusted", at / "1.pem", at / "0.pem"),
        )
        refused = run(
            *("openssl", "pkcs8", "-inform", "DER", "-in", at / "key.der", "-passin", f"pass:{WRONG}")
        )
        lines.append(
            "\t".join(
                (
                    name,
                    of_key.strip().removeprefix("Modulus="),
                    of_leaf.strip().removeprefix("Modulus="),
                    str(certificates.count("BEGIN CERTIFICATE")),
                    "chain verified" if checked.stdout.rstrip().endswith("OK") else checked.stderr,
                    "wrong password refused" if refused.returncode and not refused.stdout else "opened",
                )
            )
        )
    must_agree("\n".join(lines), laid)


JAVA = r"""
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.interfaces.RSAKey;
import java.util.*;
import javax.crypto.*;
import javax.crypto.spec.*;

public class Open {
    static Key key(Path at, String password) throws Exception {
        var info = new EncryptedPrivateKeyInfo(Files.readAllBytes(at.resolve("key.der")));
        var secret = SecretKeyFactory.getInstance("PBEWithSHA1AndDESede")
            .generateSecret(new PBEKeySpec(password.toCharArray()));
        var cipher = Cipher.getInstance("PBEWithSHA1AndDESede");
        cipher.init(Cipher.DECRYPT_MODE, secret, info.getAlgParameters());
        return KeyFactory.getInstance("RSA").generatePrivate(info.getKeySpec(cipher));
    }

    static String hex(Object key) {
        return ((RSAKey) key).getModulus().toString(16).toUpperCase();
    }

    public static void main(String[] folders) throws Exception {
        for (var folder : folders) {
            var at = Path.of(folder);
            var opened = key(at, Files.readString(at.resolve("password")));
            var all = new ArrayList<X509Certificate>();
            try (var in = Files.newInputStream(at.resolve("bundle.der"))) {
                for (var each : CertificateFactory.getInstance("X.509").generateCertificates(in))
                    all.add((X509Certificate) each);
            }
            for (int i = 0; i < all.size(); i++)
                all.get(i).verify(all.get(Math.min(i + 1, all.size() - 1)).getPublicKey());
            var refused = "opened";
            try { key(at, "Password2!"); }
            catch (GeneralSecurityException e) { refused = "wrong password refused"; }
            System.out.println(String.join("\t", at.getFileName().toString(), hex(opened),
                hex(all.get(0).getPublicKey()), "" + all.size(), "chain verified", refused));
        }
    }
}
"""


def test_the_jdk_opens_every_store(laid, tmp_path):
    """`EncryptedPrivateKeyInfo`, `KeyFactory` and `CertificateFactory`, with the default providers."""
    if not shutil.which("java") or not shutil.which("javac"):
        pytest.skip("no JDK is installed")
    source = tmp_path / "Open.java"
    source.write_text(JAVA)
    must_agree(run("java", source, *(each.folder for each in laid.values())).stdout, laid)


NODE = r"""
const {createPrivateKey, X509Certificate} = require('crypto'), fs = require('fs'), path = require('path');
const modulus = key => Buffer.from(key.export({format: 'jwk'}).n, 'base64url').toString('hex').toUpperCase();
for (const at of process.argv.slice(1)) {
  const read = name => fs.readFileSync(path.join(at, name));
  const form = {key: read('key.der'), format: 'der', type: 'pkcs8'};
  const open = passphrase => createPrivateKey({...form, passphrase});
  const key = open(read('password').toString());
  const all = [0, 1, 2].map(place => new X509Certificate(read(place + '.pem')));
  const whole = all.every((each, place) => each.verify(all[Math.min(place + 1, 2)].publicKey))
    && all[0].checkPrivateKey(key) && all[0].checkIssued(all[1]) && all[1].checkIssued(all[2]);
  let refused = 'opened';
  try { open('Password2!'); } catch { refused = 'wrong password refused'; }
  console.log([path.basename(at), modulus(key), modulus(all[0].publicKey), all.length,
    whole ? 'chain verified' : 'broken', refused].join('\t'));
}
"""


def test_node_opens_every_store(laid):
    """`crypto.createPrivateKey`, and `X509Certificate` for what the kit took out of the bundle."""
    if not shutil.which("node"):
        pytest.skip("Node is not installed")
    must_agree(run("node", "-e", NODE, *(each.folder for each in laid.values())).stdout, laid)


PHP = r"""
foreach (array_slice($argv, 1) as $at) {
    $read = fn($name) => file_get_contents("$at/$name");
    $key = openssl_pkey_get_private($read('key.pem'), $read('password'));
    openssl_pkcs7_read($read('bundle.pem'), $all);
    $modulus = fn($key) => strtoupper(bin2hex(openssl_pkey_get_details($key)['rsa']['n']));
    $whole = openssl_x509_check_private_key($all[0], $key);
    foreach ($all as $place => $each)
        $whole = $whole
            && openssl_x509_verify($each, openssl_pkey_get_public($all[min($place + 1, 2)])) === 1;
    $refused = openssl_pkey_get_private($read('key.pem'), 'Password2!') === false;
    $leaf = openssl_pkey_get_public($all[0]);
    echo implode("\t", [basename($at), $modulus($key), $modulus($leaf), count($all),
        $whole ? 'chain verified' : 'broken', $refused ? 'wrong password refused' : 'opened']), "\n";
}
"""


def test_php_opens_every_store(laid):
    """`openssl_pkey_get_private` and `openssl_pkcs7_read`."""
    if not shutil.which("php"):
        pytest.skip("PHP is not installed")
    if "openssl" not in run("php", "-m").stdout:
        pytest.skip("PHP has no openssl extension")
    must_agree(run("php", "-r", PHP, "--", *(each.folder for each in laid.values())).stdout, laid)
