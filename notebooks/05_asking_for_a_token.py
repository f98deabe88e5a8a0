# %% [markdown]
# # 5. Asking for a token
# *Fifteen minutes. You need nothing but this page: run it cell by cell with Shift-Enter.*
#
# Your product sends its request to MAS-ST, and back comes: *the security of the message could not be verified*. Nothing more. Which byte did the service
# hash differently from you, and why?
#
# Three words first. A **digest** is a short number made from bytes; change one byte and it is another number. A **signature** is a digest, sealed with your private
# key. And since the same XML can be written in many ways, both sides first bring it into one **canonical form**: those are the bytes that count.
#
# We build a request in four steps, look at every byte that is hashed, and then break it in four ways. The credential and the token service are the kit's own.

# %%
from datetime import UTC, datetime, timedelta
from random import Random

from conformance.reference.direct import Direct
from conformance.simulators.authority import Authority
from conformance.simulators.bench import PUBLISHED_ADDRESS
from conformance.simulators.stores import PASSWORD
from conformance.simulators.sts import TokenService

now = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
authority = Authority(now, seed=5)
machine = authority.machine_credential(abn="11000002568", name="Reception", moment=now - timedelta(days=9))
service = TokenService(
    authority, clock=lambda: now, random=Random(1).randbytes, relying_parties=[PUBLISHED_ADDRESS]
)
product = Direct(
    service, clock=lambda: now, random=Random(2).randbytes, applies_to=PUBLISHED_ADDRESS, password=PASSWORD
)
wire = product.tokens.connection("")

# %% [markdown]
# `wire` hands a message to the service in the same process; nothing is sent anywhere.
#
# ## Step 1: what you ask for
# The question is an element of WS-Trust, the `RequestSecurityToken`.

# %%
import copy

from lxml import etree

from conformance.protocol import names, trust


def show(element):
    shown = copy.deepcopy(element)  # white space is added to a copy, never to a message
    for node in shown.iter("{*}BinarySecurityToken", "{*}DigestValue", "{*}SignatureValue"):
        node.text = f"{node.text[:20]}…"
    etree.indent(shown)
    print(etree.tostring(shown, encoding="unicode"))


def question(**options):
    life = {"created": now, "expires": now + timedelta(minutes=30)}
    return trust.build_request(applies_to=PUBLISHED_ADDRESS, **life, **options)


show(question())

# %% [markdown]
# A few of these are stricter than they look.

# %%
from conformance.notebooks import Table

Table(
    "What is asked for",
    ("element", "what it says", "mind"),
    [
        ("RequestType", "issue a token", "exactly this URI; one published template has a typing mistake"),
        ("TokenType", "SAML 2.0, or SAML 1.1", "both occur"),
        ("KeyType", "a symmetric proof key", "without one you could prove nothing to the registry"),
        ("KeySize", "256 bits, or 512", "in bits; may be absent"),
        ("AppliesTo", "for whom the token is: the registry", "letter by letter as it is registered"),
        ("Claims", "what the token must say of you", "abn and credentialtype for the USI Registry"),
        ("Lifetime", "from when until when", "of the token; has nothing to do with the Timestamp"),
    ],
)

# %% [markdown]
# *Sources: WS-Trust 1.3 for the elements; which of them occur, and in how many orders, is what working public clients send. The order of the children means nothing.*
#
# ## Step 2: the envelope
# Around it goes a SOAP 1.2 envelope with addressing headers. `To` is the address that you post to, in the very same letters.

# %%
from conformance.protocol import soap

address = "https://softwareauthorisations.evte.ato.gov.au/R3.0/S007v1.3/service.svc"


def envelope(body=None, to=address, message_id="urn:uuid:11111111-2222-4333-8444-555555555555"):
    content = question() if body is None else body
    head = {"action": names.ISSUE_ACTION, "message_id": message_id, "to": to, "reply_to": True}
    return soap.build(content, **head)


show(envelope(etree.Element("Body-of-step-1")))

# %% [markdown]
# ## Step 3: the signature
# Now the message is complete, and only now it is signed. Three things go into a `Security` header, in this order: a Timestamp, your certificate, the signature.

# %%
from conformance.protocol import markup, security


