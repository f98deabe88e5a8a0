"""How the reference implementation gives up: a reason, and what it tells its user."""

from conformance.adapters.contract import REASONS


def sentence(reason: str) -> str:
    """Return what a reason of the contract says, as a sentence for the user."""
    return f"{REASONS[reason][0].upper()}{REASONS[reason][1:]}."


class Refusal(Exception):  # noqa: N818 - an answer of this product rather than an error of the kit
    """The product will not, or cannot, do what it was asked for.  Becomes the answer `rejected`."""

    def __init__(self, reason: str, *, code: str = "", text: str = "", after: float | None = None) -> None:
        """Refuse.

        Args:
            reason: one of the contract's reasons.
            code: the code that the other side gave, or the reason itself.
            text: one or two sentences for the user, nothing secret; the reason's own when left out.
            after: seconds after which the other side wants to be asked again, if it says so.
        """
        super().__init__(f"{reason}: {text}")
        self.reason = reason
        self.code = code or reason
        self.text = text or sentence(reason)
        self.after = after
