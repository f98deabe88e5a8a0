"""The simulated USI Registry: what it is asked, what it knows, what it answers.

`service` is the way in: routing, judgement, refusal, SOAP.  One module for each family of operations has what
the registry concludes, `store` what it knows, `settings` what the real one leaves open.  `altering` changes
answers, and `writing` messages, where a fault asks for it.
"""

from conformance.simulators.registry.service import (
    MEDIA_TYPE,
    RULES,
    TOLERATED,
    Registry,
    RegistryFacts,
)
from conformance.simulators.registry.settings import RegistrySettings

__all__ = ["MEDIA_TYPE", "RULES", "TOLERATED", "Registry", "RegistryFacts", "RegistrySettings"]
