"""The picture of a concept's neighbourhood: laid out by networkx, drawn by matplotlib."""

from __future__ import annotations

import io
import textwrap
import threading
from typing import Any

import matplotlib
import networkx
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, TextArea, VPacker
from matplotlib.textpath import TextPath

# In pixels. From WIDE on, parents and synonyms stand left of the concept and the rest right; else all stands below it.
NARROWEST, WIDE, WIDEST = 260, 620, 1400
ROW, INDENT = 60, 56
MOST_SYNONYMS = 6
STYLES = {  # of a group, in this order: colour, line, shape of its boxes
    "parents": ("#0b6e6e", "-", "square"),
    "synonyms": ("#57606a", ":", "round4"),
    "children": ("#8a4b00", "--", "square"),
    "relations": ("#6b3fa0", "-.", "round"),
}
# Text stays text, in the reader's fonts; a dollar in a name is not a formula.
_SETTINGS = {"svg.fonttype": "none", "text.parse_math": False, "font.family": "DejaVu Sans"}
_one_at_a_time = threading.Lock()  # the settings are those of the whole process


def draw(concept: dict[str, Any], width: int) -> dict[str, Any]:
    """Draw a concept and what stands around it.

    Args:
        concept: as :class:`Neighbourhoods` gives it.
        width: of the picture, in pixels.

    Returns:
        ``svg``, its ``width``, and ``places`` of the concepts around: ``id``, ``label``, and ``inset`` from the
        picture's top, right, bottom and left in percent.
    """
    width, neighbours = min(max(width, NARROWEST), WIDEST), _neighbours(concept)
    is_wide = width >= WIDE
    columns = [1, *(2 - 2 * _is_left(each) if is_wide else 1 for each in neighbours)]
    height = ROW * max(map(columns.count, columns))
    rows = _rows(columns, height)
    svg = io.StringIO()
    with _one_at_a_time, matplotlib.rc_context(_SETTINGS):
        figure = Figure((width / 72, height / 72), dpi=72)  # a point is a pixel
        look = {"boxstyle": "square,pad=0.7", "edgecolor": "#0b6e6e", "facecolor": "#d5eeec", "linewidth": 2}
        spot, room = ((width / 2, rows[0]), 0.3 * width) if is_wide else ((8, rows[0]), width - 8)
        middle = _box(figure, concept["type"] or "", concept["name"], room, spot, 0.5 * is_wide, look)
        boxes = [_neighbour(figure, middle, *each, width) for each in zip(neighbours, rows[1:], strict=True)]
        figure.savefig(
            svg, format="svg", transparent=True, metadata=dict.fromkeys(["Date", "Creator", "Format", "Type"])
        )
        extents = [box.patch.get_window_extent().extents for box in boxes]
    places = [
        {
            "id": each["id"],
            "label": f"{each['relation']}: {each['name']} ({each['id']})",
            "inset": [100 - 100 * top / height, 100 - 100 * right / width, 100 * low / height, 100 * left / width],
        }
        for each, (left, low, right, top) in zip(neighbours, extents, strict=True)
    ]
    return {"svg": svg.getvalue(), "width": width, "places": [each for each in places if each["id"]]}


def _neighbours(concept: dict[str, Any]) -> list[dict[str, Any]]:
    """What stands around a concept as one list, its synonyms too, in the order of :data:`STYLES`."""
    forms = [form for form in concept["forms"] if form.casefold() != concept["name"].casefold()][:MOST_SYNONYMS]
    found = [{"group": "synonyms", "id": None, "name": form, "relation": "synonym", "arrow": "-"} for form in forms]
    for group in concept["groups"]:
        for edge in group["edges"]:
            relation = ("" if edge["is_out"] else "← ") + edge["relation"].replace("_", " ")
            relation += f" · {edge['type']}" if edge["type"] else ""
            arrow = "<|-" if edge["is_out"] else "-|>"
            found.append(edge | {"group": group["title"], "relation": relation, "arrow": arrow})
    return sorted(found, key=lambda each: list(STYLES).index(each["group"]))


def _is_left(neighbour: dict[str, Any]) -> bool:
    return neighbour["group"] in ("parents", "synonyms")


def _rows(columns: list[int], height: int) -> list[float]:
    """Height of each box's middle above the lower border, by the column in which it stands."""
    graph = networkx.Graph()
    graph.add_nodes_from((number, {"column": column}) for number, column in enumerate(columns))
    layout = networkx.multipartite_layout(graph, subset_key="column")
    most = max(abs(y) for _, y in layout.values()) or 1.0
    return [height / 2 - layout[number][1] / most * (height - ROW) / 2 for number in graph]


def _neighbour(
    figure: Figure, middle: AnnotationBbox, neighbour: dict[str, Any], row: float, width: int
) -> AnnotationBbox:
    """A box with its arrow: straight to the concept's side, or along the trunk of its group up to the concept."""
    colour, line, shape = STYLES[neighbour["group"]]
    look = {"boxstyle": f"{shape},pad=0.5", "edgecolor": colour, "facecolor": "#fbfbfb", "linestyle": line}
    arrow = {"arrowstyle": neighbour["arrow"], "color": colour, "linestyle": line}
    if width >= WIDE:
        side, room = _is_left(neighbour), 0.3 * width
        x, to = room if side else width - room, {"xy": (1 - side, 0.5), "xycoords": middle}
    else:
        side, room, x = 0, width - INDENT, INDENT
        trunk = INDENT - 14 - 10 * list(STYLES).index(neighbour["group"])
        to = {"xy": (trunk, 0), "xycoords": ("figure pixels", middle)}
        arrow["connectionstyle"] = "angle,angleA=180,angleB=90"
    to["arrowprops"] = arrow | {"relpos": (side, 0.5)}
    return _box(figure, neighbour["relation"], neighbour["name"], room, (x, row), side, look, **to)


def _box(
    figure: Figure, above: str, name: str, room: float, spot: tuple[float, float], side: float, look: dict, **to: Any
) -> AnnotationBbox:
    """A small line above a name that may be broken once; ``side``: which part of the box is on the spot, 0 the left."""
    above, name = ("".join(letter if letter.isprintable() else " " for letter in text) for text in (above, name))
    texts = [
        TextArea(_fitted(above, 10, room, lines=1), textprops={"size": 10, "color": "#57606a"}),
        TextArea(_fitted(name, 12, room, lines=2), textprops={"size": 12}),
    ]
    to = {"xy": spot, "xycoords": "figure pixels"} | to
    place = {"xybox": spot, "boxcoords": "figure pixels", "box_alignment": (side, 0.5)}
    return figure.add_artist(AnnotationBbox(VPacker(children=texts, pad=0, sep=3), bboxprops=look, **place, **to))


def _fitted(text: str, size: int, room: float, lines: int) -> str:
    """Broken into lines that fit, by the text's own mean letter; what is left over is cut."""
    wide = TextPath((0, 0), f"{text}.", size=size).get_extents().width  # it fails on a text of blanks alone
    letters = max(int(0.9 * (room - 16) * len(text) / wide), 4)
    return textwrap.fill(text, letters, max_lines=lines, placeholder=" …")
