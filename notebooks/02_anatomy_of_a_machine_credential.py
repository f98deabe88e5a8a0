# %% [markdown]
# # 2. Anatomy of a machine credential
# *Fifteen minutes. You need nothing but this page: run it cell by cell with Shift-Enter.*
#
# Somebody hands you a file `keystore.xml` and a password. What is in it, how much of it may you believe, and in which order must your
# product look at it before it signs anything?
#
# Three words first. A **private key** makes signatures; whoever has it can sign. A **certificate** says whose key that is and until when,
# and is itself signed, by an **issuer**. A **machine credential** is both together, for a business instead of a person;
# the keystore is the file that they come in.
#
# The store of this page is made here, by an authority that nobody trusts but you and only until you close the page.

# %%
from datetime import UTC, datetime, timedelta, timezone

from conformance.simulators.authority import Authority
from conformance.simulators.stores import PASSWORD, make_store

now = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
made = datetime(2026, 8, 3, 2, 0, tzinfo=UTC)
authority = Authority(now, seed=2)
machine = authority.machine_credential(abn="11000002568", name="Reception", moment=made)
data = make_store([machine], password=PASSWORD)
len(data), PASSWORD

# %% [markdown]
# ## The file
# It is XML. Here it is with the long lines cut off.

# %%
xml = data.decode("utf-8").replace('" ', '"\n' + " " * 16)
for line in xml.splitlines()[3:]:
    print(line if len(line) < 100 else f"{line[:99]}…")

# %% [markdown]
# The kit reads it into a record: texts stay as they are, base64 is decoded. A store may hold many credentials; this one holds one.

# %%
from conformance.notebooks import Table
from conformance.protocol.keystore import read

store = read(data)
(entry,) = store.credentials
agreed = "only as far as the certificate agrees"
Table(
    "The parts of a credential",
    ("part", "what it is", "may you believe it?"),
    [
        ("id", "the alias by which your product finds it", "compare it whole and exactly"),
        ("credentialType", "D for a device, which is a machine; U for a person", agreed),
        ("credentialSalt", "random bytes that go into every derived key", "yes: else nothing opens"),
        ("integrityValue", "a checksum over most of the parts", "it shows accidents, and proves nothing"),
        ("name1, abn", "the name of the credential, and whose it is", agreed),
        ("legalName", "the name of the business; in test stores that of the credential", "no"),
        ("name2, personId", "for people; empty here", "-"),
        ("serialNumber", "the certificate's number, in decimal", agreed),
        ("creationDate", "when it was made, in no stated zone", "no: UTC in older files, UTC+10 in newer"),
        ("notBefore, notAfter", "from when until when", "no: ten hours wrong, see below"),
        ("sha1fingerprint", "SHA-1 of the certificate", agreed),
        ("publicCertificate", "the certificate and its issuers'", "once the signatures in it were checked"),
        ("protectedPrivateKey", "the private key, encrypted", "once it was seen to fit the certificate"),
    ],
)

# %% [markdown]
# *Sources: the credential store schema 1.3, and the keystores published for third-party testing from 2019 to 2025. The alias of every
# one of those is* `ABRD:` *with the ABN, an underscore and the name.*
#
# The last column is the theme of this page: **the certificate is signed by somebody; nothing else in the file is.**
#
# ## From base64 to certificates
# `publicCertificate` is base64, and below it lies PKCS#7, a bag of certificates. It is written in ASN.1: every element begins
# with a *tag*, which says what it is, and a *length*. `30` is the tag of a sequence; what length is `80`?

# %%
bundle = entry.public_certificate
bundle[:16].hex(" ")

# %% [markdown]
# It says: *I do not know yet; read on until two zero bytes.* The rules called BER allow that. The stricter rules called DER
# do not, and many parsers speak only DER. Here is the heart of such a parser.

# %%
def length_by_der(data):
    if data[1] == 0x80:
        raise ValueError("not DER: the length is left open")
    return data[1] if data[1] < 0x80 else int.from_bytes(data[2 : data[1] - 0x80 + 2])


try:
    length_by_der(bundle)
except ValueError as error:
    print(error)

# %% [markdown]
# That is no damage: all published stores of the real authority are written like this. The whole bag, box in box:

