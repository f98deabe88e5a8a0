"""Counts its answers instead of copying the id: right at first, then too high."""

from wire import asked, line, serve, write

serve(lambda request: write(line(request, identifier=request["id"] + 7 * asked(request)) + b"\n"))