def signed(unsigned=None, suite=security.S007_V13, at=now):
    made = envelope() if unsigned is None else unsigned
    signer = {"key": machine.key, "certificate": machine.certificate}
    security.sign_request(made, **signer, now=at, suite=suite)
    return made


request = signed()
show(soap.of(request).security)

# %% [markdown]
# Each `Reference` names a part by its id and states the digest of that part. Drawn, with what points at what:

# %%
from conformance.pictures import Box, message

message(
    [
        Box("s:Envelope"),
        Box("s:Header", depth=1),
        Box("a:Action, a:MessageID, a:ReplyTo", depth=2),
        Box("a:To", "where it goes", 2, "signed"),
        Box("o:Security", depth=2),
        Box("u:Timestamp", "when it was made", 3, "signed"),
        Box("o:BinarySecurityToken", "your certificate, in base64", 3),
        Box("ds:Signature", depth=3),
        Box("ds:SignedInfo", "the list of digests", 4, "signed, as the list"),
        Box("ds:Reference to #_0", "digest of the Timestamp", 5, points_to=("u:Timestamp",)),
        Box("ds:Reference to #_1", "digest of To", 5, points_to=("a:To",)),
        Box("ds:SignatureValue", "made over SignedInfo, with your private key", 4),
        Box("ds:KeyInfo", "whose key", 4, points_to=("o:BinarySecurityToken",)),
        Box("s:Body", "the RequestSecurityToken", 1),
    ],
    alt="Map of a signed request: To and Timestamp are signed; Body, certificate and other headers are not.",
)

# %% [markdown]
# *Picture: boxes in boxes. Marked as signed are To, the Timestamp, and the list SignedInfo with their two digests. Arrows lead from the two references to those parts, and from
# KeyInfo to the certificate. The Body has no mark.*
#
# **The Body is not signed**, nor is the certificate. No public client signs them; what protects them on the way is TLS. The signature says: *I hold this credential, I send this to you, and I do so now.*
#
# *Sources: four hand-written public clients sign exactly these two parts, and so do the frameworks. That the service insists on* `To` *is inferred: one family of clients was recorded signing the Timestamp alone.*
#
# ## What exactly is hashed
# Take `To`. In the message it stands like this:

# %%
to = markup.child(request, "s:Header", "a:To")
raw = etree.tostring(request)
start = raw.index(b"<a:To")
raw[start : raw.index(b"</a:To>") + 7].decode()

# %% [markdown]
# And in canonical form:

# %%
canonical = markup.canonical(to)
print(len(canonical), "bytes")
print(canonical.decode())

# %% [markdown]
# Three things happened. The namespaces that the element uses are declared *on it*, though in the message they stand at the envelope. The declarations come first, and
# the attributes after them, ordered by the URI of their namespace and then by name: `u:Id` before `s:mustUnderstand`. And there is no white space that was not there before.
#
# These are the bytes. Hash them by hand:

# %%
import hashlib
from base64 import b64encode

by_hand = b64encode(hashlib.sha256(canonical).digest()).decode()
timestamp = soap.of(request).security[0]
stated = [node.text for node in request.iter(names.tag("ds:DigestValue"))]
assert stated[1] == by_hand
assert stated[0] == b64encode(hashlib.sha256(markup.canonical(timestamp)).digest()).decode()
print("by hand:       ", by_hand)
print("in the message:", stated[1])

# %% [markdown]
# **Break it.** Take `canonical.strip() + b"\n"`, or `canonical.upper()`, and see the assertion fail. A digest knows no *nearly*.
#
# The signature itself is made in the same way, one level higher: over the canonical form of `SignedInfo`. Your certificate's public key opens it again:

# %%
from cryptography.hazmat.primitives.asymmetric import padding

signed_info = next(request.iter(names.tag("ds:SignedInfo")))
value = markup.binary(next(request.iter(names.tag("ds:SignatureValue"))))
opened = machine.certificate.public_key().recover_data_from_signature(value, padding.PKCS1v15(), None)
digest = hashlib.sha256(markup.canonical(signed_info)).digest()
assert opened == bytes.fromhex("3031300d060960864801650304020105000420") + digest
len(value), opened.hex()

