"""What the harness declares, against what the plan says that it must."""

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # the plugin is loaded by every pytest where the kit is installed: import late
    from conformance.model import Remark


def compare(promised: Collection[str] | None, declared: Collection[str]) -> "list[Remark]":
    """Return what the report must say of capabilities beyond the promised ones.

    Where one that was promised is gone, much of the profile might no longer apply and the run be green
    all the same: nothing is run then.

    Args:
        promised: what the plan states; None if it states nothing.
        declared: what the harness answered to `initialize`.

    Raises:
        OperatorError: something promised is not declared.
    """
    from conformance.errors import OperatorError
    from conformance.model import Blame, Remark

    if promised is None:
        return []
    lost = [name for name in promised if name not in declared]
    if lost:
        raise OperatorError(
            f"the harness does not declare {', '.join(lost)}, which the plan says that it must",
            expected=", ".join(promised),
            found=", ".join(declared) or "nothing",
            advice="build the harness with it, or take it out of `capabilities` in the plan",
        )
    further = [name for name in declared if name not in promised]
    if not further:
        return []
    text = f"The harness declares more than the plan says: {', '.join(further)}."
    return [Remark(blame=Blame.CONFIGURATION, text=text)]
