"""EVTE conformance kit: does your software handle machine credentials, MAS-ST and the USI Registry right?

Start with `evte --help`, with the notebooks (`evte lab`), or with `conformance.runner.run`.
"""

__version__ = "0.1.0"