# %% [markdown]
# 256 bytes of signature hold 51: nineteen that say *SHA-256*, and the digest. Whoever gets another digest out of the same message says: not verified.
#
# *Sources: XML Signature for the two levels, Exclusive XML Canonicalization 1.0 for the form, RFC 8017 (section 9.2) for the nineteen bytes.*
#
# **Exercise 1.** A gateway on the way changes the `MessageID`, and writes another `AppliesTo` into the Body. Does the signature still verify?

# %%
answer = True

altered = copy.deepcopy(request)
markup.child(altered, "s:Header", "a:MessageID").text = "urn:uuid:99999999-2222-4333-8444-555555555555"
next(altered.iter(names.tag("wsp:AppliesTo"))).find(".//{*}Address").text = "https://elsewhere.example/"
_, facts = security.judge_signed(soap.of(altered), now=now)
assert facts.verified is answer
print("right:", answer)

# %% [markdown]
# It does. Do not read *the signature is good* as *the message is as I sent it*.
#
# ## Step 4: send it

# %%
def answered(element, to=address):
    answer = wire.post(to, markup.serialize(element), product.tokens.headers())
    fault = soap.read_fault(soap.read(answer.body))
    return "a token" if fault is None else f"{answer.status}: {fault.reason}"


answered(request)

# %% [markdown]
# ## Why a digest differs
# Four mistakes. First: **inclusive canonicalisation**. It is an older form, it is what many libraries do when nothing is said, and it declares *every*
# namespace in scope, used or not.

# %%
from cryptography.hazmat.primitives import hashes


def seal(element):
    """Sign the list of digests as it stands now."""
    info, sealed = (next(element.iter(names.tag(f"ds:{name}"))) for name in ("SignedInfo", "SignatureValue"))
    made = machine.key.sign(markup.canonical(info), padding.PKCS1v15(), hashes.SHA256())
    sealed.text = b64encode(made).decode()
    return element


inclusive = signed()
hashed = markup.inclusive_canonical(soap.of(inclusive).security[0])
next(inclusive.iter(names.tag("ds:DigestValue"))).text = b64encode(hashlib.sha256(hashed).digest()).decode()
seal(inclusive)
answered(inclusive)

# %% [markdown]
# Count on the real service to tell you no more than that. In `To` the very same mistake would go unnoticed: it happens to use every namespace in scope.

# %%
assert markup.inclusive_canonical(to) == markup.canonical(to)
assert markup.inclusive_canonical(timestamp) != markup.canonical(timestamp)

# %% [markdown]
# So a client may pass with one part and fail with the other, or start to fail on the day when somebody declares one more prefix at the envelope.
#
# The other three. **Pretty-printed after signing**: a logger or an XML writer indents the message. **An attribute added** when the digest was made already. **To rewritten**: a proxy puts its
# own host in.

# %%
pretty, marked, moved = signed(), signed(), signed()
etree.indent(pretty)
markup.child(marked, "s:Header", "a:To").set(names.tag("s:relay"), "true")
markup.child(moved, "s:Header", "a:To").text = "https://proxy.example:8443/R3.0/S007v1.3/service.svc"
broken = {
    "inclusive": inclusive,
    "pretty-printed": pretty,
    "attribute added": marked,
    "To rewritten": moved,
}
[answered(element, to=soap.of(element).to) for element in broken.values()]

# %% [markdown]
# Four mistakes, one sentence. The kit's own verifier asks further: it repeats the mistakes that it knows on the message, and when the digest that comes out is the one that you stated, the
# mistake is *known*, not guessed.

# %%
def first_wrong(element):
    judgement, facts = security.judge_signed(soap.of(element), now=now)
    finding = next(found for found in judgement.findings if found.hint)
    reference = next(each for each in facts.references if not each.holds)
    return finding, reference, security.first_difference(reference.canonical, reference.hashed)


judged = {title: first_wrong(element) for title, element in broken.items()}
Table(
    "Four mistakes, explained",
    ("mistake", "what the verifier says", "the cause that it names", "first byte that differs"),
    [(title, finding.message, finding.hint, f"byte {at}") for title, (finding, _, at) in judged.items()],
)

# %%
from conformance.pictures import difference