# %%
from conformance.pictures import outline

outline(
    bundle,
    {
        "": "the bag",
        "0": "its kind: signedData",
        "1": "",
        "1.0": "",
        "1.0.0": "version 1",
        "1.0.1": "digest algorithms: SHA-256",
        "1.0.2": "what was signed: nothing",
        "1.0.3": "the certificates",
        "1.0.3.0": "yours: the leaf",
        "1.0.3.1": "its issuer: the sub CA",
        "1.0.3.2": "the issuer's issuer: the root",
        "1.0.4": "who signed: the sub CA",
    },
    alt="Outline of the certificate bundle: five elements of open length around three certificates.",
)

# %% [markdown]
# *Picture: boxes in boxes, each with its first bytes. Five dashed boxes have the length 80, left open, and end with two zero bytes; the
# innermost holds three solid boxes, the certificates, whose lengths are written out.*
#
# The certificates themselves are DER. So a reader that takes BER for the bag gets them all, and a bag written in DER
# gives the very same ones. One published test store has that form, so your product must read both.

# %%
from conformance.protocol.certificates import BundleForm, read_bundle, write_bundle

leaf, sub, root = chain = read_bundle(bundle)
strict = write_bundle(chain, form=BundleForm.DER)
assert read_bundle(strict) == chain
length_by_der(strict), strict[:4].hex(" ")

# %% [markdown]
# ## The chain of three
# Each certificate names its issuer, and the issuer's key made the signature on it. The last one signed itself.

# %%
def row(certificate, issuer):
    certificate.verify_directly_issued_by(issuer)  # raises, unless the issuer's key made the signature
    subject = certificate.subject.rfc4514_string().replace(",", ", ")
    return subject, certificate.public_key().key_size, f"{certificate.not_valid_after_utc:%d %b %Y}"


Table(
    "The chain, each signature verified",
    ("subject", "RSA key, bits", "valid until"),
    [row(leaf, sub), row(sub, root), row(root, root)],
)

# %% [markdown]
# The subject of the leaf is the whole identity: organisation `O` is the ABN, common name `CN` the credential's name, and the qualifier
# `ABR` (its number is 2.5.4.46) says that this is a machine. The same issuer also makes certificates for people, and they have another one.
#
# The texts of the XML must say the same. The serial number and the fingerprint name the leaf, wherever it stands in the bag.

# %%
import hashlib

from cryptography.hazmat.primitives.serialization import Encoding

assert int(entry.serial_number) == leaf.serial_number
assert entry.sha1_fingerprint == hashlib.sha1(leaf.public_bytes(Encoding.DER), usedforsecurity=False).digest()
leaf.serial_number.bit_length()

# %% [markdown]
# 159 bits: keep the number as text or as a big integer. Pushed through floating point it comes out as another one:

# %%
int(float(leaf.serial_number)) - leaf.serial_number

# %% [markdown]
# And a chain whose *names* are right proves nothing, nor does one that ends in just any root: everything in the bag came with the file. Which roots
# are good, your product must know from elsewhere. Another authority can call its CA whatever it likes:

# %%
from cryptography.exceptions import InvalidSignature

lookalike = authority.machine_credential(abn="11000002568", name="Reception", moment=made, trusted=False)
assert lookalike.certificate.issuer == leaf.issuer
try:
    lookalike.certificate.verify_directly_issued_by(sub)
except InvalidSignature:
    print("the name of the issuer is right, the signature is not")

# %% [markdown]
# ## The ten-hour trap
# When does this credential end? The file says it twice.

# %%
stated = datetime.fromisoformat(entry.not_after)
certified = leaf.not_valid_after_utc
print("the XML:        ", entry.not_after)
print("the certificate:", certified.isoformat())
certified - stated

# %% [markdown]
# The digits are the same, and the moment is not: the XML has the clock time of UTC and the label of Brisbane, `+10:00`. So it does in every
# store that the real authority published, summer or winter. Look at both ends of the credential's life.

# %%
from conformance.pictures import Stretch, timeline

