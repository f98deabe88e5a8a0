"""Does everything right."""

from wire import line, serve, write

serve(lambda request: write(line(request) + b"\n"))
