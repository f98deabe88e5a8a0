"""The carrier for an object in the same process."""

import threading
import time

import pytest

from conformance.adapters.contract import Outcome
from conformance.adapters.session import attach
from conformance.errors import HarnessError, OperatorError

INITIALIZED = {
    "status": "ok",
    "value": {
        "protocol": 1,
        "implementation": {"name": "object", "version": "1"},
        "capabilities": ["usi.validate"],
    },
}


class Product:
    """Does what the USI says."""

    made = 0

    def __init__(self):
        type(self).made += 1

    def handle(self, method, params):
        if method == "initialize":
            return INITIALIZED
        match params["usi"]:
            case "raise":
                raise KeyError("usi")
            case "exit":
                raise SystemExit(3)
            case "spin":
                while True:
                    pass
            case "bytes":
                return {"status": "ok", "value": {1, 2}.__iter__()}
            case {"changed": _} as usi:
                usi["changed"] = True
        return {"status": "ok"}


@pytest.fixture
def session():
    """A session with `Product`."""
    with attach("reference", resolve=lambda spec: Product()) as session:
        yield session


def ask(session, usi, **choices):
    """Ask for a USI."""
    return session.call("usi.validate", {"usi": usi}, **choices)


def test_object_is_called(session):
    """`handle` is called with method and parameters, its result is the answer."""
    assert session.carrier == "in-process"
    assert ask(session, "BNGH7C75FN").outcome is Outcome.OK


@pytest.mark.parametrize(("usi", "message"), [("raise", "KeyError: 'usi'"), ("exit", "SystemExit: 3")])
def test_exception_is_a_crash(session, usi, message):
    """An exception is no answer, whatever its kind; its type and text are kept, its traceback too."""
    answer = ask(session, usi)
    assert answer.outcome is Outcome.CRASH
    assert answer.message == message
    assert "Traceback" in session.stderr
    assert ask(session, "BNGH7C75FN").outcome is Outcome.OK


def test_endless_loop_is_a_hang_and_ends(session):
    """A busy loop is given up at the deadline, and does not go on taking processor time."""
    before = set(threading.enumerate())
    assert ask(session, "spin", deadline_s=0.2).outcome is Outcome.HANG
    assert ask(session, "BNGH7C75FN").outcome is Outcome.OK
    end = time.monotonic() + 5
    while len(set(threading.enumerate()) & before) == len(before):
        assert time.monotonic() < end, "the given-up thread goes on"
        time.sleep(0.01)


def test_new_object_after_a_miss(session):
    """After a crash a new object is made, as a new process would be."""
    made = Product.made
    ask(session, "raise")
    ask(session, "BNGH7C75FN")
    assert Product.made == made + 1


def test_result_that_json_cannot_hold_breaks_the_contract(session):
    """What a pipe could not carry is refused in the same process too."""
    with pytest.raises(HarnessError, match="returned what JSON cannot hold"):
        ask(session, "bytes")


def test_object_cannot_change_what_the_kit_holds(session):
    """The object gets a copy of the parameters."""
    usi = {"changed": False}
    ask(session, usi)
    assert usi == {"changed": False}


def test_python_spec_takes_class_function_and_object(tmp_path, monkeypatch):
    """`python:` names a class, a function that makes the object, or the object."""
    (tmp_path / "vendor_product.py").write_text(
        "class Harness:\n"
        "    def handle(self, method, params):\n"
        f"        return {INITIALIZED!r}\n"
        "def make():\n"
        "    return Harness()\n"
        "ready = Harness()\n"
        "class Outer:\n"
        "    Inner = Harness\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("Harness", "make", "ready", "Outer.Inner"):
        with attach(f"python:vendor_product:{name}") as session:
            assert session.implementation.name == "object"


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("python:json", OperatorError, "the SPEC is incomplete"),
        ("python:no_such_module_here:X", OperatorError, "the module no_such_module_here cannot be imported"),
        ("python:json:Encoder", OperatorError, "json has no Encoder"),
        ("python:json:decoder", HarnessError, "the implementation has no method `handle`"),
        ("python:json:JSONDecoder", HarnessError, "the implementation has no method `handle`"),
        ("python:json:loads", HarnessError, "the implementation could not be made"),
    ],
)
def test_unfit_python_spec_is_refused(spec, error, message):
    """A wrong name is the operator's, an unfit object the harness's error."""
    with pytest.raises(error) as caught:
        attach(spec).start()
    assert caught.value.message == message


def test_module_that_fails_is_the_harness_s(tmp_path, monkeypatch):
    """A module that raises while it is imported is the harness's error."""
    (tmp_path / "vendor_broken.py").write_text("1 / 0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(HarnessError) as caught:
        attach("python:vendor_broken:X")
    assert caught.value.found == "ZeroDivisionError: division by zero"


def test_operator_s_error_of_resolve_passes_through():
    """An unknown mutant stays the operator's error."""

    def resolve(spec):
        raise OperatorError("no such mutant")

    with pytest.raises(OperatorError, match="no such mutant"):
        attach("mutant:x", resolve=resolve).start()
