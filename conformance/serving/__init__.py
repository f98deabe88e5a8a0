"""The simulators alone: token service and registry on one port, for a product that a person drives.

No check runs here and no verdict is given.  Each exchange is judged, told in a line, and kept as a transcript
when a folder is named.
"""

from conformance.serving.options import settings
from conformance.serving.station import Order, Station, faults, serve

__all__ = ["Order", "Station", "faults", "serve", "settings"]
