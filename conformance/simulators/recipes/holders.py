"""Who is in a store."""

from dataclasses import dataclass
from typing import Final

from conformance.protocol.abn import complete
from conformance.simulators.authority import KeyName


@dataclass(frozen=True)
class Holder:
    """Whose credential stands in a base."""

    abn: str
    name: str
    key: KeyName = "machine-1"


MACHINE_1: Final = Holder("11000002568", "EVTECampus153")
MACHINE_2: Final = Holder("27809366375", "EVTEMachine", "machine-2")

BASES: Final = {
    "single": (MACHINE_1,),
    "pair": (MACHINE_1, MACHINE_2),
    "pair-other-way-round": (MACHINE_2, MACHINE_1),
    "namesakes": (Holder(MACHINE_2.abn, MACHINE_1.name, "machine-2"), MACHINE_1),
    "keys": (
        Holder(MACHINE_1.abn, "EVTEKey1", "machine-1"),
        Holder(MACHINE_1.abn, "EVTEKey2", "machine-2"),
        Holder(MACHINE_1.abn, "EVTEKey3", "machine-3"),
        Holder(MACHINE_1.abn, "EVTEKey4", "machine-4"),
    ),
    "sixty": (
        *(Holder(complete(f"{number:09}"), f"EVTECampus{number}", "machine-3") for number in range(1, 60)),
        MACHINE_1,
    ),
}
"""Who is in the store.  Deviations happen to `MACHINE_1`.  Its ABN and that of `MACHINE_2` are those of the
published test stores; the others are made up."""
