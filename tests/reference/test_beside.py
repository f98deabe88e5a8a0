"""The reference stands beside a product over a carrier of the same kind."""

import pytest

from conformance.reference.beside import beside


@pytest.mark.parametrize("carrier", ["in-process", "process", "http"])
def test_the_carrier_is_the_products(carrier):
    """Whichever carrier is asked for, the reference answers over it, and is gone when the block ends."""
    with beside(carrier) as session:
        assert session.carrier == carrier
        assert session.implementation.name == "EVTE reference implementation"
        pid = session.pid
    assert (pid is not None) == (carrier != "http")


def test_it_is_of_this_kit_wherever_the_reader_stands(tmp_path, monkeypatch):
    """A folder that happens to be called `conformance` is not taken for the kit."""
    (tmp_path / "conformance").mkdir()
    (tmp_path / "conformance" / "__init__.py").write_text("raise SystemExit(3)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with beside("process") as session:
        assert session.supports("usi.call")
