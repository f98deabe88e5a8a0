"""Ends with exit status 5 after `shutdown`."""

import sys

from wire import line, serve, write

serve(lambda request: write(line(request) + b"\n"))
sys.exit(5)
