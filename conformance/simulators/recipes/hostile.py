"""Hostile stores: files that reach for something outside themselves, that swell, or that forge what is told.

They are made when they are needed and are no vectors: they name files, ports and folders of one run, or are
too large to be kept.  Every one is a healthy store in which one thing was written otherwise.
"""

import base64
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from conformance.errors import KitError
from conformance.protocol.keystore import NAMESPACE, Store, write
from conformance.simulators.authority import MachineCredential, published_key
from conformance.simulators.recipes.steps import HEAD, replaced
from conformance.simulators.stores import PASSWORD, derived_salt, make_entry, seal

MARK: Final = "EVTE-marked-3f9c41d07be2"
"""The text of a file that no product has a reason to read."""

LINE: Final = "EVTE-forged-line-8c15e2"
"""What follows a control character in a value: where the two appear together, a line was forged."""

_PUBLIC_EXPONENT: Final = 65537


@dataclass(frozen=True)
class Trap:
    """A hostile store, and what lies beside it as bait."""

    data: bytes
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Name of each file and its content, for the store's own folder."""
    opens_if_taken: bool = False
    """Whether the store is complete, and opens, exactly when the bait was taken."""


# --- making ---------------------------------------------------------------------------------------


def store_of(credential: MachineCredential, *, password: str = PASSWORD, **fields: Any) -> bytes:  # noqa: ANN401 - fields of keystore.Credential
    """Return a store with one credential, its integrity value right for the changed fields.

    Args:
        credential: whose it is.
        password: of its key.
        **fields: fields of `keystore.Credential` that are to be something else.
    """
    entry = seal(replace(make_entry(credential, password=password), **fields))
    return write(Store(salt=derived_salt("store", 20), credentials=(entry,)))


def fresh_credential(like: MachineCredential) -> MachineCredential:
    """Return a credential with a key that nobody has had before.

    What is found of such a key anywhere on a machine was left there in this run: the published test keys may
    be in use next door.
    """
    key = rsa.generate_private_key(_PUBLIC_EXPONENT, 2048)
    old = like.certificate
    builder = x509.CertificateBuilder(
        issuer_name=old.issuer,
        subject_name=old.subject,
        public_key=key.public_key(),
        serial_number=old.serial_number ^ 1,
        not_valid_before=old.not_valid_before_utc,
        not_valid_after=old.not_valid_after_utc,
    )
    for extension in old.extensions:
        value = extension.value
        if isinstance(value, x509.SubjectKeyIdentifier):
            value = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        builder = builder.add_extension(value, critical=extension.critical)
    certificate = builder.sign(published_key("sub"), hashes.SHA256())
    return replace(like, certificate=certificate, chain=(certificate, *like.chain[1:]), key=key)


def declared(data: bytes, subset: str = "", *, system: str = "") -> bytes:
    """Return the store with a document type declaration: internal subset, external address, or both."""
    outside = f' SYSTEM "{system}"' if system else ""
    inside = f" [\n{subset}\n]" if subset else ""
    declaration = f"<!DOCTYPE credentialStore{outside}{inside}>\n".replace("\\", r"\\")
    return replaced(HEAD, rf"\1{declaration}")(data)


def with_content(data: bytes, element: str, markup: str) -> bytes:
    """Return the store with the content of an element, in its first credential, written as given."""
    written = markup.replace("\\", r"\\")
    return replaced(rf"<{element}(?:/>|>[^<]*</{element}>)", f"<{element}>{written}</{element}>")(data)


def _content(data: bytes, element: str) -> str:
    match = re.search(f"<{element}>([^<]*)</{element}>".encode(), data)
    if match is None:
        raise KitError("a hostile store is made from one that lacks an element", found=element)
    return match[1].decode()


# --- entities that name something outside ---------------------------------------------------------


