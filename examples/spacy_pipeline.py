"""Annotate texts in spaCy and draw them with displaCy; needs the extra `spacy`.

    python examples/spacy_pipeline.py --model hub_card --output tagged.html

Two CPU cores: a few seconds. Prints one line for each entity, such as:

    Aspirin  Chemical  MESH:D001241
"""

import argparse
from pathlib import Path

import spacy
from spacy import displacy

TEXTS = [
    "Aspirin reduced the fever of patients with leukemia.",
    "Selegiline-induced postural hypotension was seen in rats.",
]


def main(arguments: list[str] | None = None) -> None:
    """Build the pipeline, read the texts, write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="hub_card", help="folder or Hub id")
    parser.add_argument("--output", type=Path, default=Path("tagged.html"))
    args = parser.parse_args(arguments)

    nlp = spacy.blank("en")
    nlp.add_pipe("kogner", config={"model": args.model, "alignment_mode": "expand"})
    docs = list(nlp.pipe(TEXTS))
    for doc in docs:
        for entity in doc.ents:
            print(entity.text, entity.label_, entity.kb_id_ or "-", sep="  ")
    args.output.write_text(displacy.render(docs, style="ent", page=True, jupyter=False))


if __name__ == "__main__":
    main()
