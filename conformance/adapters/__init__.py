"""How the kit talks to an implementation under test: one contract, three carriers.

`contract` has the methods, `session.attach` begins a conversation; everything else serves those two.
Schemas of every message lie in `schemas/`, harnesses to copy in `harnesses/`.
"""