FILE_ENTITIES: Final = (
    "the-name-by-its-address",
    "the-legal-name-by-a-relative-path",
    "the-key-by-its-address",
    "a-parameter-entity",
    "an-external-subset",
)
CALLED_ADDRESSES: Final = ("an-external-subset", "an-entity", "a-parameter-entity", "a-schema-location")


def file_entity(way: str, credential: MachineCredential, folder: str) -> Trap:
    """Return a store with an entity that names a local file.

    Args:
        way: one of `FILE_ENTITIES`.
        credential: whose it is.
        folder: where the bait will lie, as a `file:` address without a slash at its end.
    """
    healthy = store_of(credential)
    sealed = store_of(credential, legal_name=MARK)
    key = _content(healthy, "protectedPrivateKey")
    by_entity = with_content(healthy, "protectedPrivateKey", "&bait;")
    text = {"marked.txt": MARK.encode()}
    more = {"more.dtd": f'<!ENTITY bait "{key}">'.encode()}
    traps = {
        "the-name-by-its-address": Trap(
            declared(
                with_content(healthy, "name1", "&bait;"), f'<!ENTITY bait SYSTEM "{folder}/marked.txt">'
            ),
            text,
        ),
        "the-legal-name-by-a-relative-path": Trap(
            declared(with_content(sealed, "legalName", "&bait;"), '<!ENTITY bait SYSTEM "marked.txt">'), text
        ),
        "the-key-by-its-address": Trap(
            declared(by_entity, f'<!ENTITY bait SYSTEM "{folder}/key.txt">'),
            {"key.txt": key.encode()},
            opens_if_taken=True,
        ),
        "a-parameter-entity": Trap(
            declared(by_entity, f'<!ENTITY % more SYSTEM "{folder}/more.dtd">\n%more;'),
            more,
            opens_if_taken=True,
        ),
        "an-external-subset": Trap(
            declared(by_entity, system=f"{folder}/more.dtd"), more, opens_if_taken=True
        ),
    }
    return traps[way]


def called_address(way: str, credential: MachineCredential, address: str) -> bytes:
    """Return a store that names an address on the network.

    Args:
        way: one of `CALLED_ADDRESSES`.
        credential: whose it is.
        address: `http://…` without a path.
    """
    healthy = store_of(credential)
    hint = (
        f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="{NAMESPACE} {address}/s"'
    )
    stores = {
        "an-external-subset": declared(healthy, system=f"{address}/store.dtd"),
        "an-entity": declared(
            with_content(healthy, "legalName", "&bait;"), f'<!ENTITY bait SYSTEM "{address}/name.txt">'
        ),
        "a-parameter-entity": declared(healthy, f'<!ENTITY % bait SYSTEM "{address}/store.dtd">\n%bait;'),
        "a-schema-location": replaced("<credentialStore", f"<credentialStore{hint}")(healthy),
    }
    return stores[way]


# --- inclusions and instructions ------------------------------------------------------------------


INCLUSIONS: Final = ("a-text-as-the-name", "a-text-as-the-key", "something-from-the-network")
INSTRUCTIONS: Final = ("a-style-sheet", "a-model", "program-text")


def inclusion(way: str, credential: MachineCredential, folder: str, address: str) -> Trap:
    """Return a store that asks for something to be included.

    Args:
        way: one of `INCLUSIONS`.
        credential: whose it is.
        folder: where the bait will lie, as a `file:` address without a slash at its end.
        address: `http://…` without a path.
    """
    healthy = store_of(credential)
    key = _content(healthy, "protectedPrivateKey")

    def include(href: str, how: str = ' parse="text"') -> str:
        return f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{href}"{how}/>'

    traps = {
        "a-text-as-the-name": Trap(
            with_content(healthy, "name1", include(f"{folder}/marked.txt")), {"marked.txt": MARK.encode()}
        ),
        "a-text-as-the-key": Trap(
            with_content(healthy, "protectedPrivateKey", include("key.txt")),
            {"key.txt": key.encode()},
            opens_if_taken=True,
        ),
        "something-from-the-network": Trap(
            with_content(healthy, "legalName", include(f"{address}/name.xml", "")), {}
        ),
    }
    return traps[way]


