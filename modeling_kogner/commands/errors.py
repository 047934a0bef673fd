"""`kogner errors`: a model and corpora in, kinds of error with examples out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..files.counting import counting
from ..files.option import option
from .progress import loading_model, quiet


@dataclass
class ErrorOptions:
    """Options."""

    dataset: list[str] = option("Corpora: folders, files or Hub ids.")
    model: str | None = option("KoGNER model: folder, Hub id or package; the bundled one if left out.", None)
    split: str = option("Split to read.", "validation")
    output: Path = option("File to write: .html, a page, or .json.", Path("errors.html"))
    types: list[str] | None = option("Only these of the corpus's types.", None, commas=True)
    convention: str = option("Annotation convention to follow: none, own (the corpus's) or a corpus.", "none")
    examples: int = option("Examples of each kind and type.", 30, least=0)
    batch_size: int = option("Sentences per step.", 64, least=1)
    max_length: int = option("Tokens per window; longer sentences get several.", 256)
    stride: int = option("Tokens that neighbouring windows share.", 32)
    device: str | None = option("cpu or cuda; a GPU if there is one.", None)


def errors(options: ErrorOptions) -> None:
    """Show what kinds of error a model makes: borders, wrong types, missed and spurious mentions, with examples.

    kogner errors --model my-model --dataset my-corpus --output errors.html

    The types of the corpus alone compete, as in `kogner eval`. The page holds sentences of the corpus.
    """
    from ..evaluation.error_page import NAMES, error_page
    from ..evaluation.error_report import report_errors
    from ..evaluation.report import read_corpus
    from ..files.whole import write_whole
    from ..inference.find_model import find_model
    from ..inference.load_model import device_of

    quiet()
    source = find_model(options.model)
    model, tokenizer = loading_model(source)
    model.to(device_of(options.device))
    windowing, reports = (options.max_length, options.stride, options.batch_size), []
    for corpus in options.dataset:
        how = (options.split, options.types, options.convention, windowing, counting)
        encoded, logits = read_corpus(model, tokenizer, corpus, *how)
        tags = encoded.decode(logits, model.config.id2label)
        reports.append({"split": options.split} | report_errors(encoded, tags, options.examples))
        for row in reports[-1]["types"]:
            counts = "  ".join(f"{title.lower()} {row['errors'][kind]}" for kind, (title, _) in NAMES.items())
            print(f"{encoded.name:16} {row['type']:12} {row['right']}/{row['gold']} right  {counts}")
    if options.output.suffix == ".json":
        write_whole(options.output, json.dumps(reports, ensure_ascii=False, indent=1) + "\n")
    else:
        write_whole(options.output, error_page(reports, Path(str(source)).name))
    print(f"-> {options.output}")