hours = timedelta(hours=1)
begins, ends = leaf.not_valid_before_utc, certified
call = ends - 5 * hours
stated_begin = datetime.fromisoformat(entry.not_before)
timeline(
    {
        "the certificate": [Stretch(begins, ends, "valid", "certificate")],
        "the XML, taken at its word": [Stretch(stated_begin, stated, "valid", "XML")],
    },
    windows=[(begins - 14 * hours, begins + 6 * hours), (ends - 14 * hours, ends + 6 * hours)],
    moments={"a call": call},
    title="Beginning and end of one credential, in UTC",
    alt="Validity by the certificate and by the XML: both ends by the XML are ten hours too early.",
)

# %% [markdown]
# *Picture: two bars, shown around the beginning and around the end. The bar of the XML begins and ends ten hours before the bar of the
# certificate. A call five hours before the certificate's end lies inside the one and outside the other.*
#
# A product that believes the XML stops ten hours before it has to. Where that falls on a working day in Australia, it looks like an outage. Nothing protects the dates in the XML either, as you will see. **The certificate decides, in UTC**, and both
# ends belong to the time of validity (RFC 5280, section 4.1.2.5).

# %%
from conformance.protocol.certificates import validity

assert stated < call < ends
[validity(leaf, moment).value for moment in (call, ends, ends + timedelta(seconds=1))]

# %% [markdown]
# **Exercise 1.** Somebody moves the server from Brisbane to Perth, where the clock is two hours behind. What does that change in the answers
# above? Put your answer in place of ours.

# %%
answer = "nothing"

perth = (moment.astimezone(timezone(8 * hours)) for moment in (call, ends, ends + timedelta(seconds=1)))
changed = [validity(leaf, moment).value for moment in perth] != ["current", "current", "expired"]
assert answer == ("something" if changed else "nothing")
print("right:", answer)

# %% [markdown]
# ## Opening the key
# `protectedPrivateKey` is the private key, encrypted in a way of 1999, PKCS#12: old, but the common libraries open it without any
# special provider. Its box tells how.

# %%
outline(
    entry.protected_private_key,
    {
        "": "encrypted private key (PKCS#8)",
        "0": "how it is encrypted",
        "0.0": "PBE with SHA-1 and 3-key triple DES, CBC",
        "0.1": "",
        "0.1.0": "salt",
        "0.1.1": "rounds: 1024",
        "1": "what is encrypted",
    },
    alt="Outline of the encrypted private key: the method with salt and rounds, then the encrypted bytes.",
)

# %% [markdown]
# *Picture: two parts in one box. The first names the method, a salt of 20 bytes and the number of rounds; the second is the encrypted key.*

# %%
from asn1crypto.keys import EncryptedPrivateKeyInfo

info = EncryptedPrivateKeyInfo.load(entry.protected_private_key)
secret = info["encrypted_data"].native
parameters = info["encryption_algorithm"]["parameters"].native
assert parameters == {"salt": entry.salt, "iterations": 1024}

# %% [markdown]
# The salt is that of the attribute `credentialSalt`, twice the same. It must be: some readers take the one and some the other. Now by hand,
# in four steps (RFC 7292, appendix B). **One**: bring the password and the salt into shape, 64 bytes each.

# %%
spelled = PASSWORD.encode("utf-16-be") + b"\0\0"
password_block = (spelled * 3)[:64]
salt_block = (entry.salt * 4)[:64]
spelled.hex(" ")

# %% [markdown]
# Two bytes for each character and two zero bytes behind, repeated until 64 are full; a longer password fills 128. **Two**: put 64 bytes
# in front which say what the result is for, 1 for a key, and run SHA-1 over it 1024 times.

# %%
digest = bytes([1]) * 64 + salt_block + password_block
for _ in range(1024):
    digest = hashlib.sha1(digest, usedforsecurity=False).digest()

# %% [markdown]
# That gives 20 bytes, and triple DES wants 24: the method goes on in the same manner. Here the kit's function takes over, which agrees so far.

# %%
from conformance.protocol.keystore import Purpose, derive

key = derive(PASSWORD, entry.salt, purpose=Purpose.KEY, length=24)
vector = derive(PASSWORD, entry.salt, purpose=Purpose.IV, length=8)
assert key[:20] == digest
len(key), len(vector)

# %% [markdown]
# **Three**: decrypt.

