"""Credential stores: every combination of what the schema and the published writers allow.

A store is drawn as a plan, plain data that reads well in a report, and made when an authority is at hand,
since certificates need a moment.  Keys are the published test keys and certificates are kept, so that making
a store costs a few milliseconds.
"""

import functools
import string
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.protocol.keystore import STYLES, Credential, Store
from conformance.simulators.authority import Authority, LeafProfile, MachineCredential
from conformance.simulators.recipes import BUNDLES, MACHINE_1, MACHINE_2, Holder, Prepared
from conformance.simulators.stores import GENERATIONS, PASSWORD, derived_salt, make_entry, seal
from conformance.strategies.spelling import EXTENSION, Spelling, spellings

HOLDERS: Final = (
    MACHINE_1,
    MACHINE_2,
    Holder(MACHINE_2.abn, MACHINE_1.name, "machine-3"),
    Holder(MACHINE_1.abn, "EVTE Campus 153", "machine-4"),
    Holder("96312011219", "O'Brien & Sons Training", "machine-2"),
    Holder("12300000059", 'R&D <Test> "Quoted"', "machine-3"),
    Holder("96312011219", "x", "machine-4"),
    Holder("12300000059", "A-very.long_name " + "0123456789" * 4 + " to64ch", "machine-1"),
    Holder(MACHINE_2.abn, "semi;colon, comma/slash\\back [1] {2} %41 $HOME #", "machine-2"),
)
"""Whose credentials come up: ABNs of the published test accounts, made-up names; one name under two ABNs."""

_LEGAL_NAMES: Final = (
    "EVTE Campus 153 Pty Ltd",
    "O'Brien & Sons",
    "Universit\u00e4t \u014ct\u0101huhu",
    "\u5927\u5b66 \u041c\u0418\u0420 \u0639\u0644\u0645",
    "e\u0301cole",  # decomposed, to be left so
    "\U0001f393 Academy",
    '<tag> "quoted" ]]> &amp;',
)

_PUNCTUATION: Final = string.punctuation

# What configuration files, shells, URLs, templates and XML make of a password.
_SPECIAL_PASSWORDS: Final = (
    PASSWORD,
    "Passw%6Frd1!",
    "Password1+%2B",
    "Pa$$word$HOME1",
    "Pa${word}1{0}%s",
    "Pass&amp;word1",
    "Pass<word>1\"'`",
    "Pass\\nword\\1",
    "#Password=1;:,",
    "~" * 7 + "aA1",
    "Aa1" + "!" * 29,  # with its terminator more than one block of the derivation
    "Aa1" + "!" * 61,
)


def holders() -> SearchStrategy[Holder]:
    """Holders of machine credentials: an ABN, a name of up to 64 printable ASCII characters, a test key."""
    return st.sampled_from(HOLDERS)


def passwords(*, longest: int = 64) -> SearchStrategy[str]:
    """Passwords that the official tools let people set.

    At least ten printable ASCII characters without a blank, among them an upper-case and a lower-case letter
    and a digit or punctuation mark.

    Args:
        longest: most characters, at least 10.

    Raises:
        ValueError: `longest` is less than 10.
    """
    if longest < 10:
        raise ValueError(f"a password has at least 10 characters, so longest cannot be {longest}")
    printable = "".join(map(chr, range(0x21, 0x7F)))
    drawn = st.builds(
        lambda upper, lower, other, rest: "".join((upper, lower, other, rest)),
        st.sampled_from(string.ascii_uppercase),
        st.sampled_from(string.ascii_lowercase),
        st.sampled_from(string.digits + _PUNCTUATION),
        st.text(printable, min_size=7, max_size=longest - 3),
    )
    return st.sampled_from([each for each in _SPECIAL_PASSWORDS if len(each) <= longest]) | drawn


def legal_names() -> SearchStrategy[str]:
    """Legal names in any script, of characters that XML can hold and leaves as they are."""
    characters = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp"))
    drawn = st.text(characters, min_size=1, max_size=40).filter(lambda text: text == text.strip())
    return st.sampled_from(_LEGAL_NAMES) | drawn


