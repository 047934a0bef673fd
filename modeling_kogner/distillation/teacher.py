"""The teacher: TransR and a graph transformer, trained by link prediction, that yield H = [Z; Z'; Z'']."""

from collections.abc import Callable

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from ..files.counting import counting
from ..files.errors import InputError, UsageError
from .graph_transformer import GraphTransformer, PairScorer
from .link_prediction import Candidates, KnownTriples, degree_scores, filtered_ranks, link_loss, summarise
from .settings import TeacherSettings
from .transr import TransR
from .triples import Triples, with_inverses

RELATION_DRAWS = 16  # relations a step, drawn with replacement
PARTS = ("Z", "Z'", "Z''")  # text, graph transformer, TransR


class Teacher:
    """Both parts of the teacher over one graph.

    Args:
        text: ``(N, D)`` Z on the accelerator's device.
        triples: The graph.
        settings: Size and schedule.
        accelerator: Places parameters and chooses the precision; one process.
        seed: Seeds the split, the initial weights and the sampling.

    Raises:
        UsageError: If several processes run.
    """

    def __init__(self, text: Tensor, triples: Triples, settings: TeacherSettings, accelerator: Accelerator, seed: int):
        if accelerator.num_processes > 1:
            problem = f"distillation runs in one process, {accelerator.num_processes} were launched"
            raise UsageError(problem, fix="use --num_processes 1")
        torch.manual_seed(seed)
        self.settings, self.accelerator, self.triples, self.text = settings, accelerator, triples, text
        splits = triples.split(settings.held_out, torch.Generator().manual_seed(seed))
        self.train, self.validation, self.test = (part.to(accelerator.device) for part in splits)
        size = (triples.num_concepts, triples.num_relations)
        self.train = self.train[self.train[:, 1].argsort(stable=True)]  # a relation's triples stand together
        self.size_of_relation = torch.bincount(self.train[:, 1], minlength=triples.num_relations)
        self.first_of_relation = self.size_of_relation.cumsum(0) - self.size_of_relation
        self.known = KnownTriples(self.train, *size)
        self.all_known = KnownTriples(triples.index.to(accelerator.device), *size)
        self.candidates = Candidates(self.train, *size)
        self.transr = TransR(*size, settings.transr_width).to(accelerator.device)
        self.transr.start_from(text)
        self.transformer = GraphTransformer(
            text.shape[1], triples.num_relations, settings.transformer_width, settings.transformer_layers
        ).to(accelerator.device)
        self.nodes: Tensor | None = None
        self.mix = 0.5

    def fit(self) -> None:
        """Train both parts, then choose on validation triples how much each counts."""
        settings, table, forms = self.settings, self.transr.node_emb.weight, self.transformer.pair_forms
        self._fit(self.transr, table, settings.transr_rate, settings.transr_steps, self._transr_loss, 0.0)
        schedule = settings.transformer_rate, settings.transformer_steps
        self._fit(self.transformer, forms, *schedule, self._transformer_loss, 0.01)
        self.nodes = self._read_graph()
        mrr = {}
        for mix in counting((0.0, 0.25, 0.5, 0.75, 1.0), "mixing both"):
            self.mix = mix
            mrr[mix] = self.evaluate(self.validation, self._scores)["both"]["mrr"]
        self.mix = max(mrr, key=mrr.get)

    def parts(self) -> list[Tensor]:
        """Z, Z' and Z'' of all concepts, rows of length 1."""
        vectors = (self.text, self.nodes, self.transr.node_emb.weight.detach())
        return [nn.functional.normalize(part.float(), dim=-1) for part in vectors]

    def report(self) -> dict:
        """Filtered ranks of test triples by the teacher, by each part, and by degree in the relation."""
        degree = degree_scores(self.train, self.triples.num_concepts, self.triples.num_relations)
        outside = [p for name, p in self.transr.named_parameters() if name != "node_emb.weight"]
        outside += list(self.transformer.parameters())
        scorers = {
            "teacher": self._scores,
            "graph transformer": self._transformer_scores,
            "TransR": self._transr_scores,
            "degree in relation": degree,
        }
        ranked = counting(scorers.items(), "test", total=len(scorers))
        tested = {name: self.evaluate(self.test, score_all) for name, score_all in ranked}
        ratio = {
            side: round(tested["teacher"][side]["mrr"] / tested["degree in relation"][side]["mrr"], 2)
            for side in ("tail", "head", "both")
        }
        return {
            "ranks": "filtered, against all concepts, mean rank of equal scores",
            "triples": {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)},
            "dropped_edges": self.triples.dropped,
            "weight_of_transr": self.mix,
            "test": tested,
            "mrr_over_degree": ratio,
            "parameters_outside_entity_table": sum(p.numel() for p in outside),
            "parameters_entity_table": self.transr.node_emb.weight.numel(),
        }

    def evaluate(self, triples: Tensor, score_all) -> dict:
        """Summary of filtered ranks of triples, in both directions."""
        queries = with_inverses(triples, self.triples.num_relations)
        return summarise(filtered_ranks(score_all, queries, self.all_known), queries, self.triples.relations)

    def _transr_loss(self) -> Tensor:
        triples = with_inverses(self.train[self._draw(self.settings.transr_batch)], self.triples.num_relations)
        return link_loss(self.transr, triples, self.known, self.candidates, self.settings.negatives)

    def _transformer_loss(self) -> Tensor:
        triples, others = self._sample()
        share = max(len(others), 1) / (2 * len(self.train))  # a tiny graph may be hidden whole
        nodes = self.transformer(self.text, others, share)
        scorer = PairScorer(nodes.float(), self.transformer.pair_forms)
        return link_loss(scorer, triples, self.known, self.candidates, self.settings.negatives)

    def _fit(
        self, model: nn.Module, slow: nn.Parameter, rate: float, steps: int, loss: Callable[[], Tensor], decay: float
    ) -> None:
        """Train one part: AdamW with a short warm-up and a linear decay to zero; ``slow`` takes a third of the rate."""
        rest = [parameter for parameter in model.parameters() if parameter is not slow]
        groups = [{"params": rest}, {"params": [slow], "lr": rate / 3}]
        optimizer = torch.optim.AdamW(groups, lr=rate, weight_decay=decay, fused=True)
        warm = max(1, steps // 20)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min((step + 1) / warm, max(0.0, (steps - step) / max(1, steps - warm)))
        )
        model, optimizer = self.accelerator.prepare(model.train(), optimizer)  # in place, as there is one process
        for _ in counting(range(steps), type(model).__name__):
            found = loss()
            if not torch.isfinite(found):
                fix = "lower its learning rate, or use --mixed_precision no"
                raise InputError("the teacher's loss is not finite", fix=fix)
            self.accelerator.backward(found)
            self.accelerator.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            schedule.step()

    def _sample(self) -> tuple[Tensor, Tensor]:
        """Training triples to predict ``(G, B, 3)`` and others that carry messages ``(E, 3)``; both with inverses."""
        chosen, device = self._draw(self.settings.transformer_batch), self.train.device
        hidden = torch.zeros(len(self.train), dtype=torch.bool, device=device)
        hidden[chosen.flatten()] = True
        if self.settings.transformer_messages < len(self.train):  # with replacement: cheap, and near enough
            carrying = torch.randint(len(self.train), (self.settings.transformer_messages,), device=device)
        else:
            carrying = torch.arange(len(self.train), device=device)
        both = (chosen, carrying[~hidden[carrying]])
        return tuple(with_inverses(self.train[rows], self.triples.num_relations) for rows in both)

    def _draw(self, count: int) -> Tensor:
        """Rows of about ``count`` training triples, one relation per group: ``(RELATION_DRAWS, B)``.

        Each relation is as likely as it has triples. Groups of one size let a step treat all relations at once.
        """
        device = self.train.device
        relations = self.train[torch.randint(len(self.train), (RELATION_DRAWS,), device=device), 1]
        first, size = self.first_of_relation[relations], self.size_of_relation[relations]
        count = max(1, min(count, len(self.train) // 10) // RELATION_DRAWS)
        within = torch.rand(RELATION_DRAWS, count, device=device)
        return first[:, None] + (within * size[:, None]).long()

    @torch.no_grad()
    def _read_graph(self) -> Tensor:
        messages = with_inverses(self.train, self.triples.num_relations)
        return self.transformer.eval()(self.text, messages).float()

    def _transr_scores(self, sources: Tensor, relation: int) -> Tensor:
        return _score_all(self.transr, sources, relation)

    def _transformer_scores(self, sources: Tensor, relation: int) -> Tensor:
        return _score_all(PairScorer(self.nodes, self.transformer.pair_forms), sources, relation)

    def _scores(self, sources: Tensor, relation: int) -> Tensor:
        """Both parts are trained as log-odds against the same candidates, so that a weighted sum is fair."""
        transr, transformer = self._transr_scores(sources, relation), self._transformer_scores(sources, relation)
        return self.mix * transr + (1 - self.mix) * transformer


def _score_all(scorer, sources: Tensor, relation: int) -> Tensor:
    """Scores of all concepts as partners of ``(B,)`` sources: ``(B, N)``."""
    relations = torch.tensor([relation], device=sources.device)
    queries = scorer.queries(scorer.nodes[sources][None], relations)
    return scorer.compare(queries, scorer.keys(scorer.nodes[None], relations))[0]
