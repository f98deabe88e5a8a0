"""Forgets the line feed after its answers to calls."""

from wire import asked, line, serve, write

serve(lambda request: write(line(request) + b"\n" * (not asked(request))))
