"""How far the gate opens, and what the score loses when the knowledge is wrong.

    python benchmarks/gate_report.py --model MODEL --dataset CORPUS --split validation --output gate.json

Strict F1 with the evidence as it is, with node vectors shuffled among concepts of a type and among all concepts,
with the types of concepts shuffled, and without evidence; in the same weights, over the same sentences.
"""

import argparse
import json
from pathlib import Path

import torch
from transformers import DataCollatorWithPadding

from modeling_kogner import KognerForTokenClassification
from modeling_kogner.corpora.corpus import load_corpus
from modeling_kogner.evaluation.encoded_split import EncodedSplit, predict_logits
from modeling_kogner.files.whole import write_whole
from modeling_kogner.inference.load_model import load_tokenizer


def shuffled(groups: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A permutation that stays inside groups: ``(N,)`` group ids -> ``(N,)`` positions."""
    order = torch.argsort(groups.long() * len(groups) + torch.randperm(len(groups), generator=generator))
    permutation = torch.empty_like(order)
    permutation[torch.argsort(groups, stable=True)] = order
    return permutation


@torch.inference_mode()
def gate_opening(model, windows, tokenizer, batch_size: int = 64) -> dict[str, float]:
    """How the gate stands at tokens that a surface form covers, and how much passes it.

    Returns:
        ``gate``: mean over tokens and channels. ``gate_spread``: mean over channels of the standard deviation over
        tokens; near 0 the gate is a constant. ``message``: mean length of the gated message over that of the token.
    """
    collator, read = DataCollatorWithPadding(tokenizer), []
    hook = model.kogner.graph.register_forward_hook(lambda _, given, made: read.append((given[0], *made[:2])))
    gates, sizes, covered, real = [], [], 0, 0
    for first in range(0, len(windows), batch_size):
        rows = windows.select(range(first, min(first + batch_size, len(windows))))
        windows_read = [{name: row[name] for name in ("input_ids", "attention_mask")} for row in rows]
        batch = collator(windows_read).to(model.device)
        links = model.kogner(batch["input_ids"], batch["attention_mask"]).links
        hidden, enriched, gate = read.pop()
        gates.append(gate[links.covered].float())  # (tokens, d_h)
        sizes.append(((enriched - hidden).norm(dim=-1) / hidden.norm(dim=-1))[links.covered].float())
        covered, real = covered + links.covered.sum().item(), real + batch["attention_mask"].sum().item()
    hook.remove()
    gates = torch.cat(gates)
    return {
        "share_of_tokens_covered": covered / real,
        "gate": gates.mean().item(),
        "gate_spread": gates.std(0).mean().item(),
        "message": torch.cat(sizes).mean().item(),
    }


def main() -> None:
    """Score the conditions and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--split", default="validation")
    parser.add_argument("--output", type=Path, default=Path("gate.json"))
    args = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = KognerForTokenClassification.from_pretrained(args.model).to(device).eval()
    tokenizer = load_tokenizer(args.model)
    corpus = load_corpus(args.dataset)
    types = [kind for kind in corpus.entity_types if kind in model.config.entity_types]
    rows = load_corpus(args.dataset, types).split(args.split)
    split = EncodedSplit.from_split(corpus.name, rows, types, tokenizer, model.config.label2id)

    def f1() -> float:
        return split.score(predict_logits(model, split.windows, tokenizer), model.config.id2label)["f1"]

    generator = torch.Generator().manual_seed(0)
    codes, kinds = model.kogner.nodes.codes.clone(), model.kogner.index.concept_type.clone()
    report = {"model": args.model, "dataset": corpus.name, "split": args.split}
    report |= gate_opening(model, split.windows, tokenizer)
    report["f1"] = {"as it is": f1()}
    among_all = torch.zeros(len(kinds), dtype=torch.long)
    for name, groups in (("vectors shuffled within types", kinds.cpu()), ("vectors shuffled among all", among_all)):
        model.kogner.nodes.codes.copy_(codes[shuffled(groups, generator).to(device)])
        report["f1"][name] = f1()
    model.kogner.nodes.codes.copy_(codes)
    model.kogner.index.concept_type.copy_(kinds[shuffled(among_all, generator).to(device)])
    report["f1"]["types shuffled among all"] = f1()
    model.config.evidence = "none"
    report["f1"]["evidence off"] = f1()
    print(json.dumps(report, indent=1))
    write_whole(args.output, json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
