"""Dictionary alone on validation for several knowledge folders; the best is linked as `agreed`."""
import json, os, sys
from concurrent.futures import ProcessPoolExecutor
import multiprocessing
from pathlib import Path
CORPORA = ["NCBI-disease", "BC5CDR/Chemical", "BC5CDR/Disease", "BC2GM", "linnaeus", "JNLPBA", "AnatEM"]
sys.path[:0] = [".", "benchmarks"]
def score(task):
    folder, corpus, data, encoder = task
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    from scoring import Scorer, corpus_of
    from surface_lookup import DictionaryTagger, load_index
    from modeling_kogner.configuration_kogner import bio_labels
    from modeling_kogner.inference.load_model import load_tokenizer
    tok = load_tokenizer(encoder)
    types = corpus_of(Path(data), corpus).entity_types
    tagger = DictionaryTagger(*load_index(folder, tok), types)
    s = Scorer(Path(data), None).score(corpus, "validation", tagger, tok, {l: i for i, l in enumerate(bio_labels(types))})
    return folder, corpus, s["precision"], s["recall"], s["f1"]
if __name__ == "__main__":
    data, encoder, *folders = sys.argv[1:]
    tasks = [(f, c, data, encoder) for f in folders for c in CORPORA]
    mean = {f: 0 for f in folders}
    with ProcessPoolExecutor(14, multiprocessing.get_context("spawn")) as pool, open("dictionaries.txt", "w") as out:
        for folder, corpus, p, r, f1 in pool.map(score, tasks):
            mean[folder] += f1 / len(CORPORA)
            print(folder, corpus, round(p, 4), round(r, 4), round(f1, 4), file=out, flush=True)
        print(mean, file=out)
    best = max([f for f in folders if "agreed" in f], key=mean.get)
    link = Path("agreed"); link.unlink(missing_ok=True); link.symlink_to(best)
