"""Train KoGNER on one or several corpora: `kogner train` for `accelerate launch`.

    accelerate launch train.py --dataset CORPUS [CORPUS ...] --encoder ENCODER --knowledge FOLDER --output_dir MODEL

One H100, NCBI-disease, 15 epochs in bf16: about a minute; strict test F1 about 85 with the bundled encoder.
What it does stands in `modeling_kogner/commands/train.py`; `--help` lists the options.
"""

from modeling_kogner.commands.script import run_script

if __name__ == "__main__":
    run_script("train")
