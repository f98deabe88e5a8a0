"""Judging a ds:Signature: what it covers, whether every digest and the value hold, and if not, why.

A message is read once; every reference keeps the canonical bytes that were hashed.
"""

import itertools
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Final

from lxml import etree

from conformance.protocol import markup, names
from conformance.protocol.judging import Notes
from conformance.protocol.secrets import SECRET_LEAVES, SECRET_TREES
from conformance.protocol.security import diagnosis
from conformance.protocol.security.algorithms import digest, short
from conformance.protocol.security.records import S007_V12, S007_V13, ReferenceFacts, first_difference
from conformance.protocol.security.references import SECURITY
from conformance.protocol.soap import Envelope

MAX_REFERENCES: Final = 16
"""References of one signature that are looked at; real ones have one or two."""

MAX_SHOWN: Final = 4000
"""Characters of canonical bytes that a message shows; `ReferenceFacts` has all of them."""

PUBLISHED_HOSTS: Final = (
    "https://softwareauthorisations.ato.gov.au",
    "https://softwareauthorisations.evte.ato.gov.au",
    "https://softwareauthorisations.acc.ato.gov.au",
    "https://portal.usi.gov.au",
    "https://3pt.portal.usi.gov.au",
)
"""Hosts that samples write; a message signed for one and sent on to another has a rewritten To."""

_ACTED_UPON: Final = {"timestamp": names.tag("u:Timestamp"), "to": names.tag("a:To")}
_ID_ATTRIBUTES: Final = frozenset({"Id", "ID", "id"})
MAX_OCTETS: Final = 4096
"""Canonical bytes that a finding carries."""

_SECRET: Final = re.compile(
    rb"(<(?:[^<>/:\s]+:)?(%s)\b[^<>]*>)(.*?)(?=</(?:[^<>/:\s]+:)?\2\s*>|\Z)"
    % "|".join((*SECRET_LEAVES, *SECRET_TREES)).encode(),
    re.S | re.I,
)
_MOST_NEIGHBOURS: Final = 32
"""Headers whose digest is tried; real messages have about ten."""
_MOST_PLACES: Final = 5
_AROUND: Final = 32
"""Bytes on either side of a difference that a message shows."""


