.DEFAULT_GOAL := help
.PHONY: help setup test test-slow check train-demo scores linking card evidence pictures notebook
BIN := .venv/bin
DATA := $(or $(KOGNER_DATA),../shared)
CARD := benchmarks/results/release
CORPORA := NCBI-disease BC5CDR BC2GM JNLPBA linnaeus AnatEM BioNLP13CG BioNLP13PC BioNLP11ID BioNLP09 BioNLP11EPI BioNLP13GE Ex-PTM
TESTS = $(BIN)/python eval.py --model hub_card --dataset $(CORPORA:%=$(DATA)/data/ner/%) --split test
SCORES = $(wildcard $(CARD)/metrics*.json $(CARD)/documents*.json)
SEEN = $(wildcard $(DATA)/data/more/*_train.pubtator $(DATA)/data/pubtator/*_train.pubtator $(DATA)/data/pubtator/*_validation.pubtator)
given = $(if $(wildcard $(CARD)/$(2)),$(1) $(CARD)/$(2))

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## environment in .venv with all extras
	test -d .venv || python3 -m venv .venv
	$(BIN)/pip install -c constraints.txt -e '.[dev]'

test: ## the tests; with KOGNER_DATA also those on real corpora
	$(BIN)/python -m pytest -n 2

test-slow: ## the tests that take minutes: exports, kills, several processes, the wheel
	$(BIN)/python -m pytest -n 2 --dist worksteal -m slow

check: ## lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

train-demo: ## a few minutes on a CPU: 5 % of NCBI-disease, no graph, scores on test
	$(BIN)/accelerate launch --cpu --num_processes 1 train.py --dataset $(DATA)/data/ner/NCBI-disease --use-cpu \
	  --encoder $(DATA)/models/minilm12-biomed --train-fraction 0.05 --max-steps 100 --eval-strategy no \
	  --save-strategy no --output-dir artifacts/demo
	$(BIN)/python eval.py --model artifacts/demo --dataset $(DATA)/data/ner/NCBI-disease --output artifacts/demo/metrics.json

scores: ## score hub_card into CARD: test sets without and with a convention and without knowledge, whole documents
	$(TESTS) --output $(CARD)/metrics.json
	$(TESTS) --convention own --output $(CARD)/metrics_own.json
	$(TESTS) --knowledge none --output $(CARD)/metrics_off.json
	$(BIN)/python eval.py --model hub_card --documents $(DATA)/data/more/BioRED_validation.pubtator \
	  --seen $(SEEN) --output $(CARD)/documents.json

LINKING = pubtator/NCBI-disease_test pubtator/BC5CDR_test more/BioRED_validation more/GNormPlus_test more/BioID-CellLine_test
TRAINING = pubtator/NCBI-disease pubtator/BC5CDR more/BioRED more/GNormPlus more/BioID-CellLine
linking: ## score links of gold mentions, and ids of whole documents, into CARD; a fifth of NLM-Gene is held out
	$(BIN)/python benchmarks/held_out_fifth.py $(DATA)/data/more/NLM-Gene_train.pubtator artifacts/held-out
	$(BIN)/python eval.py --model hub_card --linking $(LINKING:%=$(DATA)/data/%.pubtator) artifacts/held-out/NLM-Gene_validation.pubtator \
	  tests/linking/*.pubtator --seen $(TRAINING:%=$(DATA)/data/%_train.pubtator) artifacts/held-out/NLM-Gene_train.pubtator \
	  --wrong-links artifacts/wrong_links.tsv --output $(CARD)/linking.json
	$(BIN)/python eval.py --model hub_card --documents $(DATA)/data/more/BioRED_validation.pubtator --ids --seen $(SEEN) \
	  --output $(CARD)/ids.json

card: ## README.md of hub_card/ from the reports in CARD, then the README's scores; MODEL_ID=OWNER/NAME
	$(BIN)/kogner card hub_card --metrics $(SCORES) \
	  $(call given,--training,training.json) $(call given,--pretraining,pretraining.json) \
	  $(call given,--knowledge,knowledge) $(call given,--speed,speed.json) $(if $(MODEL_ID),--model-id $(MODEL_ID))
	$(BIN)/python benchmarks/front_page.py $(SCORES) $(wildcard $(CARD)/linking.json $(CARD)/ids.json)

evidence: ## tables and plot of the evidence page, from benchmarks/results
	$(BIN)/python benchmarks/report.py benchmarks/results/evidence.jsonl --page docs/evidence.md

pictures: ## README's sentence and the demo page; KNOWLEDGE=the model's knowledge folder
	$(BIN)/python docs/tagged_sentence.py > docs/tagged.svg
	$(if $(KNOWLEDGE),$(BIN)/python docs/demo_picture.py --knowledge $(KNOWLEDGE) > docs/demo.png)

notebook: ## run examples/fine_tune.ipynb again with the bundled model, and keep its outputs
	$(BIN)/python docs/run_notebook.py
