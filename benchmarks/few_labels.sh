#!/usr/bin/env bash
# Make the evidence runs that are still missing in results/evidence.jsonl, of what few_labels_pack.sh packed: pretraining
# with three seeds, then all runs side by side, the lines of each in OUTPUT/runs.jsonl as it ends. The same command goes
# on after a stop; `run.py --list` says what is left. OUTPUT/runs.jsonl then replaces benchmarks/results/evidence.jsonl.
#   bash benchmarks/few_labels.sh FOLDER OUTPUT JOBS [OPTIONS OF TRAIN.PY]
# Two H100, 32 jobs: 20 minutes (pretraining 5, 175 runs 15). PRETRAINING="..." in the environment gives pretrain.py
# further options, such as --num-train-epochs 3 as for the release.
set -euo pipefail
folder=$1 out=$2 jobs=$3
shift 3
packed=$out/packed
mkdir -p "$out"
if [ ! -d "$packed" ]; then
  rm -rf "$out/unpacking" && mkdir "$out/unpacking"
  cat "$folder"/part.* | tar -C "$out/unpacking" -xf -
  mv "$out/unpacking" "$packed"
fi
gpus=$(python -c 'import torch; print(torch.cuda.device_count())')
launch=(--num_processes "$((gpus > 1 ? gpus : 1))")
[ "$gpus" -gt 1 ] && launch+=(--multi_gpu)
[ "$gpus" -eq 0 ] && launch+=(--cpu)
for seed in 1 2 3; do
  # shellcheck disable=SC2086  # options are words
  [ -f "$out/pretrained/$seed/config.json" ] || accelerate launch "${launch[@]}" pretrain.py --text "$packed/windows.parquet" \
    --encoder "$packed/minilm12-biomed" --knowledge "$packed/knowledge" --exclude-tests-of "$packed"/ner/* \
    --per-device-train-batch-size 128 --head-learning-rate 1e-3 --bf16 --save-strategy no --seed "$seed" \
    --output-dir "$out/pretrained/$seed" ${PRETRAINING:-}
done
[ -f "$out/runs.jsonl" ] || cp benchmarks/results/evidence.jsonl "$out/runs.jsonl"
python benchmarks/run.py "${PLAN:-benchmarks/evidence.json}" --data "$packed/ner" --field encoder="$packed/minilm12-biomed" \
  --field knowledge="$packed/knowledge" --field pretrained="$out/pretrained" --field text="$packed/text" --jobs "$jobs" \
  --output "$out/runs.jsonl" -- "$@"
