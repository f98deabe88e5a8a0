"""`python -m conformance` is `evte`, for machines where the scripts folder is not on the path."""

from conformance.cli import main

main(prog_name="evte")
