"""What a run is asked for in files: the plan, the waivers and the attestations.

`plan.read` gives the plan, `waivers.read` and `attestations.read` the two files that it may name.  All are
TOML; `document` has the reading that they share, with lines and suggestions, and refuses secrets.
"""

from conformance.plan.reading import read
from conformance.plan.records import OwnKeystore, Plan, Signing

__all__ = ["OwnKeystore", "Plan", "Signing", "read"]