# %%
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

plain = Cipher(TripleDES(key), modes.CBC(vector)).decryptor().update(secret)
print("begins with", plain[:7].hex(" "))
print("ends with  ", plain[-4:].hex(" "))

# %% [markdown]
# **Four**: take off the padding. A block has 8 bytes; what is missing to the last full one is filled with bytes that say how
# many they are. What remains is a PKCS#8 key: a sequence, as long as the bytes are, with version 0 at its head.

# %%
size = plain[-1]
assert plain[-size:] == bytes([size]) * size
private = plain[:-size]
assert length_by_der(private) + 4 == len(private)
assert private[4:7] == bytes.fromhex("020100")
size, len(private)

# %% [markdown]
# **And five**, which many readers forget: does it belong to the certificate? Nothing in the file promises that.

# %%
from cryptography.hazmat.primitives.serialization import load_der_private_key

signing_key = load_der_private_key(private, None)
assert signing_key.public_key() == leaf.public_key()
signing_key.key_size

# %% [markdown]
# ## What a wrong password looks like
# The wrong password gives a wrong key, the wrong key gives rubbish, and rubbish has no valid padding. Nearly never. Only the last byte counts
# for a padding of length 1, so about one in 256 must pass. Measure it, with real passwords and the real derivation.
#
# In this mode the last block needs nothing but the key and the block before it, so that is all we decrypt.

# %%
import string
from random import Random

random = Random(256)
wrong = ["".join(random.choices(string.ascii_letters, k=10)) for _ in range(2048)]


def last_block(password):
    key = derive(password, entry.salt, purpose=Purpose.KEY, length=24)
    return Cipher(TripleDES(key), modes.CBC(secret[-16:-8])).decryptor().update(secret[-8:])


def is_padded(block):
    return 1 <= block[-1] <= 8 and block.endswith(block[-1:] * block[-1])


assert is_padded(last_block(PASSWORD))
padded = [is_padded(last_block(password)) for password in wrong]
sum(padded), len(padded), round(len(padded) / sum(padded))

# %%
from conformance.pictures import field

field(
    padded,
    hit="leave valid padding behind",
    miss="do not",
    title="2048 wrong passwords",
    columns=96,
    alt="A field of 2048 dots, one for each wrong password; a few crosses where the padding is valid.",
)

# %% [markdown]
# *Picture: a field of dots, one for each wrong password. A few crosses, strewn about, are those that leave valid padding behind.*
#
# For the crosses a library finds nothing wrong with the decryption and complains later, of ASN.1 or of a damaged key. A user who mistyped the password
# then looks for a new file. So three things must hold before a reader says that the password is right: the padding, the
# head of the key, and its length. What comes out for the first few crosses:

# %%
from dataclasses import replace

from conformance.protocol.keystore import KeystoreError, Store, integrity_value, open_credential, write
from conformance.simulators.stores import seal


def said(data, alias=entry.id, password=PASSWORD, now=now):
    try:
        return "opens " + open_credential(read(data), alias, password, now=now).name
    except KeystoreError as error:
        return error.reason


def head(password):
    key = derive(password, entry.salt, purpose=Purpose.KEY, length=24)
    vector = derive(password, entry.salt, purpose=Purpose.IV, length=8)
    return Cipher(TripleDES(key), modes.CBC(vector)).decryptor().update(secret)[:7].hex(" ")


crosses = [password for password, cross in zip(wrong, padded, strict=True) if cross][:4]
Table(
    "Wrong passwords with valid padding, and the right one",
    ("password", "last block", "first bytes", "the kit's reader says"),
    [(p, last_block(p).hex(" "), head(p), said(data, password=p)) for p in (*crosses, PASSWORD)],
)

# %%
assert {said(data, password=password) for password in wrong[:20] + crosses} == {"keystore.wrong_password"}

# %% [markdown]
# One answer for both kinds. **Exercise 2.** A tester tries 10,000 wrong passwords. In how many cases does the padding hold, about?

# %%
answer = 39

assert abs(answer - 10_000 / 256) < 5
print("right: 10000 / 256 is", round(10_000 / 256))