def instruction(way: str, credential: MachineCredential, address: str) -> bytes:
    """Return a store with a processing instruction in it, one of `INSTRUCTIONS`; arguments as above."""
    healthy = store_of(credential)
    sheet = f'<?xml-stylesheet type="text/xsl" href="{address}/store.xsl"?>'
    model = f'<?xml-model href="{address}/store.rnc"?>'
    stores = {
        "a-style-sheet": replaced(HEAD, rf"\1{sheet}\n")(healthy),
        "a-model": replaced(HEAD, rf"\1{model}\n")(healthy),
        "program-text": with_content(healthy, "name2", f'<?php echo "{MARK}"; ?>'),
    }
    return stores[way]


# --- stores that swell ----------------------------------------------------------------------------


def _laughs(levels: int, width: int) -> str:
    """Return declarations in which each entity is `width` times the one before; the last is `bait`."""
    names = [f"e{level}" for level in range(levels - 1)] + ["bait"]
    lines = [f'<!ENTITY {names[0]} "laugh">']
    for before, name in itertools.pairwise(names):
        lines.append(f'<!ENTITY {name} "' + f"&{before};" * width + '">')
    return "\n".join(lines)


def _parameter_laughs(levels: int) -> str:
    """Return parameter entities of which each is twice the one before, and the call of the last."""
    lines = ["<!ENTITY % p0 '<!ENTITY &#37; x \"laugh\">'>"]
    lines += [f"<!ENTITY % p{level} '&#37;p{level - 1};&#37;p{level - 1};'>" for level in range(1, levels)]
    return "\n".join((*lines, f"%p{levels - 1};"))


ENTITY_BOMBS: Final = ("thousands", "billions", "parameters")


def entity_bomb(size: str, credential: MachineCredential) -> bytes:
    """Return a store whose entities expand to far more than they are.

    Args:
        size: one of `ENTITY_BOMBS`.
        credential: whose it is.
    """
    healthy = store_of(credential)
    if size == "parameters":
        return declared(healthy, _parameter_laughs(40))
    by_entity = with_content(healthy, "legalName", "&bait;")
    return declared(by_entity, _laughs({"thousands": 4, "billions": 10}[size], 10))


def swollen(shape: str, credential: MachineCredential) -> Iterator[bytes]:
    """Give, piece by piece, a store that is huge, deep, or quadratic to expand.

    Args:
        shape: one of `SWOLLEN`.
        credential: whose it is.
    """
    return _SHAPES[shape](store_of(credential))


def _quadratic(healthy: bytes) -> Iterator[bytes]:
    """One entity of 100 KB, a thousand times: 100 MB from a file of 110 KB."""
    yield declared(with_content(healthy, "legalName", "&bait;" * 1000), f'<!ENTITY bait "{"a" * 100_000}">')


def _deep(healthy: bytes) -> Iterator[bytes]:
    """Elements within elements, in the place where the schema allows anything."""
    head, end = _around(healthy, b"</credentialStore>")
    yield head + b"<storeExtensions>" + b"<e>" * 10_000 + b"</e>" * 10_000 + b"</storeExtensions>" + end


def _wide(healthy: bytes) -> Iterator[bytes]:
    """An attribute that nobody knows, of 50 MB."""
    head, end = _around(healthy, b"<credential ")
    yield head + b'<credential note="'
    for _ in range(50):
        yield b"A" * 1_000_000
    yield b'" ' + end.removeprefix(b"<credential ")