class Signature:
    """One ds:Signature of a message, read once."""

    def __init__(self, envelope: Envelope, element: etree._Element) -> None:
        self.envelope = envelope
        self.element = element
        self.signed_info = markup.child(element, "ds:SignedInfo")
        method = markup.child(self.signed_info, "ds:CanonicalizationMethod")
        self.canonicalization = method.get("Algorithm", "") if method is not None else ""
        self.prefixes = _prefix_list(method)
        method = markup.child(self.signed_info, "ds:SignatureMethod")
        self.method = method.get("Algorithm", "") if method is not None else ""
        self.truncated = markup.child(method, "ds:HMACOutputLength") is not None
        self.value = markup.binary(markup.child(element, "ds:SignatureValue"))
        self.key_info = markup.child(element, "ds:KeyInfo", "o:SecurityTokenReference")
        everything = markup.children(self.signed_info, "ds:Reference")
        self.elements = everything[:MAX_REFERENCES]
        self.count = len(everything)
        self.by_id: dict[str, list[etree._Element]] = {}
        """Every element of the message that has an id, by that id."""
        for identified in envelope.root.iter(etree.Element):
            for name, value in identified.items():
                if str(name).rpartition("}")[2] in _ID_ATTRIBUTES:
                    self.by_id.setdefault(str(value), []).append(identified)
        self.hashed = b""
        """The bytes that the signature value is over instead of `canonical`, when they came to light."""
        self.targets: list[etree._Element] = []
        self.references: tuple[ReferenceFacts, ...] = ()
        self.canonical = _canonical(self.signed_info, self.canonicalization, self.prefixes)

    def where(self, *path: str) -> str:
        """Return the path of something inside the Signature."""
        return "/".join((f"{SECURITY}/ds:Signature", *path))

    def place(self, reference: etree._Element) -> str:
        """Return the path of one of its references."""
        return self.where("ds:SignedInfo", f"ds:Reference[@URI={reference.get('URI', '')!r}]")

    @property
    def indented(self) -> bool:
        """Whether there is white space between the children of SignedInfo."""
        parts = [] if self.signed_info is None else list(self.signed_info)
        between = [part.tail for part in parts]
        if self.signed_info is not None and parts:
            between.append(self.signed_info.text)
        return any(text and not text.strip() for text in between)

    @property
    def sound(self) -> bool:
        """Whether every reference was resolved and its digest is that of the element as it arrived."""
        return self.count == len(self.references) and all(reference.holds for reference in self.references)

    def judge_references(self, notes: Notes, *, intact: bool = False) -> None:
        """Resolve every reference, compare its digest, and keep what was found.

        Args:
            notes: where to note it.
            intact: whether the signature value holds, so that the digests are those that were signed.
        """
        if self.count > MAX_REFERENCES:
            notes.hold(
                "security.reference_unresolved",
                False,
                "the signature has more references than anybody follows",
                expected=f"at most {MAX_REFERENCES}",
                actual=str(self.count),
                where=self.where("ds:SignedInfo"),
            )
        facts = (self._judge_reference(notes, reference, intact) for reference in self.elements)
        self.references = tuple(resolved for resolved in facts if resolved is not None)

    def _judge_reference(
        self, notes: Notes, reference: etree._Element, intact: bool
    ) -> ReferenceFacts | None:
        uri = reference.get("URI", "")
        place = self.place(reference)
        found = self.by_id.get(uri[1:], []) if uri.startswith("#") and len(uri) > 1 else []
        if not notes.hold(
            "security.reference_unresolved",
            bool(found),
            f"the reference {uri!r} points at nothing in the message",
            expected="# and the id of one element",
            actual=uri,
            where=place,
        ):
            return None
        notes.hold(
            "security.reference_ambiguous",
            len(found) == 1,
            f"the id {uri[1:]!r} occurs {len(found)} times",
            expected="an id that occurs once",
            actual=lambda: places(found),
            where=place,
            hint="two parts with one id are how a signed part is replaced without being noticed",
        )
        self.targets.append(found[0])
        return self._judge_digest(notes, reference, found[0], place, intact)

    def _judge_digest(
        self, notes: Notes, reference: etree._Element, target: etree._Element, place: str, intact: bool
    ) -> ReferenceFacts:
        transforms = markup.children(markup.child(reference, "ds:Transforms"), "ds:Transform")
        # Without any transform, an element is canonicalised inclusively (XML Signature, 4.4.3.2).
        last = transforms[-1] if transforms else None
        form = last.get("Algorithm", "") if last is not None else names.INCLUSIVE_C14N
        prefixes = _prefix_list(last)
        if prefixes:
            notes.remark("security.inclusive_prefixes", actual=" ".join(prefixes), where=place)
        method = markup.child(reference, "ds:DigestMethod")
        algorithm = method.get("Algorithm", "") if method is not None else ""
        canonical = _canonical(target, form, prefixes)
        stated = markup.binary(markup.child(reference, "ds:DigestValue")) or b""
        actual = digest(algorithm, canonical)
        explanation = diagnosis.Explanation()
        if actual and actual != stated:
            explanation = diagnosis.digest_cause(
                target,
                stated,
                algorithm=algorithm,
                prefixes=prefixes,
                neighbours=(markup.children(self.envelope.security) + markup.children(self.envelope.header))[
                    :_MOST_NEIGHBOURS
                ],
                addresses=(*_addresses(self.envelope), *PUBLISHED_HOSTS),
            )
            if not explanation.cause and stated:
                explanation = diagnosis.Explanation(_changed(target, intact))
        if actual:
            notes.hold(
                "security.digest_mismatch",
                actual == stated,
                lambda: f"the digest of {markup.local_name(target)} is not that of the element as it arrived",
                expected=lambda: (
                    f"{b64encode(actual).decode()} over {len(canonical)} bytes: {shown(canonical)}"
                ),
                actual=lambda: (
                    (b64encode(stated).decode() or "no base64")
                    + difference(canonical, explanation.hashed, "the digest")
                ),
                where=place,
                hint=explanation.cause,
                octets=lambda: octets(canonical),
            )
        return ReferenceFacts(
            uri=reference.get("URI", ""),
            where=markup.where(target),
            algorithm=algorithm,
            canonical=canonical,
            stated=stated,
            actual=actual,
            cause=explanation.cause,
            hashed=explanation.hashed if actual != stated else b"",
        )


