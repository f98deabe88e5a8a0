"""Answers `initialize`, then prints what is no answer."""

from wire import asked, line, serve, write

GARBAGE = (
    b'\x00\x01\x02 binary\n<html><body>Welcome</body></html>\n[1, 2]\n42\n{not json}\n{"level": "info"}\n\n'
)

serve(lambda request: write(GARBAGE if asked(request) else line(request) + b"\n"))