words = ["inclusive", "indented or pretty-printed", "attribute relay was added", "rewritten after signing"]
assert all(word in judged[title][0].hint for word, title in zip(words, judged, strict=True))
difference(
    {title: (reference.canonical, reference.hashed) for title, (_, reference, _) in judged.items()},
    names=("what arrived", "what was hashed"),
    alt="Byte by byte: what arrived and what was hashed, for the four mistakes.",
)

# %% [markdown]
# *Picture: four pairs of lines. Inclusive: more declarations were hashed, framed from their first byte on. Pretty-printed: what arrived has a line end and blanks that were not hashed. Attribute
# added: relay arrived and was not hashed. To rewritten: another host was hashed than arrived.*
#
# The upper line is what the service hashes: the canonical form of what *arrived*. The lower one is what your digest was made of. Read your own mistake off the frame:
#
# - more in the lower line: you hashed something that did not arrive, or that the canonical form leaves out;
# - more in the upper line: something was added after you had hashed;
# - other words: somebody changed the text, on the way or in your own stack.
#
# **Exercise 2.** A colleague's digest for `To` is the following. What was the host when it was made?

# %%
colleague = "Gi2YXE5Yrfy1qz/O5iqf1T+7WYEe2sulQ5ezBQaxerk="
answer = "softwareauthorisations.ato.gov.au"

theirs = markup.canonical(to).replace(b"softwareauthorisations.evte.ato.gov.au", answer.encode())
assert b64encode(hashlib.sha256(theirs).digest()).decode() == colleague
print("right:", answer)

# %% [markdown]
# It was signed for production and sent to EVTE.
#
# ## Two endpoints, two sets of algorithms
# `S007v1.3` takes RSA with SHA-256, `S007v1.2` is the older door and takes SHA-1. Neither takes the other's, nor a mixture. The mixture has a name of its own, because an unpatched Metro makes it: digests by
# SHA-256, the signature by SHA-1.

# %%
from conformance.protocol.security import S007_V12, S007_V13, AlgorithmSuite

doors = {"S007v1.3": address, "S007v1.2": address.replace("v1.3", "v1.2")}
mixture = AlgorithmSuite("mixture", names.RSA_SHA1, names.SHA256)
outcomes = [
    (suite.name, *(answered(signed(envelope(to=to), suite), to).partition(":")[0] for to in doors.values()))
    for suite in (S007_V13, S007_V12, mixture)
]
Table("Who takes what", ("signed as for", *doors), outcomes)

# %%
assert [row[1:] for row in outcomes] == [("a token", "500"), ("500", "a token"), ("500", "500")]

# %% [markdown]
# *Sources: working public clients for both; that mixtures are refused is inferred from the framework that the service resembles, which knows one algorithm per purpose.*
#
# Tell your stack both: the digest *and* the signature method. And do not carry the settings of the registry's binding over to this one: there the key is another one, and HMAC-SHA1 is right.
#
# ## On behalf of a client
# If your software runs on your server, the request says for whom it asks: an `ActAs` element with both ABNs and the software ID of the client's notification.

# %%
def on_behalf(**changes):
    right = {"ssid": "0000123400", "first_party": "11000002568", "second_party": "96312011219", "id": "A-1"}
    return trust.ActAs(**right | changes)


show(markup.child(question(act_as=on_behalf()), "t14:ActAs"))

# %% [markdown]
# The first party is you, the holder of the credential that signs. What if something in it is wrong?

# %%
def act_as_findings(**changes):
    body = question(act_as=on_behalf(**changes))
    judgement, _ = trust.judge_request(soap.of(envelope(body)), now=now, certificate_abn="11000002568")
    return "; ".join(f"{finding.code}: {finding.message}" for finding in judgement.findings) or "-"


swapped = {"first_party": "96312011219", "second_party": "11000002568"}
cases = {
    "all well": {},
    "the ABNs are swapped": swapped,
    "a software ID of six digits": {"ssid": "123400"},
    "a typing mistake in the client's ABN": {"second_party": "96312011291"},
}
Table(
    "ActAs, judged",
    ("case", "findings"),
    [(case, act_as_findings(**changes)) for case, changes in cases.items()],
)

# %%
assert [act_as_findings(**cases[case]) == "-" for case in cases] == [True, False, False, False]

# %% [markdown]
# The software ID is a text of ten digits; what takes it for a number loses the zeros. Whether the client has notified RAM of you is another question, and [notebook 3](03_the_life_of_a_credential.ipynb) is about it.
#
# ## What the service answers
# The checks come in an order, and the first that fails answers for all. Whether the message may be trusted comes before what it asks for.

