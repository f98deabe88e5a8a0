"""Prints what is no answer, from the first line on, and answers nothing."""

from wire import requests, write

for _ in requests():
    write(b"\x00\x01\x02 binary\n<html><body>Welcome</body></html>\n[1, 2]\n42\n{not json}\n")