def judge_algorithms(
    notes: Notes, signed: Signature, methods: Sequence[str], digests: Mapping[str, str], who: str
) -> None:
    """Judge the named algorithms; `digests` has the right digest method for each signature method.

    Digests that follow a wrong signature method, and transforms that follow a wrong canonicalisation, are
    told with it: they are one mistake, made in one place of a client's configuration.
    """
    found = [_digest_method(reference) for reference in signed.elements]
    wanted = digests.get(signed.method, digests[methods[0]])
    other = next((suite for suite in (S007_V13, S007_V12) if suite.signature == signed.method), None)
    of_another = (
        signed.method not in methods
        and methods[0] in (S007_V13.signature, S007_V12.signature)
        and other is not None
        and other.digest != wanted
        and set(found) == {other.digest}
    )
    notes.hold(
        "security.algorithm_signature",
        signed.method in methods and not signed.truncated,
        "the HMAC is truncated" if signed.truncated else "the signature method is not the one asked for",
        expected=lambda: (
            " or ".join(map(short, methods))
            + (f", with {short(wanted)} for every digest" if of_another else "")
        ),
        actual=lambda: (
            (short(signed.method) or "none")
            + (f", with {short(found[0])} for every digest" if of_another else "")
        ),
        where=signed.where("ds:SignedInfo", "ds:SignatureMethod"),
        hint=lambda: _method_cause(signed.method, methods, of_another),
    )
    for reference, method in zip(signed.elements, found, strict=True):
        # A signature method that is wrong has been told; digests are then held to the first that is right.
        notes.hold(
            "security.algorithm_digest",
            method == wanted or of_another,
            "a digest method is not the one asked for",
            expected=f"{short(wanted)}, for {who}",
            actual=short(method) or "none",
            where=f"{signed.place(reference)}/ds:DigestMethod",
        )
    _judge_canonicalization(notes, signed)


def _judge_canonicalization(notes: Notes, signed: Signature) -> None:
    forms = [
        tuple(
            transform.get("Algorithm", "")
            for transform in markup.children(markup.child(reference, "ds:Transforms"), "ds:Transform")
        )
        for reference in signed.elements
    ]
    wrong = signed.canonicalization != names.EXCLUSIVE_C14N
    everywhere = wrong and set(forms) == {(signed.canonicalization,)}
    for reference, form in zip(signed.elements, forms, strict=True):
        notes.hold(
            "security.algorithm_transform",
            form == (names.EXCLUSIVE_C14N,) or everywhere,
            "a reference has other transforms than the exclusive canonicalisation",
            expected=short(names.EXCLUSIVE_C14N),
            actual=", ".join(map(short, form)) or "none",
            where=f"{signed.place(reference)}/ds:Transforms",
        )
    what = "SignedInfo and what it refers to are" if everywhere else "SignedInfo is"
    notes.hold(
        "security.algorithm_canonicalization",
        not wrong,
        f"{what} not canonicalised exclusively",
        expected=short(names.EXCLUSIVE_C14N),
        actual=short(signed.canonicalization) or "none",
        where=signed.where("ds:SignedInfo", "ds:CanonicalizationMethod"),
        hint="libraries begin with the inclusive form; set the exclusive one for SignedInfo and references",
    )
    if signed.prefixes:
        notes.remark(
            "security.inclusive_prefixes",
            actual=" ".join(signed.prefixes),
            where=signed.where("ds:SignedInfo", "ds:CanonicalizationMethod"),
        )


def _digest_method(reference: etree._Element) -> str:
    method = markup.child(reference, "ds:DigestMethod")
    return method.get("Algorithm", "") if method is not None else ""


def _method_cause(found: str, methods: Sequence[str], of_another: bool) -> str:
    if of_another:
        older = found == names.RSA_SHA1
        return f"these are the algorithms of endpoint {'v1.2' if older else 'v1.3'}: " + (
            "configure SHA-256 for this one" if older else "that is where to send the message"
        )
    if found == names.RSA_SHA1 and names.RSA_SHA256 in methods:
        return "Metro signs with rsa-sha1 under every suite; for endpoint v1.3 it needs the ATO's patch"
    if found in (names.RSA_SHA1, names.RSA_SHA256) and names.HMAC_SHA1 in methods:
        return "the credential's key signed where the proof key of the token must"
    return ""


def judge_coverage(
    notes: Notes,
    signed: Signature,
    timestamp: etree._Element | None,
    further: Mapping[str, set[etree._Element]],
) -> bool:
    """Judge whether the signature covers what the service acts upon; tell whether it covers the Timestamp."""
    acted_upon: dict[str, set[etree._Element]] = {
        "timestamp": set() if timestamp is None else {timestamp},
        **further,
    }
    covered = False
    known: set[etree._Element] = set()
    relocated = []
    for part, elements in acted_upon.items():
        known |= elements
        if not elements:
            relocated += [target for target in signed.targets if target.tag == _ACTED_UPON[part]]
            continue
        # Every one of them, so that a second To beside the signed one does not pass.
        holds = elements <= set(signed.targets)
        covered |= holds and part == "timestamp"
        example = next(iter(elements))
        elsewhere = [t for t in signed.targets if t.tag == example.tag and t not in elements]
        relocated += elsewhere
        _note_coverage(notes, f"security.{part}_unsigned", holds, signed, example, bool(elsewhere))
    notes.hold(
        "security.relocated",
        not relocated,
        "what is signed is not the header that the service acts upon, but an element of that name elsewhere",
        expected="the header itself",
        actual=lambda: ", ".join(map(markup.where, relocated)),
        where=signed.where("ds:SignedInfo"),
    )
    more = [target for target in signed.targets if target not in known and target not in relocated]
    if more:
        notes.remark(
            "security.signed_more",
            actual=", ".join(map(markup.where, more)),
            where=signed.where("ds:SignedInfo"),
        )
    return covered


