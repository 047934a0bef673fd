"""Teach an encoder the knowledge graph from running text: `kogner pretrain` for `accelerate launch`.

    accelerate launch pretrain.py --text FOLDER --text-column text --encoder ENCODER --knowledge FOLDER \
        --exclude-tests-of CORPUS [CORPUS ...] --output-dir PRETRAINED --bf16

The command is in `modeling_kogner/commands/pretrain.py`; `--help` lists the options.
"""

from modeling_kogner.commands.main import script

if __name__ == "__main__":
    script("pretrain")
