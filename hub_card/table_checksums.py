"""Checksums of the knowledge tables: a damaged one would link text to wrong concepts without an error."""

import torch

# Modules and buffers of the body whose tensors are tables; no training changes them.
TABLES = ("index.", "nodes.", "names.", "linking.", "catalogue")
_PART = 2**20  # words a step, so that a big table needs little further memory


def checksum(table: torch.Tensor) -> str:
    r"""Digest of a tensor as 16 hexadecimal digits.

    .. math:: \sum_i (2i + 1)\, w_i \pmod{2^{64}}

    over its bytes as 64-bit words :math:`w_i`. The factors are odd, so a change of any single word shows; they differ,
    so words that changed places show too. One pass of integer arithmetic, on the tensor's device. It guards against
    damage, not against forgery.

    Floating-point tables count as rounded to half precision, the form in which a release stores them.
    """
    values = table.half() if table.is_floating_point() else table
    content = values.detach().contiguous().flatten().view(torch.uint8)
    words = torch.nn.functional.pad(content, (0, -len(content) % 8)).view(torch.long)
    total = 0
    for number, part in enumerate(words.split(_PART)):
        odd = 2 * (torch.arange(len(part), device=words.device) + _PART * number) + 1
        total += (part * odd).sum().item()
    return f"{total & (2**64 - 1):016x}"


def damaged_tables(tables: dict[str, torch.Tensor], expected: dict[str, str]) -> list[str]:
    """Names of the tables that are not what they were when ``expected`` was taken.

    Skipped are tables without a checksum, on the meta device, and those that loading rounded (bfloat16).
    """
    return [
        name
        for name, table in tables.items()
        if name in expected
        and not (table.is_meta or table.dtype == torch.bfloat16)
        and checksum(table) != expected[name]
    ]
