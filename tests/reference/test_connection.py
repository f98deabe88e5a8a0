"""What the reference says of a connection that fails."""

import socket
import threading

import pytest

from conformance.reference.connection import NOT_CONNECTED, Connection
from conformance.reference.refusal import Refusal


@pytest.fixture
def connection():
    """One that trusts what everybody trusts."""
    made = Connection(True)
    yield made
    made.close()


def refused(connection, port):
    """Reason and code of the refusal to send a message to a port."""
    with pytest.raises(Refusal) as caught:
        connection.post(f"https://127.0.0.1:{port}/", b"<x/>", {})
    return caught.value.reason, caught.value.code


def test_nobody_there_means_that_nothing_was_sent(connection):
    """Whoever created something there has created nothing."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert refused(connection, port) == ("transport.failed", NOT_CONNECTED)


def test_a_connection_that_ends_in_the_middle_says_nothing_of_a_certificate(connection):
    """It failed, and how far the message came is not known."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up():
            caller, _ = server.accept()
            with caller:
                caller.recv(4096)

        thread = threading.Thread(target=hang_up)
        thread.start()
        found = refused(connection, server.getsockname()[1])
        thread.join()
    assert found == ("transport.failed", "transport.failed")


def test_nothing_is_sent_in_the_clear(connection):
    """A token and a person's particulars are for the registry only."""
    with pytest.raises(Refusal) as caught:
        connection.post("http://127.0.0.1:1/", b"<x/>", {})
    assert caught.value.reason == "request.invalid"
