"""What a leaf certificate carries: the machine credential's profile, and those that differ from it."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from conformance.protocol.certificates import MACHINE_POLICY

PERSONAL_POLICY: Final = "1.2.36.1.9001.101.1.7.1"  # stand-in: the real number is not public
PERSON: Final = "3f1c9c1e-5d0e-4f8b-9a59-6f3a2f0d7c11"
"""dnQualifier of a person's certificate: a UUID, as the real ones are."""

Digest = Literal["sha256", "sha1", "md5"]
"""What an issuer signs with; the two last are too weak for it and there for refusal."""

Parent = Literal["sub", "offline-sub", "itself"]
"""Who issues a leaf."""


@dataclass(frozen=True)
class LeafProfile:
    """What a leaf certificate carries besides name, key and dates, and who signs it with what."""

    dn_qualifier: str | None = "ABR"
    """The last part of the subject; the real authority marks machine credentials with `ABR`."""
    dn_qualifier_first: bool = False
    policy: str | None = MACHINE_POLICY
    key_usages: tuple[str, ...] | None = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
    )
    """Names of RFC 5280, section 4.2.1.3, as cryptography spells them; None leaves the extension out."""
    extended_key_usage: bool = True
    """Client authentication and e-mail protection."""
    digest: Digest = "sha256"
    parent: Parent = "sub"


MACHINE: Final = LeafProfile()
OFFLINE: Final = LeafProfile(dn_qualifier_first=True, extended_key_usage=False)
"""As written by an older test set-up: dnQualifier first, no extended key usage."""
OFFLINE_ISSUED: Final = replace(OFFLINE, parent="offline-sub")
"""The same, issued by the authority of that set-up."""
PERSONAL: Final = LeafProfile(dn_qualifier=PERSON, policy=PERSONAL_POLICY)
"""A person's certificate, issued by the same sub CA."""
NO_SIGNING: Final = replace(MACHINE, key_usages=("key_encipherment", "data_encipherment"))
NO_KEY_USAGE: Final = replace(MACHINE, key_usages=None)
NO_EXTENDED_KEY_USAGE: Final = replace(MACHINE, extended_key_usage=False)
SIGNED_WITH_SHA1: Final = replace(MACHINE, digest="sha1")
SIGNED_WITH_MD5: Final = replace(MACHINE, digest="md5")
SELF_SIGNED: Final = replace(MACHINE, parent="itself")
"""Everything as it should be but the issuer, which is nobody else."""
