"""Whom the simulators know: credentials of a keystore or of the kit's own, organisations, notifications."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509

from conformance.errors import OperatorError
from conformance.protocol import certificates, keystore
from conformance.protocol.abn import is_valid
from conformance.simulators import population
from conformance.simulators.authority import Authority, MachineCredential
from conformance.simulators.bench import CLIENTS_PRINCIPAL, CLOUD, KIT_PASSWORD, LOCAL, OTHER_CLIENT
from conformance.simulators.own_credential import content_of, password_of
from conformance.simulators.population import Organisation, OrganisationType, Population
from conformance.simulators.ram import Ram
from conformance.simulators.stores import make_store

TEST_CLIENTS: Final = (
    (CLOUD.second_party, CLOUD.ssid),
    (OTHER_CLIENT.abn, OTHER_CLIENT.ssid),
)
"""ABN and software id of the clients that have notified of every provider."""

_SOFTWARE_ID: Final = re.compile(r"[0-9]{10}")
_CODE: Final = re.compile(r"[A-Za-z0-9]{1,10}")
_TYPES: Final = tuple(str(kind.value) for kind in OrganisationType)  # the first one may call everything


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A credential that the token service recognises."""

    alias: str
    abn: str
    chain: tuple[x509.Certificate, ...]
    """Leaf first; empty for the kit's own, whose authority is known anyway."""
    until: datetime
    """End of its certificate."""


def of_the_kit(authority: Authority) -> tuple[Known, ...]:
    """Return the credentials that `write_store` writes."""
    return tuple(
        Known(alias=made.alias, abn=made.abn, chain=(), until=made.certificate.not_valid_after_utc)
        for made in _made(authority)
    )


def write_store(authority: Authority, folder: Path) -> Path:
    """Write a keystore with the kit's own credentials: of the published test organisation and provider.

    Their names, ids and password are published, and they work nowhere but here.

    Raises:
        OperatorError: it cannot be written.
    """
    path = folder / "keystore.xml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f"{path.name}.part")
        half.write_bytes(make_store(_made(authority), password=KIT_PASSWORD))
        half.replace(path)
    except OSError as error:
        raise unwritable(path, error, "--write-keystore") from error
    return path


def _made(authority: Authority) -> list[MachineCredential]:
    return [
        authority.machine_credential(abn=LOCAL.abn, name=LOCAL.name, key="machine-1"),
        authority.machine_credential(abn=CLOUD.abn, name=CLOUD.name, key="machine-2"),
    ]


def of_a_keystore(path: Path, alias: str, password_env: str, *, now: datetime) -> tuple[Known, ...]:
    """Return the credentials of a keystore, or the one of that id.

    Certificates are public, so that no password is needed.  When one is named, it must open the credential.

    Args:
        path: of the keystore.
        alias: id of the credential; empty for all.
        password_env: name of the environment variable with the password; may be empty.
        now: at which a credential that is opened must be valid; aware.

    Raises:
        OperatorError: the file, the credential or the password cannot be used.
    """
    try:
        store = keystore.read(content_of(path, "a credential store"))
        wanted = (store.credential(alias),) if alias else store.credentials
        if password_env:
            password = password_of(password_env)
            for credential in wanted:
                keystore.open_credential(store, credential.id, password, now=now)
    except keystore.KeystoreError as error:
        error.where = ", ".join(filter(None, (str(path), error.where)))
        raise
    return tuple(_known(credential, path) for credential in wanted)


def _known(credential: keystore.Credential, path: Path) -> Known:
    try:
        bundle = certificates.read_bundle(credential.public_certificate)
        leaf = next(one for one in bundle if certificates.leaf_facts(one).sha1 == credential.sha1_fingerprint)
        chain = certificates.chain_of(leaf, bundle)
        facts = certificates.leaf_facts(leaf)
    except (certificates.CertificateError, StopIteration) as error:
        raise OperatorError(
            "A credential of the keystore has no certificates that can be used.",
            expected="its own certificate, and those of its authorities",
            found=str(error) or "none with the fingerprint that the credential names",
            where=f"{path}, {credential.id}",
        ) from error
    return Known(alias=credential.id, abn=facts.abn, chain=chain, until=leaf.not_valid_after_utc)


# --- organisations and notifications --------------------------------------------------------------


def organisations_of(texts: Iterable[str]) -> tuple[Organisation, ...]:
    """Return organisations from texts of the form `CODE=ABN` or `CODE=ABN:TYPE`.

    Raises:
        OperatorError: a text is none.
    """
    found = []
    for text in texts:
        code, _, rest = text.partition("=")
        abn, typed, kind = rest.partition(":")
        if not _CODE.fullmatch(code) or not is_valid(abn) or (typed and kind not in _TYPES):
            raise OperatorError(
                "An organisation cannot be read.",
                expected="CODE=ABN: the code that your product sends, and an ABN with right check digits; "
                f"or CODE=ABN:TYPE, TYPE one of {', '.join(_TYPES)}",
                found=text,
                where="--organisation",
            )
        found.append(Organisation(code=code, abn=abn, type=OrganisationType(kind or _TYPES[0])))
    return tuple(found)


def notifications_of(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return client and software id from texts of the form `ABN=SSID`.

    Raises:
        OperatorError: a text is none.
    """
    found = []
    for text in texts:
        client, _, software_id = text.partition("=")
        if not is_valid(client) or not _SOFTWARE_ID.fullmatch(software_id):
            raise OperatorError(
                "A notification cannot be read.",
                expected="ABN=SSID: the client's ABN, and the ten digits of the software id",
                found=text,
                where="--notification",
            )
        found.append((client, software_id))
    return tuple(found)


def enter(ram: Ram, providers: Iterable[str], clients: Iterable[tuple[str, str]]) -> None:
    """Enter in RAM that each client has notified of each provider; nobody is a client of its own."""
    clients = tuple(dict.fromkeys(clients))
    for client, software_id in clients:
        ram.register(client, principal_authority=CLIENTS_PRINCIPAL)
        for provider in dict.fromkeys(providers):
            if provider != client and is_valid(provider):
                ram.add_notification(
                    client, by=CLIENTS_PRINCIPAL, provider=provider, software_ids=(software_id,)
                )


def people(abns: Iterable[str], organisations: Iterable[Organisation]) -> Population:
    """Return whom the registry knows: the bundled test people, what was given, and a code for each ABN."""
    found = population.bundled()
    for organisation in organisations:
        found = found.with_organisation(organisation)
    held = {organisation.abn for organisation in found.organisations.values()}
    unknown = (abn for abn in dict.fromkeys(abns) if abn not in held)
    for number, abn in enumerate(unknown, 1):
        found = found.with_organisation(Organisation(code=f"KIT{number:05}", abn=abn))
    return found


def unwritable(path: Path, error: OSError, option: str) -> OperatorError:
    """Return the error to raise for a place that cannot be written."""
    return OperatorError(
        f"{path} cannot be written.",
        expected="a place where this user may write",
        found=error.strerror or str(error),
        where=option,
    )
