"""Mean probability of each index row's type where its mention is hidden and no evidence is read."""
import sys, torch, numpy as np, pyarrow.parquet as pq
sys.path.insert(0, ".")
from modeling_kogner.inference.load_model import load_model
pretrained, windows, output = sys.argv[1:4]
torch.set_float32_matmul_precision("high")
model, tok = load_model(pretrained)
device = "cuda" if torch.cuda.is_available() else "cpu"
model.to(device).eval()
model.config.evidence = "none"
index = model.kogner.index
kinds = index.num_types
assert model.config.entity_types == model.config.semantic_types, model.config.entity_types
ids = pq.read_table(windows)["input_ids"].combine_chunks()
ids = ids.flatten().to_numpy().reshape(len(ids), -1)
N = index.surface_hash.numel()
total = torch.zeros(N, device=device, dtype=torch.float64); count = torch.zeros(N, device=device, dtype=torch.float64)
base = torch.zeros(kinds, 2, device=device, dtype=torch.float64)
torch.manual_seed(0)
with torch.inference_mode(), torch.autocast(device, torch.bfloat16):
    for first in range(0, len(ids), 512):
        x = torch.from_numpy(ids[first:first + 512].astype(np.int64)).to(device)
        links = index(x)
        draw = torch.rand(x.shape, device=device).gather(1, links.start)
        hide = links.covered & (draw < 0.3)
        logits = model(x.masked_fill(hide, tok.mask_token_id)).logits.float()
        odds = logits[..., 1:].unflatten(-1, (kinds, 2))
        begin = torch.nn.functional.pad(odds, (1, 0)).softmax(-1)[..., 1]  # (B, T, K)
        chosen = links.is_mention & hide
        b, t = chosen.nonzero(as_tuple=True)
        size = torch.zeros_like(x).scatter_add_(1, links.start, links.covered.long())[b, t]
        query = index.hash_ngrams(x)[0][b, t, size - 1]
        row = torch.searchsorted(index.surface_hash, query)
        rows = (row[:, None] + torch.arange(4, device=device)).clamp(max=N - 1)
        hit = index.surface_hash[rows] == query[:, None]
        kind = index.concept_type[index.surface_concept[rows].long()].long()
        p = begin[b, t].gather(1, kind).double()
        total.index_add_(0, rows[hit], p[hit]); count.index_add_(0, rows[hit], torch.ones_like(p[hit]))
torch.save({"total": total.float().cpu(), "count": count.int().cpu()}, output)
seen = count >= 5
mean = (total / count.clamp(min=1))
print("rows seen 5 times or more", int(seen.sum()), "mentions", int(count.sum()))
kind = index.concept_type[index.surface_concept.long()].long()
for k, name in enumerate(model.config.semantic_types):
    m = mean[seen & (kind == k)]
    if len(m): print(name, len(m), [round(float(q), 3) for q in torch.quantile(m.float(), torch.tensor([.05, .1, .25, .5, .75, .9], device=device))])
