"""Scores of an evaluation during training."""

from types import SimpleNamespace

from modeling_kogner.evaluation.encoded_split import validation_metrics


def test_a_type_without_gold_has_no_score():
    """`Chemical 0.0` would read as if all chemicals were missed, where there are none to find."""
    types = {"Disease": {"f1": 1.0, "gold": 2}, "Chemical": {"f1": 0.0, "gold": 0}}
    split = SimpleNamespace(
        name="mine", types=list(types), windows=[0], score=lambda logits, labels: {"f1": 1.0, "types": types}
    )
    assert validation_metrics([split], {})(SimpleNamespace(predictions=[0])) == {"f1": 1.0, "Disease_f1": 1.0}
