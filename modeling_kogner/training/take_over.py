"""Layers that a new model takes over from a KoGNER model beside the encoder."""

from __future__ import annotations

import torch

from .. import KognerForTokenClassification


@torch.no_grad()
def take_over_layers(source: KognerForTokenClassification, target: KognerForTokenClassification) -> list[str]:
    """Copy fusion layers, knowledge path and the classifier rows of equally named entity types.

    The knowledge path stays fresh if the target has no knowledge. The student's layer is the source's only if the
    source read vectors; otherwise it is the one distilled into the target's knowledge.

    Returns:
        The entity types that both models know.

    Raises:
        ValueError: the layers have other shapes, or the semantic types are others.
    """
    name = source.config.name_or_path
    prefixes = ["kogner.fusion."]
    if target.config.has_knowledge:
        if source.config.semantic_types != target.config.semantic_types:
            raise ValueError(f"{name}: made for other semantic types than --knowledge; pass --start_from encoder")
        prefixes += ["kogner.input_evidence.", "kogner.graph.", "span_projection."]
    read_vectors = source.config.evidence in ("concepts", "graph")
    given, taken = source.state_dict(), target.state_dict()
    for key in sorted(given.keys() | taken.keys()):
        if not key.startswith(tuple(prefixes)) or (key.startswith("kogner.graph.student.") and not read_vectors):
            continue
        shapes = [tuple(state[key].shape) if key in state else None for state in (given, taken)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"{name}: {key} is {shapes[0]} there and {shapes[1]} here; give the --fusion_layers and --knowledge it "
                "was pretrained with, or --start_from encoder"
            )
        taken[key].copy_(given[key])
    return _take_over_types(source, target)


def _take_over_types(source, target) -> list[str]:
    shared = [kind for kind in target.config.entity_types if kind in source.config.entity_types]
    for kind in shared:
        old, new = (2 * model.config.entity_types.index(kind) for model in (source, target))
        for parameter in ("weight", "bias"):
            rows = getattr(source.classifier, parameter)[old : old + 2]
            getattr(target.classifier, parameter)[new : new + 2] = rows
    return shared
