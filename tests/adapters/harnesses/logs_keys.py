"""A right implementation that writes each proof key to standard error."""

import base64
import sys

from conformance.reference.__main__ import serve_pipe
from conformance.reference.correct import Correct
from conformance.reference.sts_client import TokenClient


class LogsKeys(Correct):
    """Tells whoever reads its log."""

    class Tokens(TokenClient):
        """As the class around it says."""

        def unpack(self, envelope, attempt):
            """Log the key that came."""
            token = super().unpack(envelope, attempt)
            print("proof key:", base64.b64encode(token.proof_key).decode(), file=sys.stderr, flush=True)
            return token


serve_pipe(LogsKeys(), sys.stdin.buffer, sys.stdout.buffer)
