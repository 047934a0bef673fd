"""Score a KoGNER model on one or several corpora: `kogner eval`.

    python eval.py --model MODEL --dataset CORPUS [CORPUS ...] --split test --output metrics.json

One H100: about two seconds per corpus; two CPU cores: about two minutes.
The command is in `modeling_kogner/commands/eval.py`; `--help` lists the options.
"""

from modeling_kogner.commands.main import script

if __name__ == "__main__":
    script("eval")
