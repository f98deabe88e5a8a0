"""Reads `evte.toml`: every key, its type and its bounds, before anything starts.

A misspelt key is refused rather than passed over: a plan whose `waivers` is written `waiver` would fail
in CI for a reason that nobody finds.
"""

import re
from pathlib import Path
from typing import Final

from conformance import catalogue
from conformance.adapters.contract import MARKERS, METHODS
from conformance.errors import OperatorError
from conformance.model import Deployment, Environment, Registration
from conformance.plan.document import Table, shown
from conformance.plan.document import read as read_document
from conformance.plan.records import OwnKeystore, Plan, Signing
from conformance.protocol import abn
from conformance.protocol.operations import OPERATIONS
from conformance.verdict import Gate

KEYS: Final = (
    "iut", "profile", "out", "seed", "examples", "deadline", "strict", "plain", "pdf", "capabilities",
    "waivers", "attestations", "baseline", "history", "gate", "keystore", "signing", "registration",
)  # fmt: skip
KEYSTORE_KEYS: Final = ("file", "alias", "password_env", "trust", "org_code")
SIGNING_KEYS: Final = ("key", "certificate", "password_env")
REGISTRATION_KEYS: Final = Registration.__struct_fields__

CAPABILITIES: Final = (*(name for name in METHODS if name != "initialize" and name != "shutdown"), *MARKERS)
"""What a harness may declare: methods, and markers."""

OWN_CREDENTIAL: Final = "credential"
"""The key of `[signing]` that stands for the credential of `[keystore]`."""

_SOFTWARE_ID: Final = re.compile(r"[0-9]{10}")
_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_DIGIT: Final = re.compile(r"[0-9]")


def read(path: Path) -> Plan:
    """Return the plan of a file; relative paths in it start from its folder.

    Only the plan itself is looked at: whether the files exist that it names is for whoever reads them.

    Raises:
        OperatorError: the file cannot be read, or something in it is wrong; with file and line.
    """
    root = read_document(path, "the plan").root
    root.refuse_unknown(KEYS)
    profile = root.text("profile")
    if profile:
        _known_profile(root, profile)
    return Plan(
        path=path,
        iut=root.text("iut"),
        profile=profile,
        out=root.path("out"),
        seed=root.whole("seed", least=-(2**63)),
        examples=root.whole("examples", least=1),
        deadline_s=root.seconds("deadline"),
        strict=root.switch("strict"),
        plain=root.switch("plain"),
        pdf=root.switch("pdf"),
        capabilities=(
            root.known_texts("capabilities", CAPABILITIES, "capability") if "capabilities" in root else None
        ),
        waivers=root.path("waivers"),
        attestations=root.path("attestations"),
        baseline=root.path("baseline"),
        history=root.path("history"),
        gate=root.choice("gate", Gate),
        keystore=_keystore(root.table("keystore")),
        signing=_signing(root.table("signing"), root),
        registration=_registration(root.table("registration")),
        where=root.document.where,
    )


def _known_profile(root: Table, name: str) -> None:
    try:
        catalogue.profile(name)
    except OperatorError as error:
        error.where = root.where("profile")
        raise


def _keystore(table: Table | None) -> OwnKeystore | None:
    if table is None:
        return None
    table.refuse_unknown(KEYSTORE_KEYS)
    file = table.path("file")
    alias, password_env = table.text("alias"), table.text("password_env")
    for name, value in (("file", file), ("alias", alias), ("password_env", password_env)):
        if not value:
            raise table.wrong(
                name if name in table else None,
                f"{name} is missing in {table.name}",
                expected="file, alias and password_env",
                advice="fill it in, or leave the table out to use a credential that the kit makes",
            )
    assert file is not None  # noqa: S101 - seen above; for the type checker
    return OwnKeystore(
        file=file,
        alias=alias,
        password_env=password_env,
        trust=table.paths("trust"),
        org_code=table.text("org_code"),
    )


def _signing(table: Table | None, root: Table) -> Signing | None:
    if table is None:
        return None
    table.refuse_unknown(SIGNING_KEYS)
    named = table.text("key", default=None)
    if not named:
        raise table.wrong(
            "key", "key is empty in [signing]", expected='key = "credential", or the PEM file of a key'
        )
    if named != OWN_CREDENTIAL:
        return Signing(
            key=table.path("key"),
            certificate=table.path("certificate"),
            password_env=table.text("password_env"),
        )
    if "keystore" not in root:
        raise table.wrong(
            "key",
            "the manifest cannot be signed with a credential that is not given",
            expected="the table [keystore]",
            advice="add it, or name the PEM file of another key",
        )
    for name in ("certificate", "password_env"):
        if table.text(name):
            raise table.wrong(
                name,
                f"{name} of [signing] would change nothing",
                expected=f"nothing beside `key = {OWN_CREDENTIAL!r}`",
                advice="leave it out; the credential has both in [keystore]",
            )
    return Signing()


def _registration(table: Table | None) -> Registration | None:
    if table is None:
        return None
    table.refuse_unknown(REGISTRATION_KEYS)
    return Registration(
        organisation=table.text("organisation"),
        abn=_abn(table),
        product=table.text("product"),
        version=table.text("version"),
        deployment=table.choice("deployment", Deployment),
        environments=table.choices("environments", Environment),
        software_id=_formed(table, "software_id", _SOFTWARE_ID, "ten digits"),
        organisation_types=table.texts("organisation_types"),
        operations=table.known_texts("operations", OPERATIONS, "operation"),
        contact=table.text("contact"),
        phone=_phone(table),
        email=_formed(table, "email", _EMAIL, "NAME@DOMAIN"),
    )


def _abn(table: Table) -> str:
    """Return the ABN as eleven digits; blanks between its groups are for readers."""
    digits = "".join(table.text("abn").split())
    if digits and not abn.is_valid(digits):
        raise table.wrong(
            "abn",
            "this is no Australian Business Number",
            expected=f"{abn.LENGTH} digits of which the first two check the others",
            found=shown(table.text("abn")),
            advice="compare it with https://abr.business.gov.au",
        )
    return digits


def _formed(table: Table, name: str, form: re.Pattern[str], expected: str) -> str:
    text = table.text(name)
    if text and not form.fullmatch(text):
        raise table.wrong(name, f"{name} has not its form", expected=expected, found=shown(text))
    return text


def _phone(table: Table) -> str:
    text = table.text("phone")
    if text and len(_DIGIT.findall(text)) < 8:
        raise table.wrong(
            "phone", "phone has not its form", expected="eight digits or more", found=shown(text)
        )
    return text
