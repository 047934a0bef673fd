"""Imports go one way: what a folder may import stands in CONTRIBUTING.md, and there is no cycle."""

import ast
import re
from graphlib import CycleError, TopologicalSorter

import pytest
from support import ROOT

PACKAGE = ROOT / "modeling_kogner"
ROWS = re.findall(r"^\| `([^`]+)` \| [^|]+ \| ([^|]+) \|$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
MAY_IMPORT = {room: {room, *re.findall(r"`([^`]+)`", allowed)} for room, allowed in ROWS}


def room_of(module: str) -> str:
    """The row of the table that a module belongs to."""
    parts = module.split(".")
    return f"{parts[1]}/" if (PACKAGE / parts[1]).is_dir() else "*.py"


def imports() -> dict[str, set[str]]:
    """Modules of the package, and those of the package that each of them imports, inside functions too."""
    files = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}
    del files["modeling_kogner.__init__"]  # the public interface names its homes; nothing inside may import it
    found = {}
    for module, path in files.items():
        found[module] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                parts = module.split(".")[: -node.level] + (node.module.split(".") if node.module else [])
                base = ".".join(parts)
                for name in node.names:
                    if name.name == "__version__":
                        continue
                    target = f"{base}.{name.name}" if f"{base}.{name.name}" in files else base
                    found[module].add(f"{target}.__init__" if f"{target}.__init__" in files else target)
    return found


IMPORTS = imports()


def test_every_folder_has_its_row():
    """A folder without a row could import anything."""
    folders = {f"{path.name}/" for path in PACKAGE.iterdir() if path.is_dir() and list(path.glob("*.py"))}
    assert folders | {"*.py"} == set(MAY_IMPORT)


def test_the_table_goes_one_way():
    """Two rows that may import each other would allow every arrow back."""
    order = [room for room, _ in ROWS]
    for place, room in enumerate(order):
        assert not MAY_IMPORT[room] & set(order[place + 1 :]), room


def test_imports_follow_the_table():
    """An arrow back ties two rooms together; a shipped file that imports a folder does not load from the Hub."""
    assert sum(map(len, IMPORTS.values())) > 200
    for module, targets in IMPORTS.items():
        for target in targets:
            assert target in IMPORTS, f"{module} imports {target}, which is no module of the package"
            assert room_of(target) in MAY_IMPORT[room_of(module)], f"{module} imports {target}"


def test_no_module_needs_itself():
    """A cycle hides behind an import inside a function until someone moves that line."""
    try:
        TopologicalSorter(IMPORTS).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
