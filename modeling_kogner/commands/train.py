"""Train KoGNER on one or several corpora.

    kogner train --dataset CORPUS [CORPUS ...] --encoder ENCODER --knowledge FOLDER --output_dir MODEL

A baseline of the same architecture without the graph is `--knowledge none`. All of the Trainer's options apply, for
example `--bf16 --num_train_epochs 8 --seed 1`; after a kill `--resume_from_checkpoint last` goes on.
One H100, NCBI-disease, 15 epochs in bf16: about a minute; strict test F1 about 85 with the bundled encoder.
Several processes: `accelerate launch -m modeling_kogner.commands.train`, or train.py in a checkout.

Exit codes: 0 done; 1 data or model are wrong; 2 wrong options, or a package is missing.
"""

import json
import logging
from pathlib import Path

from datasets import concatenate_datasets
from transformers import DataCollatorForTokenClassification, EarlyStoppingCallback, set_seed

from ..evaluation.encoded_split import validation_metrics
from ..files.whole import write_whole
from ..inference.tokenizers import load_tokenizer
from ..training.arguments import DataArguments, KognerTrainingArguments, ModelArguments, SelfTrainingArguments
from ..training.self_training import label_text, mix
from ..training.start import choose_sentences, encode_corpora, limit_windows, load_corpora, mix_weights, start_model
from ..training.trainer import KognerTrainer, resume_point
from .script import UsageError, read_arguments, run_script


def main(arguments: list[str] | None = None, program: str | None = None) -> None:
    """Read the arguments, train, save."""
    classes = (ModelArguments, DataArguments, SelfTrainingArguments, KognerTrainingArguments)
    model_args, data_args, text_args, training_args = read_arguments(classes, __doc__, arguments, program)
    logging.basicConfig(level=logging.INFO if training_args.process_index == 0 else logging.WARNING)
    if (model_args.encoder is None) == (model_args.checkpoint is None):
        raise UsageError("give either --encoder, to start a new model, or --checkpoint, to train one further")
    resume = resume_point(training_args.resume_from_checkpoint, training_args.output_dir)
    set_seed(training_args.seed)

    corpora, overlap = load_corpora(data_args)
    for name, counts in overlap["report"].items():
        logging.info("%s: %d training sentences, %d dropped as test sentences", name, *list(counts.values())[:2])
    chosen = choose_sentences(overlap["kept"], data_args, training_args.seed)
    tokenizer = load_tokenizer(model_args.checkpoint or model_args.encoder)
    types = data_args.types or sorted({kind for corpus in corpora for kind in corpus.entity_types})
    model = start_model(model_args, types, tokenizer, [corpus.name for corpus in corpora])
    limit_windows(tokenizer, model)
    train, validation = encode_corpora(corpora, chosen, data_args, tokenizer, model.config)
    text_report = None
    if text_args.teacher:
        with training_args.main_process_first(desc="packing the text"):
            text, text_report = label_text(text_args, overlap["tests"], tokenizer, model.config, training_args.device)
        train = mix(train, text, text_args.text_share)
    if training_args.eval_strategy != "no" and not validation:
        raise ValueError("no corpus has a validation split to choose by; add one, or pass --eval_strategy no")

    trainer = KognerTrainer(
        model=model,
        args=training_args,
        train_dataset=train,
        eval_dataset=concatenate_datasets([split.windows for split in validation]) if validation else None,
        data_collator=DataCollatorForTokenClassification(tokenizer, pad_to_multiple_of=8),
        processing_class=tokenizer,
        compute_metrics=validation_metrics(validation, model.config.id2label),
        callbacks=[EarlyStoppingCallback(data_args.early_stopping_patience)]
        if data_args.early_stopping_patience
        else None,
    )
    before = [weight.detach().clone() for weight in model.parameters()] if model_args.kept_share else []
    trainer.train(resume_from_checkpoint=resume)
    mix_weights(model, before, model_args.kept_share)
    trainer.save_model()
    if trainer.is_world_process_zero():
        report = {"train_windows": len(train), "overlap": overlap["report"], "text": text_report}
        report["log"] = trainer.state.log_history
        write_whole(Path(training_args.output_dir, "training.json"), json.dumps(report, indent=1))
        Path(training_args.output_dir, "training_args.bin").unlink(missing_ok=True)  # a pickle that nothing reads


if __name__ == "__main__":
    run_script("train")