def _many(healthy: bytes) -> Iterator[bytes]:
    """The one that is asked for behind a hundred thousand that are too short to be any."""
    head, end = _around(healthy, b"    <credential ")
    tiny = base64.b64encode(b"tiny").decode()
    for start in range(0, 100_000, 10_000):
        yield (head if not start else b"") + "".join(
            f'<credential id="ABRD:11000002568_EVTE{number}" credentialType="D" integrityValue="{tiny}">'
            f"<name1>EVTE{number}</name1><name2/><abn>11000002568</abn><legalName>EVTE</legalName><personId/>"
            f"<serialNumber>{number + 1}</serialNumber><creationDate>2026-01-01T00:00:00</creationDate>"
            "<notBefore>2026-01-01T00:00:00Z</notBefore><notAfter>2028-01-01T00:00:00Z</notAfter>"
            f"<sha1fingerprint>{tiny}</sha1fingerprint><publicCertificate>{tiny}</publicCertificate>"
            f"<protectedPrivateKey>{tiny}</protectedPrivateKey></credential>\n"
            for number in range(start, start + 10_000)
        ).encode()
    yield end


def _around(data: bytes, mark: bytes) -> tuple[bytes, bytes]:
    at = data.index(mark)
    return data[:at], data[at:]


_SHAPES: Final[Mapping[str, Callable[[bytes], Iterator[bytes]]]] = {
    "quadratic-blow-up": _quadratic,
    "ten-thousand-levels": _deep,
    "an-attribute-of-50-megabytes": _wide,
    "a-hundred-thousand-credentials": _many,
}
SWOLLEN: Final = tuple(_SHAPES)


# --- values that forge ----------------------------------------------------------------------------

CONTROLS: Final[Mapping[str, str]] = {
    "a-line-feed": "\n",
    "a-carriage-return": "\r",
    "a-terminal-sequence": "\x9b",
}
"""Control characters that XML 1.0 lets into a value.  Of terminal sequences it is the one-character
introducer."""

ESCAPE: Final = "\x1b[31m"
"""A terminal sequence that XML 1.0 does not let in; it can stand in an id that is asked for, or in a broken
file."""

FORGERIES: Final = (
    *((place, control) for place in ("legal-name", "name", "id") for control in CONTROLS),
    *(("asked-id", control) for control in (*CONTROLS, "an-escape-sequence")),
    ("broken-name", "an-escape-sequence"),
)
"""Where a control character stands, and which one."""


def forgery(place: str, control: str, credential: MachineCredential) -> tuple[bytes, str]:
    """Return a store, and the id to ask it for, with a control character and `LINE` behind it in one place.

    Args:
        place: first of a pair in `FORGERIES`.
        control: second of it.
        credential: whose the store is.
    """
    forged = f"{credential.alias}{CONTROLS.get(control, ESCAPE)}{LINE}"
    healthy = store_of(credential)
    match place:
        case "asked-id":
            return healthy, forged
        case "id":
            return store_of(credential, id=forged), forged
        case "legal-name":
            return store_of(credential, legal_name=forged), credential.alias
        case "name":
            return store_of(credential, name1=forged), credential.alias
        case _:
            return healthy.replace(b"<name1>", f"<name1>{ESCAPE}{LINE}".encode()), credential.alias


PATHS: Final = ("..", "back-slashes", "drive", "share", "absolute", "device", "control")
"""Kinds of id that would be another path, see `path_like_id`."""


def path_like_id(kind: str, token: str, folder: str) -> str:
    """Return an id that, used as part of a path, leads elsewhere.

    Args:
        kind: one of `PATHS`.
        token: stands in every such id, so that what came of it is recognised by its name.
        folder: an absolute path that may be written to.
    """
    return {
        "..": f"../../{token}",
        "back-slashes": rf"..\..\{token}",
        "drive": rf"C:\{token}",
        "share": rf"\\127.0.0.1\{token}\store",
        "absolute": f"{folder}/{token}",
        "device": f"{token}/../NUL",
        "control": f"{token}\n\t..\r/{token}",
    }[kind]
