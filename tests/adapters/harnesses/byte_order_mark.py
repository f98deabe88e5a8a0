"""Begins its first answer with a byte-order mark."""

from wire import line, serve, write

write(b"\xef\xbb\xbf")
serve(lambda request: write(line(request) + b"\n"))
