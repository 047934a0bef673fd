#!/usr/bin/env bash
# Pack what the evidence runs need that are still to be made (few labels, self-training) into parts of at most 55 MB:
# encoder, knowledge of the released model, corpora, running text in windows, and the corpora's sentences without labels.
#   bash benchmarks/few_labels_pack.sh DATA FOLDER
# DATA as for release.sh. What exists in FOLDER/packed is kept. Twelve minutes of one core, nearly all for the windows.
set -euo pipefail
data=$1 out=$2 packed=$2/packed
corpora=(NCBI-disease BC5CDR BC2GM linnaeus JNLPBA AnatEM BioNLP13CG)
tests=("${corpora[@]/#/$data/data/ner/}")
encoder=$data/models/minilm12-biomed
mkdir -p "$packed/ner" "$packed/text"
cp -rL --no-preserve=mode "$encoder" "$packed"
cp -rL --no-preserve=mode "${tests[@]}" "$packed/ner"
[ -d "$packed/knowledge" ] || python benchmarks/released_knowledge.py hub_card "$packed/knowledge"
[ -f "$packed/windows.parquet" ] || kogner pretrain --text "${TEXT:-$data/data/text}" --text-column title abstract body sentences \
  --encoder "$encoder" --exclude-tests-of "${tests[@]}" --windows "$packed/windows.parquet" --output-dir "$out/unused"

# A corpus's training sentences without labels, less all test sentences, for self-training.
for corpus in "${corpora[@]:0:6}"; do
  [ -f "$packed/text/own_$corpus.parquet" ] && continue
  python - "$data/data/ner/$corpus" "$out/own.jsonl" <<'EOF'
import json, sys
from modeling_kogner.corpora.corpus import load_corpus
sentences = [" ".join(row) for row in load_corpus(sys.argv[1]).split("train")["tokens"]]
open(sys.argv[2], "w").write("".join(json.dumps({"text": sentence}) + "\n" for sentence in sentences))
EOF
  kogner pretrain --text "$out/own.jsonl" --max-length 64 --encoder "$encoder" --exclude-tests-of "${tests[@]}" \
    --windows "$packed/text/own_$corpus.parquet" --output-dir "$out/unused"
done
rm -f "$out"/own.jsonl "$out"/part.*
tar -C "$packed" -cf - . | split -b 55M - "$out/part."
ls -l "$out"/part.*