@dataclass(frozen=True)
class StorePlan:
    """A legal store in plain data.  The defaults make the store of the newest published writer."""

    holders: tuple[Holder, ...] = (MACHINE_1,)
    """Whose credentials it holds, in this order; no two have one id."""
    chosen: int = 0
    """Place of the credential that is to be opened."""
    legal_name: str = ""
    """Legal name of every holder; the name of the credential if empty."""
    generation: str = "2025"
    """Of the writer, one of `GENERATIONS`: dates, bundles, salts."""
    bundle: str = ""
    """Form of the certificate bundle, one of `BUNDLES`; the generation's own if empty."""
    salt: bytes | None = None
    """Of every credential; derived from its id, as long as the generation makes it, if None."""
    store_salt_only: bool = False
    """Whether the credentials have no salt, so that the store's stands in."""
    password: str = PASSWORD
    extension: bool = False
    """Whether each credential has an extension element."""
    spelling: Spelling | None = None
    """Instead of the generation's own."""

    @property
    def alias(self) -> str:
        """Id of the credential that is to be opened."""
        return _alias(self.holders[self.chosen])

    def credentials(self, authority: Authority) -> tuple[MachineCredential, ...]:
        """Return what the authority has issued for this store, in its order."""
        profile = GENERATIONS[self.generation].profile
        return tuple(_issued(authority, holder, profile) for holder in self.holders)

    def store(self, authority: Authority) -> Store:
        """Return the store as records."""
        store_salt = derived_salt("store", 20) if self.salt is None else self.salt
        entries = tuple(self._entry(each, store_salt) for each in self.credentials(authority))
        return Store(salt=store_salt, credentials=entries)

    def made(self, authority: Authority) -> Prepared:
        """Return the store as a file, and what is in it."""
        spelling = self.spelling or _own_spelling(self.generation)
        issued = {each.alias: each for each in self.credentials(authority)}
        return Prepared(spelling.write(self.store(authority)), issued)

    def parts(self) -> Iterator["StorePlan"]:
        """Give plans that each have one thing of this one and are plain otherwise.

        A product that opens all of them, but not the whole, stumbles over the combination.
        """
        for names in _DIMENSIONS:
            part = replace(_PLAIN, **{name: getattr(self, name) for name in names})
            if part not in (_PLAIN, self):
                yield part

    def _entry(self, credential: MachineCredential, store_salt: bytes) -> Credential:
        salt = store_salt if self.store_salt_only else self.salt
        entry = _made_entry(credential, self.password, self.generation, self.bundle, salt)
        changes: dict[str, Any] = {}
        if self.legal_name:
            changes["legal_name"] = self.legal_name
        if self.store_salt_only:
            changes["salt"] = None
        if self.extension:
            changes["extensions"] = EXTENSION.encode()
        return seal(replace(entry, **changes), store_salt=store_salt) if changes else entry

    def __repr__(self) -> str:
        """Show what differs from the plain store and nothing else."""
        told = (
            f"{each.name}={getattr(self, each.name)!r}"
            for each in fields(self)
            if getattr(self, each.name) != each.default
        )
        return f"StorePlan({', '.join(told)})"


_PLAIN: Final = StorePlan()
_DIMENSIONS: Final = (
    ("holders", "chosen"),
    ("legal_name",),
    ("generation",),
    ("bundle",),
    ("salt",),
    ("store_salt_only",),
    ("password",),
    ("extension",),
    ("spelling",),
)


def store_plans(*, namesakes: bool = True, unusual: bool = True) -> SearchStrategy[StorePlan]:
    """Legal stores, as plans: one to four credentials, every generation, salts, names, passwords, spellings.

    Args:
        namesakes: whether two businesses may have credentials of one name in one store.
        unusual: take in what no published writer does although the format allows it: salts of 1 to 64 bytes,
            credentials without a salt of their own, extensions, unusual spellings.
    """
    by = _alias if namesakes else lambda holder: holder.name
    optional: dict[str, SearchStrategy[Any]] = {
        "chosen": st.integers(0, 3),
        "legal_name": legal_names(),
        "generation": st.sampled_from(list(GENERATIONS)),
        "bundle": st.sampled_from(list(BUNDLES)),
        "salt": salts() if unusual else st.sampled_from((8, 20)).flatmap(_binary),
        "password": passwords(),
        "spelling": spellings(unusual=unusual),
    }
    if unusual:
        optional |= {"store_salt_only": st.just(True), "extension": st.just(True)}
    held = st.lists(holders(), min_size=1, max_size=4, unique_by=by).map(tuple)
    return st.fixed_dictionaries({"holders": held}, optional=optional).map(_planned)


def _planned(drawn: dict[str, Any]) -> StorePlan:
    chosen = drawn.pop("chosen", 0) % len(drawn["holders"])
    return StorePlan(**drawn, chosen=chosen)


def salts() -> SearchStrategy[bytes]:
    """Salts of 1 to 64 bytes; those of 8 and 20 bytes, as published, come up most."""
    return st.one_of(_binary(8), _binary(20), st.binary(min_size=1, max_size=64), _binary(64))


def _binary(size: int) -> SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


def _alias(holder: Holder) -> str:
    return f"ABRD:{holder.abn}_{holder.name}"


def _own_spelling(generation: str) -> Spelling:
    style = STYLES[GENERATIONS[generation].style]
    return Spelling(
        declaration=style.declaration,
        attributes=style.attributes,
        line_end=style.line_end,
        empty=style.empty,
        namespaces=style.namespaces,
    )


@functools.lru_cache(maxsize=512)
def _made_entry(
    credential: MachineCredential, password: str, generation: str, bundle: str, salt: bytes | None
) -> Credential:
    writer = GENERATIONS[generation]
    if bundle:
        writer = replace(writer, **BUNDLES[bundle])
    return make_entry(credential, password=password, generation=writer, salt=salt)


@functools.lru_cache(maxsize=256)
def _issued(authority: Authority, holder: Holder, profile: LeafProfile) -> MachineCredential:
    return authority.machine_credential(abn=holder.abn, name=holder.name, key=holder.key, profile=profile)
