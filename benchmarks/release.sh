#!/usr/bin/env bash
# Make the release from the data: graph, vectors, pretraining, joint model, decision shifts, linking, folder, scores.
# Each step whose output exists is left out, so the same command goes on after a stop.
#   bash benchmarks/release.sh DATA OUTPUT
# DATA holds kg/, models/minilm12-biomed/ and data/ with ner/, more/, pubtator/ and text/; OUTPUT gets everything.
# Times are those of the release: two CPU cores with 16 GB of memory, and two H100 with 80 GB for steps 2, 4, 5 and 7.
set -euo pipefail
data=$1 out=$2
encoder=$data/models/minilm12-biomed
ner=(NCBI-disease BC5CDR BC2GM JNLPBA linnaeus AnatEM BioNLP13CG BioNLP13PC BioNLP11ID BioNLP09 BioNLP11EPI BioNLP13GE Ex-PTM)
mkdir -p "$out"

# 1. Graph: concepts, ids and names (4 minutes of one core, 5 GB), tables for the tokenizer (3 minutes).
[ -d "$out/built" ] || kogner graph build --source "$data/kg" "$data/kg/more" --output "$out/built"

# 2. Concept vectors: teacher and student (5 minutes and 56 GB of one H100).
[ -d "$out/distilled" ] || kogner graph distill --knowledge "$out/built" --encoder "$encoder" --transr-steps 2000 \
  --transformer-steps 500 --output "$out/distilled"

# 3. Running text in windows, without test sentences (10 minutes of one core). The release read 50 of these 62 M tokens.
tests=("${ner[@]/#/$data/data/ner/}")
[ -f "$out/text.parquet" ] || kogner pretrain --text "$data"/data/text/*.parquet --text-column title abstract body sentences \
  --encoder "$encoder" --exclude-tests-of "${tests[@]}" --windows "$out/text.parquet" --output-dir "$out/unused"

# 4. Pretraining: the encoder learns the graph's types from the text (5 minutes on two H100, beside other runs).
[ -f "$out/pretrained/config.json" ] || accelerate launch --multi_gpu --num_processes 2 pretrain.py --text "$out/text.parquet" \
  --encoder "$encoder" --knowledge "$out/built" --exclude-tests-of "${tests[@]}" --num-train-epochs 3 \
  --per-device-train-batch-size 128 --head-learning-rate 1e-3 --bf16 --seed 1 --output-dir "$out/pretrained"

# 5. Joint model: 4.5 epochs of two passes each, 2,556 steps (6 minutes of one H100, beside six other runs). Then twice
# from there with all layers: on the same sentences (2,651 steps), to choose by validation, and with the validation
# splits of the 13 corpora of ner/ (2,727 steps). The release gave each 400 s of an H100 of its own, planned 9 epochs,
# and let the rate fall by the clock, so these epochs come near it; BioRED's validation documents stay held out.
train() { # RECIPE ENCODER EPOCHS OUTPUT
  [ -f "$4/config.json" ] || accelerate launch train.py --recipe "$1" --data "$data/data" --encoder "$2" --start-from all \
    --knowledge "$out/distilled" --num-train-epochs "$3" --adversarial-norm 1.0 --learning-rate 3e-4 \
    --head-learning-rate 1.5e-3 --warmup-steps 0.06 --weight-decay 0.01 --max-grad-norm 1.0 --bf16 --tf32 true --seed 1 \
    --eval-strategy no --save-strategy no --dataloader-num-workers 2 --output-dir "$4"
}
python - benchmarks/joint.json "$out/joint_all.json" <<'EOF'
import json, sys
recipe = json.load(open(sys.argv[1]))
for corpus in recipe["corpora"].values():
    if corpus["source"].startswith("ner/"):
        corpus["train"] = ["train", "validation"]
json.dump(recipe, open(sys.argv[2], "w"), indent=1)
EOF
train benchmarks/joint.json "$out/pretrained" 4.5 "$out/first"
train benchmarks/joint.json "$out/first" 4.7 "$out/judged"
train "$out/joint_all.json" "$out/first" 4.1 "$out/model"

# 6. Decision shifts of the conventions, chosen on validation (15 minutes of two cores) for the model that did not learn
# from it, and used for the other.
python benchmarks/choose_shifts.py "$out/judged" --own "${ner[@]/#/$data/data/ner/}" "$data/data/more/BioRED"
python - "$out/judged/config.json" "$out/model/config.json" <<'EOF'
import json, sys
judged, model = (json.load(open(path)) for path in sys.argv[1:])
json.dump(model | {"decision_shifts": judged["decision_shifts"]}, open(sys.argv[2], "w"), indent=2)
EOF

# 7. Linking, vectors of names (200 seconds of one H100, beside the searches for negatives). Documents of validation and
# test are left out wherever they occur: BioRED's validation split is part of BC5CDR's and NLM-Gene's training files.
pubtator=$data/data/pubtator more=$data/data/more
for corpus in NLM-Gene GNormPlus SPECIES-800 BioID-CellLine; do
  [ -f "$out/split/${corpus}_validation.pubtator" ] || python benchmarks/held_out_fifth.py "$more/${corpus}_train.pubtator" "$out/split"
done
linked=("$pubtator"/{BC5CDR,NCBI-disease}_train.pubtator "$more"/{BioRED,OSIRIS,S800-extended}_train.pubtator "$out"/split/*_train.pubtator)
chosen=("$pubtator"/{BC5CDR,NCBI-disease}_validation.pubtator "$more/BioRED_validation.pubtator" "$out"/split/*_validation.pubtator)
held=("$pubtator"/{BC5CDR,NCBI-disease}_test.pubtator "$more"/{GNormPlus,BioID-CellLine}_test.pubtator)
[ -d "$out/named" ] || kogner graph vectors --model "$out/model" --knowledge "$out/distilled" --documents "${linked[@]}" \
  --exclude "${chosen[@]}" "${held[@]}" --seconds 200 --output "$out/named"

# 8. Linking, the choice among candidates, and the probabilities of a link by validation. Then the names that validation
# documents use are learned too, but for BioRED's and NLM-Gene's, which stay held out: for validation scores of the other
# corpora leave --further out.
further=("$pubtator"/{BC5CDR,NCBI-disease}_validation.pubtator "$out"/split/{GNormPlus,SPECIES-800,BioID-CellLine}_validation.pubtator)
[ -d "$out/linked" ] || kogner graph choice --model "$out/named" --documents "${linked[@]}" --validation "${chosen[@]}" \
  --exclude "${held[@]}" --further "${further[@]}" --output "$out/linked"

# 9. Folder for the Hub: half precision, shards, shipped code.
python -m modeling_kogner.publishing.release "$out/linked" hub_card

# 10. Scores, and the card that shows them (half an hour for each of the three sets of scores, beside other work).
results=benchmarks/results/release
cp "$out/model/training.json" "$out/pretrained/pretraining.json" "$results"
cp "$out/distilled/knowledge.json" "$results/knowledge"
make BIN="$(dirname "$(command -v python)")" KOGNER_DATA="$data" scores card
