"""The plan that `evte init` writes: every key, explained, those that must be filled in first."""

from typing import Final

from conformance.plan.writing import quoted

_HEAD: Final = """\
# The plan of a conformance run:  evte run --plan evte.toml
# Paths start from this file's folder.  An option of the command line wins over a line here.
# No secret belongs here: passwords are in environment variables, and here are those variables' names.

# What is tested: "cmd:COMMAND LINE OF YOUR HARNESS", "http://127.0.0.1:PORT/", "python:module:attribute".
# "reference" is the kit's own right implementation.
iut = {iut}

# What must hold; `evte catalogue --profiles` lists them.
profile = {profile}

# Where the report goes.
out = "evte-report"
"""

_REST: Final = """\

# seed = 0          # of everything random; the same seed draws the same examples
# examples = 60     # per property
# deadline = 30     # seconds per call, instead of the contract's own
# strict = true     # exit 7 instead of 0 when conditions remain
# plain = true      # plain lines instead of the live display, for CI
# pdf = true        # also write report.pdf; takes `pip install "evte-conformance[report-pdf]"`

# What your harness must declare, exactly: a run is refused if one of them is gone.
# capabilities = ["usi.validate", "keystore.open", "token.obtain", "usi.call", "clock"]

# Failures that you admit, each with owner, reason, issue and end; `evte waivers DIR` prints the entries.
# waivers = "waivers.toml"

# What a person answers for; `evte attest` asks and writes the file.
# attestations = "attestations.toml"

# The report that this one is compared with, and the folder of the reports of earlier runs.
# baseline = "baseline"
# history = "history"

# What exit code 0 takes: "ready", or "no-new-failures" against the baseline.
# gate = "ready"

# Your own machine credential, for instance of the developer kit, instead of one that the kit makes.
# [keystore]
# file = "keystore.xml"
# alias = "ABRD:11000002568_Device"
# password_env = "EVTE_KEYSTORE_PASSWORD"
# trust = ["anchor.pem"]
# org_code = "90000"

# Whose key signs the manifest of the report: "credential" is the one of [keystore].
# [signing]
# key = "signing.pem"
# certificate = "signing-certificate.pem"
# password_env = "EVTE_SIGNING_PASSWORD"

# What the application for EVTE asks for.  What is empty is listed in the report as missing.
[registration]
organisation = ""
abn = ""
product = ""
version = ""
deployment = ""          # "desktop", "on premises" or "cloud"
environments = []        # "USI 3PT", "SBR1", "SBR2"
software_id = ""         # ten digits; of cloud products
organisation_types = []  # of the training organisations that the product serves
operations = []          # of the registry, for instance "VerifyUSI", "CreateUSI"
contact = ""             # the main contact's name
phone = ""
email = ""
"""


def template(*, iut: str, profile: str) -> str:
    """Return a plan to be filled in; it can be run as it stands."""
    return _HEAD.format(iut=quoted(iut), profile=quoted(profile)) + _REST
