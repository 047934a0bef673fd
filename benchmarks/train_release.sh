#!/usr/bin/env bash
# Train the joint model of the release on all corpora that annotate its types, then write the Hub folder.
# PRETRAINED is what pretrain.py wrote with the same knowledge.
#   bash benchmarks/train_release.sh CORPORA PRETRAINED KNOWLEDGE MODEL OUTPUT [further options of train.py]
set -euo pipefail
corpora=$1 pretrained=$2 knowledge=$3 model=$4 output=$5
shift 5
names=(NCBI-disease BC5CDR BC2GM JNLPBA linnaeus AnatEM BioNLP13CG BioNLP13PC BioNLP11ID BioNLP09 BioNLP11EPI BioNLP13GE Ex-PTM)
accelerate launch train.py --dataset "${names[@]/#/$corpora/}" \
  --types Disease Chemical Gene Species Anatomy Cell CellLine \
  --encoder "$pretrained" --start_from all --conventions true --mention_masking 0.2 --knowledge "$knowledge" \
  --output_dir "$model" --seed 1 --num_train_epochs 5 --per_device_train_batch_size 64 \
  --learning_rate 1.5e-4 --head_learning_rate 7.5e-4 --eval_strategy no --save_strategy no --tf32 true "$@"
kogner graph add "$model" --equivalents "$knowledge/equivalents.parquet" --output "$model-equivalents"
python -m modeling_kogner.publishing.release "$model-equivalents" "$output"
