"""Trains the student on H and measures it on concepts that it was not trained on."""

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from ..files.counting import counting
from .settings import StudentSettings
from .student import Neighbours, Student, neighbour_loss, part_cosines
from .teacher import PARTS

COMMITMENT = 10.0  # at 1, straight-through steps carry the compressor away from its codebooks and the codes go stale


def train_student(
    h: Tensor,
    part_widths: list[int],
    neighbours: Neighbours,
    settings: StudentSettings,
    accelerator: Accelerator,
    seed: int,
) -> tuple[Student, Tensor]:
    """Train compressor, codebooks, graph layer and decoder.

    A held-out concept gives no loss, and where a training concept reads it as a neighbour, no gradient reaches the
    compressor through it.

    Args:
        h: ``(N, D)`` parts of H side by side, each part of length 1.
        part_widths: Widths of the parts.
        neighbours: Edges of the whole graph.
        settings: Size and schedule.
        accelerator: Places parameters.
        seed: Seeds the held-out choice, weights and batches.

    Returns:
        The student and ``(N,)`` bool, true for held-out concepts.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    held = torch.zeros(len(h), dtype=torch.bool, device=h.device)
    held[torch.randperm(len(h), generator=generator)[: max(1, round(len(h) * settings.held_out))].to(h.device)] = True
    trained = (~held).nonzero()[:, 0]
    mean = h[trained].mean(0)

    student = Student(part_widths, settings.width, settings.bytes, hidden=settings.hidden, heads=settings.heads)
    optimizer = torch.optim.AdamW(student.parameters(), lr=settings.rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, settings.steps))
    student, optimizer = accelerator.prepare(student.train(), optimizer)
    plain_steps = settings.steps * 2 // 5
    for step in counting(range(settings.steps), "student"):
        if step == plain_steps:
            sample = trained[torch.randperm(len(trained), device=h.device)[:200_000]]
            with torch.no_grad():
                student.quantiser.fit(student.compressor(h[sample]), generator)
        batch = trained[torch.randperm(len(trained), device=h.device)[: settings.batch]]
        loss = _loss(student, h, mean, held, batch, neighbours, settings.neighbour_weight, step >= plain_steps)
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        schedule.step()
    return student.eval(), held


def _rate(step: int, steps: int) -> float:
    """Linear decay in each of the two phases; the second starts lower, because the codebooks are good already."""
    plain = steps * 2 // 5
    if step < plain:
        return 1 - 0.5 * step / plain
    return 0.5 * max(0.0, (steps - step) / max(1, steps - plain))


def _loss(
    student: Student,
    h: Tensor,
    mean: Tensor,
    held: Tensor,
    batch: Tensor,
    neighbours: Neighbours,
    weight: float,
    quantised: bool,
) -> Tensor:
    nodes, edges, places = neighbours.into(batch, len(h))
    z = student.compressor(h[nodes])  # (K, d_k)
    commitment = z.new_zeros(())
    if quantised:
        coded = student.quantiser(z)
        commitment = COMMITMENT * (z - coded.detach())[places].square().mean()
        z = coded
    z = torch.where(held[nodes, None], z.detach(), z)
    z1 = student.propagate(z, edges)[places]  # (B, d_k)
    target = h[batch]
    cosine_loss = 1 - part_cosines(target, student.reproduce(z1), student.part_widths).mean()
    return cosine_loss + weight * neighbour_loss(target - mean, z1) + commitment


@torch.no_grad()
def measure_student(
    student: Student, h: Tensor, held: Tensor, neighbours: Neighbours, seed: int, pool_size: int = 20_000, k: int = 10
) -> dict:
    """How well quantised z1 reproduces H of held-out concepts.

    The compressor reads a held-out concept's own H (that is what the table stores); it was not trained on it.

    Returns:
        Mean cosines, raw and centred on the training concepts' mean, with those of a constant guess (that mean),
        and neighbour overlap@k of up to 4,000 held-out concepts among a pool.
    """
    _, z0, z1 = student.distil(h, neighbours.edge_index)
    rows = held.nonzero()[:, 0]
    mean, target, made = h[~held].mean(0), h[rows], student.reproduce(z1[rows])
    part_means = torch.cat([nn.functional.normalize(part, dim=-1) for part in mean.split(student.part_widths)])
    cosines = {
        "raw": _cosines(target, made, student.part_widths),
        "centred": _cosines(target - mean, made - mean, student.part_widths),
        "raw, constant guess": _cosines(target, part_means.expand_as(target), student.part_widths),
    }
    generator = torch.Generator().manual_seed(seed)
    queries = rows[torch.randperm(len(rows), generator=generator)[:4_000].to(h.device)]
    others = (~held).nonzero()[:, 0]
    others = others[torch.randperm(len(others), generator=generator)[: pool_size - len(queries)].to(h.device)]
    pool = torch.cat([queries, others])
    near = _nearest_rows(h[pool], len(queries), k)
    return {
        "held_out_concepts": len(rows),
        "cosine": cosines,
        "neighbour_pool": len(pool),
        f"neighbour_overlap@{k}": {
            name: round(
                (near[:, :, None] == _nearest_rows(z[pool], len(queries), k)[:, None]).any(2).float().mean().item(), 4
            )
            for name, z in (("z1", z1), ("z0, before the graph layer", z0))
        },
        f"neighbour_overlap@{k}_of_chance": round(k / len(pool), 4),
        "parameters": parameter_counts(student),
    }


def parameter_counts(student: Student) -> dict[str, int]:
    """Parameters outside the table of codes: what ships, and what serves distillation only."""
    count = {name: sum(p.numel() for p in child.parameters()) for name, child in student.named_children()}
    return {**count, "shipped": count["quantiser"] + count["graph_layer"], "all": sum(count.values())}


def _cosines(h: Tensor, other: Tensor, widths: list[int]) -> dict[str, float]:
    parts = part_cosines(h, other, widths).mean(0).tolist()
    whole = nn.functional.cosine_similarity(h, other, dim=-1).mean().item()
    return {"whole": round(whole, 4)} | {name: round(value, 4) for name, value in zip(PARTS, parts, strict=True)}


def _nearest_rows(vectors: Tensor, queries: int, k: int) -> Tensor:
    """The ``k`` rows nearest by cosine to each of the first rows, itself left out: ``(queries, k)``."""
    unit = nn.functional.normalize(vectors, dim=-1)
    similar = unit[:queries] @ unit.T
    similar.fill_diagonal_(-2)
    return similar.topk(min(k, len(vectors) - 1), dim=1).indices