def _note_coverage(
    notes: Notes, code: str, holds: bool, signed: Signature, part: etree._Element, elsewhere: bool
) -> None:
    notes.hold(
        code,
        holds,
        lambda: f"the signature does not cover the {markup.local_name(part)} header",
        expected=lambda: f"a Reference to {markup.where(part)}",
        actual=lambda: ", ".join(reference.uri for reference in signed.references) or "no reference at all",
        where=signed.where("ds:SignedInfo"),
        hint=lambda: _coverage_cause(signed, part, elsewhere),
    )


def _coverage_cause(signed: Signature, part: etree._Element, elsewhere: bool) -> str:
    name = markup.local_name(part)
    if elsewhere:
        return "a signed element of that name lies elsewhere in the message"
    if signed.count > len(signed.references):
        return "this follows from the reference that points at nothing"
    identifier = part.get(names.tag("u:Id"), "")
    if len(signed.by_id.get(identifier, [])) > 1:
        return f"this follows from the id {identifier!r}, which occurs more than once"
    if not identifier:
        return f"{name} has no wsu:Id, so that no reference can point at it: give it one, and sign it"
    return f"{name} has a wsu:Id, but SignedInfo has no reference to it"


def _canonical(element: etree._Element | None, form: str, prefixes: tuple[str, ...]) -> bytes:
    """Return the canonical form that a message names; the exclusive one for a name that we do not know."""
    if element is None:
        return b""
    if form == names.INCLUSIVE_C14N:
        return markup.inclusive_canonical(element)
    return markup.canonical(element, inclusive_prefixes=prefixes)


def _prefix_list(method: etree._Element | None) -> tuple[str, ...]:
    listed = markup.child(method, "ec:InclusiveNamespaces")
    return tuple(listed.get("PrefixList", "").split()) if listed is not None else ()


def _addresses(envelope: Envelope) -> tuple[str, ...]:
    """Return the addresses that the Body names; a To that held one of them was taken from there."""
    tag = names.tag("a:Address")
    found = (markup.text(element) for element in itertools.islice(envelope.body.iter(tag), MAX_REFERENCES))
    return tuple(text for text in found if text.startswith(("http://", "https://")))


def _changed(target: etree._Element, intact: bool) -> str:
    name = markup.local_name(target)
    if not intact:
        return f"{name} was changed after it was hashed, or other bytes were hashed"
    found = f"the signature holds, so {name} was changed after it was signed, or other bytes were hashed"
    if target.tag == names.tag("a:To"):
        return f"{found}; whoever sends the message on must not rewrite its address"
    return found


def difference(ours: bytes, theirs: bytes, what: str) -> str:
    """Return where the bytes that the sender hashed leave ours, as the end of a sentence; often empty.

    Args:
        ours: canonical form of what arrived.
        theirs: what the sender hashed; empty when nobody knows.
        what: what was made of them, for the sentence.
    """
    at = first_difference(ours, theirs) if theirs else None
    if at is None:
        return ""
    begin = max(0, at - _AROUND)
    excerpts = [masked(data)[begin : at + _AROUND].decode("utf-8", "replace") for data in (ours, theirs)]
    return (
        f"; {what} of {len(theirs)} other bytes, different from byte {at} on: "
        f"expected …{excerpts[0]}…, hashed …{excerpts[1]}…"
    )


def places(elements: Sequence[etree._Element]) -> str:
    """Return the paths of elements, of many the first ones."""
    shown = [markup.where(element) for element in elements[:_MOST_PLACES]]
    if len(elements) > _MOST_PLACES:
        shown.append(f"and {len(elements) - _MOST_PLACES} more")
    return ", ".join(shown)


def masked(data: bytes) -> bytes:
    """Return canonical bytes with every secret in them overwritten by asterisks, no byte moved."""
    return _SECRET.sub(lambda match: match[1] + b"*" * len(match[3]), data)


def octets(data: bytes) -> str:
    """Return canonical bytes as a finding carries them: base64, secrets overwritten, the first of many."""
    return b64encode(masked(data)[:MAX_OCTETS]).decode()


def shown(data: bytes) -> str:
    """Return canonical bytes as text for a message: cut to a size, and without secrets."""
    text = _SECRET.sub(rb"\1(hidden)", data).decode("utf-8", "replace")
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