# %% [markdown]
# ## The integrity value
# There is a checksum in the file. Which key makes it? Compute it by hand: eleven parts are joined, texts as UTF-8 and the others decoded.

# %%
texts = {
    "credentialType": entry.credential_type,
    "id": entry.id,
    "name1": entry.name1,
    "name2": entry.name2,
    "abn": entry.abn,
    "legalName": entry.legal_name,
    "personId": entry.person_id,
    "serialNumber": entry.serial_number,
}
parts = {name: text.encode("utf-8") for name, text in texts.items()}
parts["sha1fingerprint"] = entry.sha1_fingerprint
parts["publicCertificate"] = entry.public_certificate
parts["protectedPrivateKey"] = entry.protected_private_key
message = b"".join(parts.values())
len(message)

# %%
import hmac

mac_key = derive("", entry.salt, purpose=Purpose.MAC, length=20)
mac = hmac.digest(mac_key, message, "sha1")
assert mac == entry.integrity_value
mac.hex(" ")

# %% [markdown]
# It comes out, and look at what went in: **the empty password**, and a salt that stands in the file. No secret takes part. So whoever can
# change the file can compute the value anew. Do it: the legal name first without, then with a new value.

# %%
def store_of(*entries):
    return write(Store(salt=store.salt, credentials=entries))


renamed = replace(entry, legal_name="Somebody Else Pty Ltd")
before, after = said(store_of(renamed)), said(store_of(seal(renamed)))
assert (before, after) == ("keystore.damaged", "opens Reception")
before, after

# %% [markdown]
# The value noticed an accident and did not notice a forger. The dates it does not even cover:

# %%
for_ever = replace(entry, not_after="2099-12-31T23:59:59+10:00")
assert integrity_value(for_ever, store.salt) == entry.integrity_value
said(store_of(for_ever)), said(store_of(for_ever), now=ends + hours)

# %% [markdown]
# Ninety-nine or not, after the certificate's end the credential has expired. And one thing more: the parts are joined with nothing in between. Take
# the first two digits of the serial number and put them into the field before it.

# %%
from conformance.pictures import Part, joined

moved = replace(entry, person_id=entry.serial_number[:2], serial_number=entry.serial_number[2:])
sizes = [len(part) for part in parts.values()]
front, back = sum(sizes[:5]), sum(sizes[8:])


def strip(entry):
    shown = {"legalName": entry.legal_name, "personId": entry.person_id, "serialNumber": entry.serial_number}
    parts = [Part(name, f"{text:.14}", len(text)) for name, text in shown.items()]
    return [Part("five before", "…", front), *parts, Part("three behind", "…", back)]


joined(
    {"as it was issued": strip(entry), "with two digits moved": strip(moved)},
    alt="The joined parts before and after two digits were moved: the same bytes, with other borders.",
    width=8.0,
)

# %% [markdown]
# *Picture: two strips of parts, one below the other, with the number of bytes of each part. In the second the person id holds the first two digits
# of the serial number. Read from left to right, both strips are the same bytes.*

# %%
assert integrity_value(moved, store.salt) == entry.integrity_value
said(store_of(moved))

# %% [markdown]
# The integrity value is right, and the entry is refused all the same: no certificate in the bag has such a serial number. Again it is
# the certificate that tells.
#
# *Sources: the schema names the value and not the method; the method was found by experiment and reproduces the values of all published
# credentials. Who takes the value for a signature has no protection at all; who leaves it out does not notice a damaged file.*
#
# **Exercise 3.** A product lets its user change the password and writes the store again. Which parts of the credential change? The salt
# may stay.

# %%
answer = {"protected_private_key", "integrity_value"}

from conformance.protocol.keystore import encrypt_private_key

fresh = encrypt_private_key(private, "Another1!!", entry.salt)
rewritten = seal(replace(entry, protected_private_key=fresh))
assert answer == {name for name in vars(entry) if getattr(entry, name) != getattr(rewritten, name)}
print("right:", ", ".join(sorted(answer)))

# %% [markdown]
# ## In which order to look
# From the outside inwards, and the password last: then nobody is asked for a password that cannot help, and no key is decrypted for a
# credential that may not be used. For each step here is a store with one thing wrong, and what the kit's reader says of it.

