"""Gives the id back as a text."""

from wire import line, serve, write

serve(lambda request: write(line(request, identifier=str(request["id"])) + b"\n"))
