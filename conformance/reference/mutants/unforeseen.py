"""What the mutants that crash have in common: an error that nobody catches but the harness."""

from conformance.reference.second_reader import SecondReader


class Unforeseen(Exception):  # noqa: N818 - it stands for the errors of many platforms
    """An error of the product's platform; its text is what a harness would pass on."""


class ThrowsUp(SecondReader):
    """Answers as a harness does when the product throws what it did not foresee."""

    def keystore_open(self, path, alias, password, now=None):
        try:
            return super().keystore_open(path, alias, password, now)
        except Unforeseen as problem:
            return {"status": "error", "message": str(problem)}
