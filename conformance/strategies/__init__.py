"""Hypothesis strategies for the values of this field: identifiers, people, stores, messages, moments, damage.

They are public: use them in the tests of your own product.  Names are plural; arguments describe which
values are wanted, never how often; a wrong argument raises at once; the simplest value is a short and
plain one, so that a counter-example reads well; values that are special in the standard come up more often
than chance would have it.

    from hypothesis import given
    from conformance.strategies import usis

    @given(usi=usis())
    def test_the_form_field_takes_every_usi(usi):
        assert product.accepts(usi)

People, applications and whole requests come in the form in which a product is asked, element names as keys:

    from hypothesis import given
    from conformance.strategies import people

    @given(person=people())
    def test_the_student_file_keeps_everybody(person):
        assert product.stored(person) == person

Stores are drawn as plans, because a certificate needs a moment to be valid at:

    from datetime import UTC, datetime
    from conformance.simulators.authority import Authority
    from conformance.strategies import store_plans

    AUTHORITY = Authority(datetime.now(UTC))

    @given(plan=store_plans())
    def test_the_product_opens_every_store(plan):
        store = plan.made(AUTHORITY)
        assert product.opens(store.data, plan.alias, plan.password)
"""

from conformance.strategies.aliases import aliases, near_aliases
from conformance.strategies.applications import (
    Typed,
    applications,
    documents,
    product_requests,
    proofs,
    typed_requests,
)
from conformance.strategies.identifiers import (
    abns,
    characters,
    positions,
    stems,
    strange_texts,
    strangers,
    usis,
    wrong_lengths,
)
from conformance.strategies.instants import instants, seconds_beside
from conformance.strategies.keystores import StorePlan, holders, legal_names, passwords, salts, store_plans
from conformance.strategies.lives import LifeEvent, credential_lives, life_events
from conformance.strategies.messages import (
    NearMessage,
    answers,
    message_values,
    near_messages,
    near_texts,
    requests,
    texts_of,
)
from conformance.strategies.mutations import ByteChange, Tape, byte_changes, mutate_bytes, mutate_store, tapes
from conformance.strategies.people import (
    birth_dates,
    contact_details,
    people,
    person_names,
    personal_details,
)
from conformance.strategies.spelling import Spelling, spellings
from conformance.strategies.verifications import Verification, verification_batches, verifications

__all__ = [
    "ByteChange",
    "LifeEvent",
    "NearMessage",
    "Spelling",
    "StorePlan",
    "Tape",
    "Typed",
    "Verification",
    "abns",
    "aliases",
    "answers",
    "applications",
    "birth_dates",
    "byte_changes",
    "characters",
    "contact_details",
    "credential_lives",
    "documents",
    "holders",
    "instants",
    "legal_names",
    "life_events",
    "message_values",
    "mutate_bytes",
    "mutate_store",
    "near_aliases",
    "near_messages",
    "near_texts",
    "passwords",
    "people",
    "person_names",
    "personal_details",
    "positions",
    "product_requests",
    "proofs",
    "requests",
    "salts",
    "seconds_beside",
    "spellings",
    "stems",
    "store_plans",
    "strange_texts",
    "strangers",
    "tapes",
    "texts_of",
    "typed_requests",
    "usis",
    "verification_batches",
    "verifications",
    "wrong_lengths",
]
