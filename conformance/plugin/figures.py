"""The figures of a run: the measuring conversation with the product, and with the reference beside it."""

from typing import TYPE_CHECKING

from conformance.plugin.conductor import Conductor

if TYPE_CHECKING:
    # the plugin is loaded by every pytest where the kit is installed: import late
    from conformance.model import Measurement
    from conformance.simulators.bench import Bench


def is_due(conductor: Conductor) -> bool:
    """Tell whether a run has its performance measured: a whole one that went well, and of shards the first.

    A run of chosen checks or of a stored example is wanted at once, and shards have one product.
    """
    background = conductor.background
    return (
        background.measure
        and conductor.session is not None
        and not (conductor.harness_failure or conductor.failure or conductor.choices.only)
        and background.replaying is None
        and (not background.shard or background.shard.startswith("1/"))
    )


def measured(conductor: Conductor, bench: "Bench") -> "tuple[Measurement, ...]":
    """Measure the product, and then the reference over a carrier of the same kind.

    Whatever goes wrong is a note of the figures.
    """
    from conformance import __version__
    from conformance.errors import EvteError
    from conformance.model import Measurement
    from conformance.reference.beside import beside
    from conformance.suite.measuring import measure

    session = conductor.session
    if session is None:
        return ()
    if conductor.listener is not None:
        conductor.listener.begins("performance", "is measured")
    registry = any(name.startswith("USI-") for name in conductor.profile.requirements)
    product = measure(session, bench, subject="product", registry=registry)
    try:
        with beside(session.carrier, kit_version=__version__) as reference:
            return product, measure(reference, bench, subject="reference", registry=registry)
    except EvteError as problem:
        note = f"The reference was not measured: {problem.message.rstrip('.')}."
        nothing = Measurement(
            subject="reference", carrier=session.carrier, latencies=(), calls=0, token_requests=0, note=note
        )
        return product, nothing
