"""The pictures of the guided notebooks: roads, messages, bytes, timelines, states, maps, matrices, bars.

A notebook hands over facts as small tables and gets a `Picture` back; what is drawn stands in the notebook,
how it is drawn stands here.  All pictures share one palette that people of every colour vision can tell
apart, and none says anything by colour alone.  The same facts give the same bytes on one version of
matplotlib, which is part of the extra `notebooks`.
"""

from conformance.pictures.canvas import (
    BLUE,
    COLOURS,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    VERMILION,
    Picture,
    plots,
)
from conformance.pictures.charts import bars, field
from conformance.pictures.checksums import pair_map, working
from conformance.pictures.encodings import Part, joined, outline
from conformance.pictures.matrices import Cell, matrix
from conformance.pictures.messages import Box, difference, message
from conformance.pictures.roads import Station, road
from conformance.pictures.sequences import Passing, sequence
from conformance.pictures.states import Move, Place, states
from conformance.pictures.timelines import Stretch, timeline

__all__ = [
    "BLUE",
    "COLOURS",
    "GREEN",
    "INK",
    "MUTED",
    "ORANGE",
    "PURPLE",
    "VERMILION",
    "Box",
    "Cell",
    "Move",
    "Part",
    "Passing",
    "Picture",
    "Place",
    "Station",
    "Stretch",
    "bars",
    "difference",
    "field",
    "joined",
    "matrix",
    "message",
    "outline",
    "pair_map",
    "plots",
    "road",
    "sequence",
    "states",
    "timeline",
    "working",
]
