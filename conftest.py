"""Names the kit's pytest plugin and the Hypothesis profiles; nothing else belongs here.

The plugin must be named in the root: options such as `--iut` are registered before collection.
"""

import os

from hypothesis import HealthCheck, Phase, settings

pytest_plugins = ["conformance.plugin", "pytester"]

# No explain phase: with a child process or a server in the loop it costs twenty times the run.
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
settings.register_profile("kit", deadline=None, phases=_PHASES, max_examples=60, derandomize=True)
settings.register_profile(
    "thorough", deadline=None, phases=_PHASES, max_examples=2000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("EVTE_HYPOTHESIS_PROFILE", "kit"))
