"""Implementations that are wrong in one way each; a suite that passes one of them is broken.

One module per capability; each registers its classes when it is imported.
"""

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    """Import every module of this package, so that the register is complete."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
