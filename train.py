"""Train KoGNER on one or several corpora: `kogner train` for `accelerate launch`.

    accelerate launch train.py --dataset CORPUS [CORPUS ...] --encoder ENCODER --knowledge FOLDER --output-dir MODEL

One H100, NCBI-disease, 15 epochs in bf16: about a minute; strict test F1 about 85 with the bundled encoder.
The command is in `modeling_kogner/commands/train.py`; `--help` lists the options.
"""

from modeling_kogner.commands.main import script

if __name__ == "__main__":
    script("train")
