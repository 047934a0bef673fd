"""The data-flow picture as SVG, in the colours and the font of the page around it.

python docs/data_flow.py > flow.svg
"""

from __future__ import annotations

from html import escape

WIDTH, HEIGHT, BOX, COLUMN, ROWS = 780, 356, (134, 50), 156, (34, 158, 282)
# name: (column, row, columns wide, title, note)
BOXES = {
    "sources": (0, 0, 1, "sources", "OBO files, tables"),
    "graph": (1, 0, 1, "knowledge graph", "checked, merged"),
    "teacher": (2, 0, 1, "teacher", "TransR, transformer"),
    "student": (3, 0, 1, "student", "light graph layer"),
    "index": (1, 1, 1, "surface index", "names → concepts"),
    "table": (2, 1, 1, "node table", "7 bytes per concept"),
    "layer": (3, 1, 1, "student's layer", "plain torch"),
    "tokens": (0, 2, 1, "text", "token ids"),
    "encoder": (1, 2, 1, "encoder", "BERT, DeBERTa, …"),
    "sentence": (2, 2, 2, "sentence graph and gate", "tokens read their mentions"),
    "head": (4, 2, 1, "tagging head", "O, B-x, I-x"),
}
# from, its side, to, its side, label
ARROWS = [
    ("sources", "right", "graph", "left", ""),
    ("graph", "right", "teacher", "left", ""),
    ("teacher", "right", "student", "left", ""),
    ("graph", "bottom", "index", "top", ""),
    ("student", "left_corner", "table", "right_corner", ""),
    ("student", "bottom", "layer", "top", ""),
    ("tokens", "top", "index", "left", ""),
    ("tokens", "right", "encoder", "left", ""),
    ("encoder", "right", "sentence", "left", ""),
    ("sentence", "right", "head", "left", ""),
    ("index", "bottom", "encoder", "top", "types"),
    ("index", "right_corner_down", "sentence", "left_corner", "candidates"),
    ("table", "bottom", "sentence", "first_column", "vectors"),
    ("layer", "bottom", "sentence", "last_column", "messages"),
]
BANDS = [(25, "before training"), (149, "tables in the model"), (350, "for every text, in the model")]


def _frame(name: str) -> tuple[int, int, int, int]:
    column, row, columns, *_ = BOXES[name]
    return 8 + column * COLUMN, ROWS[row], BOX[0] + (columns - 1) * COLUMN, BOX[1]


def _point(name: str, side: str) -> tuple[float, float]:
    x, y, width, height = _frame(name)
    return {
        "left": (x, y + height / 2),
        "right": (x + width, y + height / 2),
        "top": (x + width / 2, y),
        "bottom": (x + width / 2, y + height),
        "left_corner": (x + 12, y if name == "sentence" else y + height),
        "right_corner": (x + width - 12, y),
        "right_corner_down": (x + width - 12, y + height),
        "first_column": (x + BOX[0] / 2, y),
        "last_column": (x + width - BOX[0] / 2, y),
    }[side]


def _box(name: str) -> str:
    x, y, width, height = _frame(name)
    title, note = map(escape, BOXES[name][3:])
    middle = x + width / 2
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>'
        f'<text x="{middle}" y="{y + 21}" class="t">{title}</text>'
        f'<text x="{middle}" y="{y + 39}">{note}</text>'
    )


def _arrow(start: str, side: str, end: str, other: str, label: str) -> str:
    (x1, y1), (x2, y2) = _point(start, side), _point(end, other)
    way = f"V{y2:g}H{x2:g}" if (side, other) == ("top", "left") else f"L{x2:g} {y2:g}"
    line = f'<path d="M{x1:g} {y1:g}{way}" marker-end="url(#tip)"/>'
    if label:
        line += f'<text x="{(x1 + x2) / 2 + 6:g}" y="{(y1 + y2) / 2 + 4:g}" class="l">{label}</text>'
    return line


def draw() -> str:
    """The picture as one line, so that Markdown leaves it alone."""
    style = (
        ".flow{color:var(--md-default-fg-color,#222);font-family:inherit;font-size:12px;min-width:560px;max-width:100%}"
        ".flow rect{fill:none;stroke:currentColor;stroke-width:1.2}"
        ".flow text{fill:currentColor;text-anchor:middle}.flow .t{font-weight:600;font-size:13px}"
        ".flow .l,.flow .b{text-anchor:start;opacity:.75}.flow path{fill:none;stroke:currentColor}"
        ".flow marker path{fill:currentColor}"
    )
    tip = '<path d="M0 0L7 3.5L0 7z"/>'
    marker = f'<marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="3.5" orient="auto">{tip}</marker>'
    bands = "".join(f'<text x="8" y="{y}" class="b">{name}</text>' for y, name in BANDS)
    parts = bands + "".join(map(_box, BOXES)) + "".join(_arrow(*arrow) for arrow in ARROWS)
    title = "<title>Data flow: sources become a graph, the graph a table in the model, the model tags text</title>"
    return (
        f'<svg class="flow" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" xmlns="http://www.w3.org/2000/svg">'
        f"{title}<style>{style}</style><defs>{marker}</defs>{parts}</svg>"
    )


if __name__ == "__main__":
    print(draw())