# %%
from conformance.simulators.authority import PERSONAL
from conformance.simulators.stores import make_entry

holder = {"abn": machine.abn, "name": machine.name, "moment": made}
person = make_entry(authority.machine_credential(**holder, profile=PERSONAL))
old = make_entry(authority.machine_credential(**holder, not_after=now - hours))
stranger = make_entry(authority.machine_credential(**holder, key="machine-2"))
with_other_key = replace(entry, protected_private_key=stranger.protected_private_key)
steps = [
    ("it is a credential store, without a DTD", "a web page", b"<html/>"),
    ("no part of an entry is missing", "no personId", data.replace(b"<personId/>", b"")),
    ("no id stands twice", "the entry, twice", store_of(entry, entry)),
    ("an entry has exactly that id", "an id in lower case", store_of(replace(entry, id=entry.id.lower()))),
    ("the integrity value is right", "another legal name", store_of(renamed)),
    ("serial and fingerprint name a certificate", "moved digits", store_of(moved)),
    ("its subject says the same", "another name1", store_of(seal(replace(entry, name1="Office")))),
    ("it is a machine's, and strong", "a person's certificate", store_of(person)),
    ("it is valid now, in UTC", "ended an hour ago", store_of(old)),
    ("the password opens the key", "PASSWORD1!", data),
    ("the key fits the certificate", "the key of another", store_of(seal(with_other_key))),
]
typed = [PASSWORD.upper() if broken == "PASSWORD1!" else PASSWORD for _, broken, _ in steps]
found = [said(data, password=password) for (*_, data), password in zip(steps, typed, strict=True)]
Table(
    "What must hold, in this order",
    ("step", "what must hold", "an example that breaks it", "the kit's reader says"),
    [(number + 1, *steps[number][:2], reason) for number, reason in enumerate(found)],
)

# %% [markdown]
# That the order is kept can be shown: type a wrong password *as well*. Only the last two answers may change.

# %%
twice_wrong = [said(data, password="Password2!") for *_, data in steps]
assert twice_wrong[:9] == found[:9]
twice_wrong[9:]

# %% [markdown]
# **Exercise 4.** An operator has a credential that expired last week and has also forgotten its password. What should your product tell first?

# %%
answer = "keystore.expired"

assert said(store_of(old), password="forgotten") == answer
print("right:", answer)

# %% [markdown]
# A new password would not help; a new credential would, and it comes with a new password. That is the next notebook's matter.
#
# **Break it.** In the table of steps let `old` end an hour *from* now, and see in which line the answer changes.
#
# ## What this settles
# Each thing on this page is a requirement of the kit, with its source, how sure it is, and how to mend it.

# %%
settled = {
    "the file": "KS-P01 KS-P05 KS-P10 KS-C03",
    "the bag of certificates": "KS-T01 KS-T02",
    "the ten-hour trap": "KS-D01 KS-D02 KS-D03 KS-D10 KS-I05",
    "the key": "KS-K01 KS-T06",
    "the wrong password": "KS-K02 KS-K03",
    "the integrity value": "KS-I02 KS-I03 KS-I06 KS-I09",
}
for topic, ids in settled.items():
    print(f"{topic:24} {ids}")

# %% [markdown]
# Run one, or all whose ids begin alike; and ask what is behind one:
#
#     evte run --iut "cmd:java -jar harness.jar" --profile usi-local --only KS-K03 --out report
#     evte run --iut "cmd:java -jar harness.jar" --profile usi-local --only KS- --out report
#     evte explain KS-K03
#
# This is what it looks like for an implementation that tells the two kinds of wrong passwords apart, and for one that believes the XML:

# %%
from conformance.notebooks import check

check("mutant:takes-padding-for-proof", "KS-K03")

# %%
check("mutant:stops-ten-hours-early", "KS-D03")

# %% [markdown]
# ## Now your implementation
# Set the variable `EVTE_IUT` before you start `evte lab`, or write your harness in place of `implementation()`:
# `"cmd:java -jar harness.jar"`, `"http://127.0.0.1:8080/"` or `"python:module:attribute"`. The reference answers until you do.

# %%
from conformance.notebooks import implementation

iut = implementation()
check(iut, *" ".join(settled.values()).split())
