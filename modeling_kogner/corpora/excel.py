"""Excel: a sheet with one row for each mention."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import writers
from .output_format import Annotated, OutputFormat

if TYPE_CHECKING:
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

_ROWS = 1_048_575  # below the header; more do not fit a sheet
_LONGEST = 32_767  # characters of a cell
_WIDTHS = dict(zip("ABCDEFGH", (14, 8, 8, 36, 14, 8, 22, 36), strict=True))


def _lines(document: Annotated) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in writers.rows(document))


def _pack(lines: Path, path: Path) -> None:
    """Rows as JSON -> a workbook, in constant memory; a sheet that is full is followed by another."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet, count = _sheet(book), 0
    with lines.open(encoding="utf-8", newline="\n") as stream:
        for line in stream:
            if count == _ROWS:
                sheet, count = _sheet(book), 0
            sheet.append([_cell(sheet, value) for value in json.loads(line)])
            count += 1
    book.save(path)


def _sheet(book: Any) -> WriteOnlyWorksheet:
    number = len(book.worksheets) + 1
    sheet = book.create_sheet("mentions" if number == 1 else f"mentions {number}")
    sheet.freeze_panes = "A2"
    for letter, width in _WIDTHS.items():
        sheet.column_dimensions[letter].width = width
    sheet.append(writers.COLUMNS)
    return sheet


def _cell(sheet: WriteOnlyWorksheet, value: Any) -> Any:
    """A value as Excel may hold it; a text that begins with ``=`` is text, not a formula."""
    if not isinstance(value, str):
        return value
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub(" ", value)[:_LONGEST])
    cell.data_type = "s"
    return cell


EXCEL = OutputFormat(_lines, pack=_pack, needs="openpyxl")
