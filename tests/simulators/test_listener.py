"""The listener notes every connection and keeps nobody waiting."""

import socket
import urllib.request

from conformance.simulators.listener import Listener


def test_a_call_is_noted_and_answered():
    """Whoever asks gets the content."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with Listener(b"<!ENTITY a 'b'>") as listener:
        assert opener.open(f"{listener.address}/store.dtd", timeout=5).read() == b"<!ENTITY a 'b'>"
    assert listener.calls == ["GET /store.dtd HTTP/1.1"]


def test_a_connection_without_a_request_is_noted():
    """A port that was merely touched was touched."""
    with Listener() as listener:
        port = int(listener.address.rpartition(":")[2])
        socket.create_connection(("127.0.0.1", port)).close()
    assert listener.calls == [""]


def test_nobody_called():
    """Silence is told as such."""
    with Listener() as listener:
        pass
    assert listener.calls == []
