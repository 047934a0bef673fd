"""The README's picture: sentences with the mentions that a model finds in them, as SVG.

python docs/tagged_sentence.py > docs/tagged.svg
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from modeling_kogner import load
from modeling_kogner.commands.progress import quiet
from modeling_kogner.corpora.mention import Mention

ROOT = Path(__file__).parents[1]
TEXTS = [
    "Imatinib inhibits KIT in patients with gastrointestinal stromal tumours.",
    "Tamoxifen acts on ESR1 in MCF-7 and on the uterus of rats.",
]
WIDTH, EDGE, LINE, LETTER, SMALL = 760, 16, 52, 8.4, 6.0  # letters of a fixed width: 14 and 10 pixels high


def colours() -> list[str]:
    """Colours of the types in the model's order, as on the demo page."""
    return re.findall(r"\.kind\d { background: (#\w+); }", (ROOT / "modeling_kogner/demo/page.css").read_text())


def pieces(text: str, mentions: Sequence[Mention]) -> Iterator[tuple[bool, str, Mention | None]]:
    """Mentions, the outermost alone, and the words between them, each with whether a space precedes it."""
    end = 0
    for mention in [*mentions, None]:
        if mention and mention.start < end:  # inside another
            continue
        between = text[end : mention.start] if mention else text[end:]
        for space, word in re.findall(r"(\s*)(\S+)", between):
            yield bool(space), word, None
        if mention:
            yield between[-1:].isspace(), mention.text, mention
            end = mention.end


def below(mention: Mention) -> str:
    """The label under a mention."""
    return mention.type + (f" · {mention.id}" if mention.id else "")


def width(text: str, mention: Mention | None) -> float:
    """Width of a word or mention in pixels."""
    return LETTER * len(text) if mention is None else max(LETTER * len(text), SMALL * len(below(mention))) + 10


def written(text: str, middle: float, y: float, letter: float, kind: str) -> str:
    """Text centred at ``middle``; its length is given because fixed-width fonts differ."""
    return f'<text class="{kind}" x="{middle:g}" y="{y:g}" textLength="{letter * len(text):g}">{escape(text)}</text>'


def draw(texts: Sequence[str], found: Sequence[Sequence[Mention]], types: Sequence[str]) -> str:
    """The picture; each text starts on a new line, and a piece that does not fit starts a new line too."""
    fill, parts, y = dict(zip(types, colours(), strict=False)), [], EDGE + 18
    for text, mentions in zip(texts, found, strict=True):
        x = EDGE
        for has_space, word, mention in pieces(text, mentions):
            size = width(word, mention)
            x += LETTER * (has_space and x > EDGE)
            if has_space and x + size > WIDTH - EDGE:
                x, y = EDGE, y + LINE
            if mention:
                box = f'<rect x="{x:g}" y="{y - 17}" width="{size:g}" height="24" rx="5" fill="{fill[mention.type]}"/>'
                parts += [box, written(below(mention), x + size / 2, y + 19, SMALL, "b")]
            parts.append(written(word, x + size / 2, y, LETTER, "t"))
            x += size
        y += LINE
    style = "text{font-family:ui-monospace,monospace;text-anchor:middle;fill:#15181b}.t{font-size:14px}"
    style += ".b{font-size:10px;fill:#57606a}"
    height = y - LINE + 19 + EDGE
    title = f"<title>{escape(' '.join(texts))}</title>"
    frame = f'<rect x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="8" fill="#fff" stroke="#c9d1d9"/>'
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}">'
    return "\n".join([opening, f"{title}<style>{style}</style>", frame, *parts, "</svg>"])


def main() -> None:
    """Annotate the sentences with the bundled model and print the picture."""
    quiet()
    annotator = load()
    mentions = [document.mentions for document in annotator.annotate(TEXTS)]
    print(draw(TEXTS, mentions, annotator.model.config.entity_types))


if __name__ == "__main__":
    main()