# %%
action = envelope()
markup.child(action, "s:Header", "a:Action").text = names.ISSUE
capital = PUBLISHED_ADDRESS.replace("/service/", "/Service/")
unknown = trust.build_request(applies_to=PUBLISHED_ADDRESS, claims=[f"{names.CLAIM_BASE}shoesize"])
sent = {
    "nothing wrong": signed(),
    "Created twelve minutes ago": signed(at=now - timedelta(minutes=12)),
    "To is another service": signed(envelope(to=f"{address}/other")),
    "Action is the RequestType's URI": signed(action),
    "AppliesTo with a capital letter": signed(envelope(trust.build_request(applies_to=capital))),
    "a claim that nobody knows": signed(envelope(unknown)),
    "the digest of Timestamp is wrong": inclusive,
}


def told(element):
    answer = wire.post(address, markup.serialize(element), product.tokens.headers())
    if (fault := soap.read_fault(soap.read(answer.body))) is None:
        return answer.status, "-", "-"
    event = trust.read_event(fault)
    return answer.status, fault.subcodes[0].rpartition("}")[2], event.code if event else "-"


answers = {case: told(element) for case, element in sent.items()}
Table(
    "What comes back",
    ("what is wrong", "HTTP status", "fault", "event code"),
    [(case, *answer) for case, answer in answers.items()],
)

# %%
assert answers["AppliesTo with a capital letter"] == (500, "InvalidRequest", "E2003")
assert answers["the digest of Timestamp is wrong"] == (500, "InvalidSecurity", "-")

# %% [markdown]
# Read the body of a 500: it holds the fault. Where there is an *event code*, there is a cause that somebody can mend; the faults without one are about the message itself, and only its sender can find out more.
#
# *Sources: the event codes are those of the older official client's table. What the real service answers to a wrong address, an unknown action or a bad signature is not public; the names are
# the framework's, and the kit marks them as inferred.*
#
# ## A message of your own
# Capture a request of your product, from a log or a debugging proxy: the bytes of the body, with or without the HTTP headers. Put its path here and the moment at which it was sent. Until you do, the message with the
# added attribute stands in.

# %%
from pathlib import Path

from conformance.inspection import inspect, tell

path = ""
captured = Path(path).read_bytes() if path else markup.serialize(marked)
print(tell(inspect(captured, now=now, name=path or "the message with the added attribute")))

# %% [markdown]
# The same from a shell, where `--trust` and `--keystore` let it look at the certificate too:
#
#     evte inspect request.xml --at 2026-11-21T10:42:00Z
#
# Save the bytes as they were sent. A message that was copied out of a browser or a pretty-printing log is another message, as you have seen.
#
# ## What this settles
# Each of these is a requirement of the kit, with its source and with how sure it is.

# %%
settled = {
    "envelope and addresses": "STS-R01 STS-R02 STS-R03 STS-R04 STS-R05",
    "Timestamp and certificate": "STS-R06 STS-R07 STS-R08",
    "signature and digests": "STS-R09 STS-R10 STS-R11 STS-R12 STS-R13 STS-R14",
    "what is asked for": "STS-R15 STS-R16 STS-R17 STS-R18 STS-R19 STS-R20 STS-R21 STS-R22",
}
for topic, ids in settled.items():
    print(f"{topic:26} {ids}")

# %% [markdown]
# Run one, or all whose ids begin alike; and ask what is behind one:
#
#     evte run --iut "cmd:java -jar harness.jar" --profile usi-local --only STS-R --out report
#     evte explain STS-R09
#
# ## Now your implementation
# Set the variable `EVTE_IUT` before you start `evte lab`, or write your harness in place of `implementation()`:
# `"cmd:java -jar harness.jar"`, `"http://127.0.0.1:8080/"` or `"python:module:attribute"`. The reference answers until you do.
#
# Above the verdicts stands the first request that your implementation sent, judged as `evte inspect` does it.

# %%
from conformance.notebooks import check, implementation, inspected

iut = implementation()
verdicts = check(iut, *" ".join(settled.values()).split())
print(inspected(verdicts))
verdicts
