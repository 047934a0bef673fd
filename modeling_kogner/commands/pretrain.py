"""Teach an encoder the knowledge graph from running text, before any gold label is seen.

    kogner pretrain --text FOLDER --text_column text --encoder ENCODER --knowledge FOLDER \
        --exclude_tests_of CORPUS [CORPUS ...] --output_dir PRETRAINED --bf16

The surface index labels the text with semantic types, mentions are masked as whole units, and the model learns types,
hidden tokens and concept vectors. Start from the result with `kogner train --encoder PRETRAINED [--start_from all]`.
All of the Trainer's options apply, such as `--max_steps` and, after a kill, `--resume_from_checkpoint last`.
With `--windows FILE.parquet` only the packed text is written; give that file as `--text` where the text is not.
Several processes: `accelerate launch -m modeling_kogner.commands.pretrain`, or pretrain.py in a checkout.

Exit codes: 0 done; 1 data or model are wrong; 2 wrong options, or a package is missing.
"""

import json
import logging
from pathlib import Path

from transformers import set_seed

from ..corpora.corpus import load_corpus
from ..files.whole import write_whole
from ..graph.index_tables import load_tables
from ..inference.tokenizers import load_tokenizer
from ..training.arguments import PretrainingArguments, PretrainingStartArguments, TextArguments
from ..training.packed_windows import collate, prepare_windows, write_windows
from ..training.pretraining import PretrainingModel, PretrainingTrainer, dictionary_agreement
from ..training.start import fresh_model
from ..training.trainer import remove_weights, resume_point
from .script import UsageError, read_arguments, run_script

HELD_OUT = 0.01


def main(arguments: list[str] | None = None, program: str | None = None) -> None:
    """Read the arguments, pack the text, train, save."""
    classes = (PretrainingStartArguments, TextArguments, PretrainingArguments)
    start, text, training_args = read_arguments(classes, __doc__, arguments, program)
    logging.basicConfig(level=logging.INFO if training_args.process_index == 0 else logging.WARNING)
    if start.encoder is None or (start.knowledge == "none" and text.windows is None):
        raise UsageError("give --encoder, and the --knowledge that labels the text")
    resume = resume_point(training_args.resume_from_checkpoint, training_args.output_dir)
    set_seed(training_args.seed)

    tokenizer = load_tokenizer(start.encoder)
    if tokenizer.mask_token_id is None:
        raise ValueError(f"{start.encoder}: the tokenizer has no mask token; use an encoder trained with masking")
    with training_args.main_process_first(desc="packing the text"):
        tests = {corpus.name: corpus.split("test") for corpus in map(load_corpus, text.exclude_tests_of)}
        windows, report = prepare_windows(text, tokenizer, tests)
    logging.info("%d windows: %s", len(windows), report)
    if text.windows:
        if training_args.process_index == 0:
            write_windows(Path(text.windows), windows, report, tokenizer)
        return
    with training_args.main_process_first(desc="indexing the graph"):
        types = load_tables(start.knowledge, tokenizer)[0]["semantic_types"]
    tagger = fresh_model(start, types, tokenizer)
    train, held_out = windows.split(HELD_OUT)

    trainer = PretrainingTrainer(
        model=PretrainingModel(tagger, tokenizer.mask_token_id),
        args=training_args,
        train_dataset=train,
        data_collator=collate,
    )
    trainer.train(resume_from_checkpoint=resume)
    if trainer.is_world_process_zero():
        output = Path(training_args.output_dir)
        remove_weights(output)
        tagger.save_pretrained(output)
        tokenizer.save_pretrained(output)
        batch = training_args.train_batch_size * training_args.gradient_accumulation_steps * training_args.world_size
        report = {
            "text": report,
            "windows": {"train": len(train), "held_out": len(held_out)},
            "tokens_seen": trainer.state.global_step * batch * windows.ids.shape[1],
            "dictionary_agreement": dictionary_agreement(tagger, held_out, training_args.per_device_eval_batch_size),
            "log": trainer.state.log_history,
        }
        write_whole(output / "pretraining.json", json.dumps(report, indent=1))


if __name__ == "__main__":
    run_script("pretrain")
