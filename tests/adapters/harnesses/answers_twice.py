"""Answers every call twice."""

from wire import asked, line, serve, write

serve(lambda request: write((line(request) + b"\n") * (1 + asked(request))))
