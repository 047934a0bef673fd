#!/usr/bin/env bash
# Make the release from the data: graph, vectors, pretraining, joint model, decision shifts, scores, folder. Each step
# whose output exists is left out, so the same command goes on after a stop.
#   bash benchmarks/release.sh DATA OUTPUT
# DATA holds kg/, models/minilm12-biomed/ and data/ with ner/, more/, pubtator/ and text/; OUTPUT gets everything.
# Hardware: steps 1 and 3 any CPU, 16 GB of memory; the others one H100 with 80 GB.
set -euo pipefail
data=$1 out=$2
encoder=$data/models/minilm12-biomed
ner=(NCBI-disease BC5CDR BC2GM JNLPBA linnaeus AnatEM BioNLP13CG BioNLP13PC BioNLP11ID BioNLP09 BioNLP11EPI BioNLP13GE Ex-PTM)
scored=(NCBI-disease BC5CDR BC2GM JNLPBA linnaeus AnatEM)
mkdir -p "$out"

# 1. Graph: concepts, ids and names (15 minutes, 8 GB).
[ -d "$out/built" ] || kogner graph build --source "$data/kg" "$data/kg/more" --output "$out/built"

# 2. Concept vectors: teacher and student.
[ -d "$out/distilled" ] || kogner graph distill --knowledge "$out/built" --encoder "$encoder" --output "$out/distilled"

# 3. Running text in windows, without test sentences (20 minutes of one core).
tests=("${ner[@]/#/$data/data/ner/}" "$data"/data/more/{GNormPlus,BioID-CellLine})
[ -f "$out/text.parquet" ] || kogner pretrain --text "$data"/data/text/*.parquet --text-column title abstract body sentences \
  --encoder "$encoder" --exclude-tests-of "${tests[@]}" --windows "$out/text.parquet" --output-dir "$out/unused"

# 4. Pretraining: the encoder learns the graph's types from the text.
[ -f "$out/pretrained/config.json" ] || accelerate launch pretrain.py --text "$out/text.parquet" --encoder "$encoder" \
  --knowledge "$out/built" --exclude-tests-of "${tests[@]}" --bf16 --output-dir "$out/pretrained"

# 5. Joint model: 4.5 epochs of two passes each, about 2,600 steps.
[ -f "$out/model/config.json" ] || accelerate launch train.py --recipe benchmarks/joint.json --data "$data/data" \
  --encoder "$out/pretrained" --start-from all --knowledge "$out/distilled" --num-train-epochs 4.5 --adversarial-norm 1.0 \
  --learning-rate 3e-4 --head-learning-rate 1.5e-3 --warmup-steps 0.06 --weight-decay 0.01 --max-grad-norm 1.0 --bf16 \
  --tf32 true --seed 1 --eval-strategy no --save-strategy no --dataloader-num-workers 2 --output-dir "$out/model"

# 6. Decision shifts, chosen on validation.

# 7. Folder for the Hub: half precision, shards, shipped code.
python -m modeling_kogner.publishing.release "$out/model" hub_card

# 8. Scores, and the card that shows them.
results=benchmarks/results/release
cp "$out/model/training.json" "$out/pretrained/pretraining.json" "$results"
corpora=("${scored[@]/#/$data/data/ner/}")
kogner eval --model hub_card --dataset "${corpora[@]}" --convention own --output "$results/metrics_own.json"
kogner eval --model hub_card --dataset "${corpora[@]}" --output "$results/metrics.json"
kogner eval --model hub_card --dataset "${corpora[@]}" --knowledge none --output "$results/metrics_off.json"
kogner eval --model hub_card --documents "$data/data/more/BioRED_validation.pubtator" --output "$results/documents.json"
make card
