"""The session: SPECs, calls, the error map, and what is kept of the conversation."""

import pytest

from conformance.adapters.contract import Outcome
from conformance.adapters.session import attach
from conformance.errors import KitError, OperatorError

PASSWORD = 'Sesame "open" ünd mehr'


class Product:
    """Repeats what it was told, passwords too."""

    def __init__(self, **initialize):
        self.initialize = initialize
        self.asked = []

    def handle(self, method, params):
        self.asked.append((method, params))
        if method == "initialize":
            return {
                "status": "ok",
                "value": {
                    "protocol": 1,
                    "implementation": {"name": "echo", "version": "1"},
                    "capabilities": ["usi.validate", "keystore.open", "clock"],
                    "error_map": {"E1": "keystore.wrong_password"},
                    **self.initialize,
                },
            }
        if method == "usi.validate":
            return {"status": "ok"}
        text = f"{params.get('password')} does not open it"
        return {"status": "rejected", "native": {"code": 1, "text": text}, "extra": 1}


@pytest.fixture
def product():
    """An implementation that repeats what it is told."""
    return Product()


@pytest.fixture
def session(product):
    """A session with `product`."""
    with attach("reference", resolve=lambda spec: product, kit_version="0.0") as session:
        yield session


def store(password=PASSWORD):
    """Return the parameters of `keystore.open`."""
    return {"path": "/x/store.xml", "alias": "a", "password": password}


@pytest.mark.parametrize(
    ("spec", "advice"),
    [
        ("./harness.py", "a program is given as cmd:./harness.py"),
        ("node harness.mjs", "a program is given as cmd:node harness.mjs"),
        ("pyhton:a:b", "did you mean python?"),
        ("", "a program is given as cmd:"),
        ("reference", "did you mean reference?"),
    ],
)
def test_unknown_spec_is_refused_with_advice(spec, advice):
    """A SPEC that names nothing is the operator's error, with what may have been meant."""
    with pytest.raises(OperatorError) as caught:
        attach(spec)
    assert caught.value.advice == advice


def test_resolve_is_asked_for_the_kit_s_own():
    """`reference`, `mutant:` and `variant:` go to `resolve`."""
    asked = []

    def resolve(spec):
        asked.append(spec)
        return Product()

    for spec in ("reference", "mutant:x", "variant:y"):
        attach(spec, resolve=resolve).start()
    assert asked == ["reference", "mutant:x", "variant:y"]


def test_capabilities_and_markers_are_known(session):
    """`supports` knows methods and markers."""
    assert session.supports("usi.validate")
    assert session.supports("clock")
    assert not session.supports("usi.call")


def test_handshake_offers_version_and_kit(session, product):
    """`initialize` carries the protocol versions, the kit's version and the deadline."""
    session.start()
    assert product.asked[0] == (
        "initialize",
        {"protocol_versions": [1], "kit_version": "0.0", "deadline_ms": 30000},
    )


@pytest.mark.parametrize(
    ("session_s", "call_s", "deadline_ms"), [(None, None, 20000), (7.0, None, 7000), (7.0, 0.5, 500)]
)
def test_deadline_of_a_call(product, session_s, call_s, deadline_ms):
    """The deadline is the call's, else the session's, else the method's."""
    with attach("reference", resolve=lambda spec: product, deadline_s=session_s) as session:
        session.call("usi.validate", {"usi": "B"}, call_s)
    assert product.asked[-1][1]["deadline_ms"] == deadline_ms


def test_start_has_time_however_short_the_deadline(product):
    """A deadline for calls of a moment leaves a program five seconds to start."""
    with attach("reference", resolve=lambda spec: product, deadline_s=0.1):
        assert product.asked[0][1]["deadline_ms"] == 5000


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("usi.verify", {}),
        ("initialize", {}),
        ("shutdown", {}),
        ("usi.validate", {}),
        ("usi.validate", {"usi": "B", "expected": "ok"}),
    ],
)
def test_wrong_call_is_the_kit_s_error(session, method, params):
    """An unknown method or parameter is the kit's fault, and nothing is sent."""
    with pytest.raises(KitError):
        session.call(method, params)


@pytest.mark.parametrize(
    "usi", [None, True, 7, 1.5, [], {}, "", "\x00", "\u2028", "\ud800", "Ω" * 10, {"a": ["\udfff"]}]
)
def test_any_json_value_arrives(session, product, usi):
    """Every JSON value arrives as it was sent, lone surrogates included."""
    session.call("usi.validate", {"usi": usi})
    assert product.asked[-1][1]["usi"] == usi


def test_request_of_an_answer_is_exact(session):
    """An answer carries its request line, so that it can be sent again by hand."""
    answer = session.call("usi.validate", {"usi": "BNGH7C75FN"})
    assert answer.request == (
        '{"jsonrpc":"2.0","id":2,"method":"usi.validate","params":{"usi":"BNGH7C75FN","deadline_ms":20000}}'
    )


def test_native_code_finds_the_reason():
    """A refusal without a stated reason gets the reason that the error map has for its code."""
    product = Product(error_map=[["1", "keystore.wrong_password"]])
    with attach("reference", resolve=lambda spec: product) as session:
        answer = session.call("keystore.open", store())
    assert answer.outcome is Outcome.REJECTED
    assert answer.native.code == "1"
    assert answer.reason == "keystore.wrong_password"


def test_password_is_stored_nowhere(session):
    """A password is in no request, no conversation and no evidence, though the product repeats it."""
    answer = session.call("keystore.open", store())
    kept = [
        answer.request,
        *(message.body for message in session.conversation),
        *(message.body for message in session.evidence("e", "t").messages),
        *(remark.text for remark in session.remarks),
    ]
    assert not any("Sesame" in text for text in kept)
    assert '"password":"(password removed)"' in answer.request
    # The check itself must see what the product said: it may be what it is looking for.
    assert PASSWORD in answer.native.text


def test_short_password_does_not_eat_the_conversation(session):
    """A password of one letter is removed as a parameter, not from every word."""
    answer = session.call("keystore.open", store("e"))
    assert '"password":"(password removed)"' in answer.request
    assert "does not open it" in session.conversation[-1].body


def test_conversation_is_in_order_and_bounded(session):
    """The last 200 messages are kept, both ways, each cut to 4096 characters."""
    for _ in range(150):
        session.call("usi.validate", {"usi": "B" * 10_000})
    messages = session.conversation
    assert len(messages) == 200
    assert [message.sender for message in messages[:2]] == ["kit", "harness"]
    assert max(len(message.body) for message in messages) == 4096
    assert messages[0].size > 10_000
    assert "102 messages were not kept" in session.evidence("e", "t").note


def test_unknown_key_is_remarked_once(session):
    """A key that the contract does not know is passed over and remarked once, however often it comes."""
    for _ in range(3):
        session.call("keystore.open", store())
    assert [remark.text for remark in session.remarks] == [
        "keystore.open: an answer with status 'rejected' has unknown keys, passed over: 'extra'."
    ]


def test_calls_from_threads_take_turns(session):
    """Each thread gets the answer to its own call."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: session.call("usi.validate", {"usi": n}), range(100)))
    assert [f'"usi":{n},' in answer.request for n, answer in enumerate(answers)] == [True] * 100
