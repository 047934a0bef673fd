"""Teach an encoder the knowledge graph from running text: `kogner pretrain` for `accelerate launch`.

    accelerate launch pretrain.py --text FOLDER --text_column text --encoder ENCODER --knowledge FOLDER \
        --exclude_tests_of CORPUS [CORPUS ...] --output_dir PRETRAINED --bf16

What it does stands in `modeling_kogner/commands/pretrain.py`; `--help` lists the options.
"""

from modeling_kogner.commands.script import run_script

if __name__ == "__main__":
    run_script("pretrain")
