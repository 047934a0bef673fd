"""Sources of a graph: folders of node, name and edge tables, and OBO files."""

from __future__ import annotations

import codecs
import re
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ..files.errors import InputError
from ..files.tables import read_table, with_origin
from .knowledge_folder import SEMANTIC_TYPES

COLUMNS = {
    "nodes": ["id", "name", "type", "source"],
    "names": ["id", "name"],
    "edges": ["head", "relation", "tail"],
}
_SUFFIXES = (".parquet", ".tsv", ".csv")
_STARTS = (b"format-version:", b"[Term", b"[Typedef")
_SPLIT = re.compile(r"^(?P<path>.+\.obo)(?::(?P<types>.+))?$")


# Relations and cross-references that a vocabulary writes with another prefix.
_SPELLED = {"OMIMPS:": "OMIM:PS", "SCTID:": "SNOMEDCT:", "Orphanet:": "ORPHA:"}


@dataclass
class SourceTables:
    """Unchecked rows of one source; each table also has `file` and `row`, see :func:`with_origin`.

    Args:
        nodes: `id`, `name`, `type`, `source`.
        names: `id`, `name`; synonyms, one per row.
        edges: `head`, `relation`, `tail`.
        listed: `id`, `name`, `type`, `source`; one row per name, the preferred name first.
        references: `head`, `relation`, `tail`; either end may be in no source.
        notes: counts for the report of what the reader left out on purpose.
    """

    nodes: pd.DataFrame
    names: pd.DataFrame
    edges: pd.DataFrame
    listed: pd.DataFrame
    references: pd.DataFrame
    notes: dict[str, int] = field(default_factory=dict)


def read_source(source: str) -> SourceTables:
    """Read `PATH.obo:TYPE` or a folder of tables, each `.parquet`, `.tsv` or `.csv`.

    A folder holds `nodes`, `names` and `edges`, and, with or without these three, any of

    - `X.names` (`id`, `name`, `type`, `source`): one row per name, the preferred name first;
    - `X.edges`: as `edges`, but their ends may be in no source;
    - `cross_references` (`id`, `xref`): ids of the same thing in other vocabularies;
    - `hgnc_to_ncbigene` (`hgnc`, `symbol`, `ncbigene`, `ensembl`, `uniprot`).

    Raises:
        InputError: it is neither; a table is absent, occurs twice, is unreadable, or lacks a column.
    """
    if obo := split_obo_source(source):
        return read_obo(*obo)
    folder = Path(source)
    if not folder.is_dir():
        raise InputError("no such folder", file=source, fix="a source is a folder of tables or PATH.obo:TYPE")
    listed = [read_table(path, COLUMNS["nodes"]) for path in _further(folder, "*.names")]
    references = [read_table(path, COLUMNS["edges"]) for path in _further(folder, "*.edges")]
    for path in _further(folder, "cross_references"):
        references.append(_same_as(read_table(path, ["id", "xref"]), "id", "xref"))
    for path in _further(folder, "hgnc_to_ncbigene"):
        genes = read_table(path, ["hgnc", "symbol", "ncbigene", "ensembl", "uniprot"])
        known = genes[genes["ncbigene"] != ""]
        named = known.rename(columns={"ncbigene": "id", "symbol": "name"})
        listed.append(named.assign(type="Gene", source="HGNC"))
        in_taxon = known.rename(columns={"ncbigene": "head"}).assign(relation="in_taxon", tail="NCBITaxon:9606")
        references += [in_taxon, *(_same_as(genes, "hgnc", other) for other in ("ncbigene", "ensembl", "uniprot"))]
    needed = {table for table in COLUMNS if not (listed or references) or _found(folder, table)}
    tables = {
        table: read_table(_find(folder, table), COLUMNS[table]) if table in needed else _empty(table)
        for table in COLUMNS
    }
    return SourceTables(
        **tables,
        listed=pd.concat([_empty("nodes"), *listed], ignore_index=True)[[*COLUMNS["nodes"], "file", "row"]],
        references=pd.concat([_empty("edges"), *references], ignore_index=True)[[*COLUMNS["edges"], "file", "row"]],
    )


def _same_as(table: pd.DataFrame, head: str, tail: str) -> pd.DataFrame:
    """Ids of two columns as `same_as` edges, in the graph's spelling of vocabularies."""
    edges = table[table[tail] != ""].rename(columns={head: "head", tail: "tail"}).assign(relation="same_as")
    for prefix, ours in _SPELLED.items():
        edges["tail"] = edges["tail"].str.replace(f"^{prefix}", ours, regex=True)
    return edges[["head", "relation", "tail", "file", "row"]]


def _empty(table: str) -> pd.DataFrame:
    return with_origin(pd.DataFrame(columns=COLUMNS[table], dtype=str), "")


def _further(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for suffix in _SUFFIXES for path in folder.glob(pattern + suffix))


def read_obo_names(source: str) -> pd.DataFrame:
    """Names and exact synonyms of `PATH.obo:TYPE` as `id`, `name`, `type`; see :func:`split_obo_source`.

    Raises:
        InputError: the source is of another form, or the file is not valid OBO.
    """
    split = split_obo_source(source)
    if split is None:
        raise InputError("no OBO file with the type of its terms", file=source, fix="write PATH.obo:TYPE")
    tables = read_obo(*split)
    types = dict(zip(tables.nodes["id"], tables.nodes["type"], strict=True))
    synonyms = tables.names.assign(type=tables.names["id"].map(types))
    columns = ["id", "name", "type", "file", "row"]
    return pd.concat([tables.nodes[columns], synonyms[columns]], ignore_index=True)


def _found(folder: Path, table: str) -> list[Path]:
    return [folder / (table + suffix) for suffix in _SUFFIXES if (folder / (table + suffix)).is_file()]


def _find(folder: Path, table: str) -> Path:
    found = _found(folder, table)
    if not found:
        fix = "a source folder holds nodes, names and edges (a table without rows but with its header is fine)"
        raise InputError(f"no {table}{{{','.join(_SUFFIXES)}}}", file=folder, fix=fix)
    if len(found) > 1:
        raise InputError(f"both {found[0].name} and {found[1].name}", file=folder, fix="keep the one that is meant")
    return found[0]


def split_obo_source(source: str) -> tuple[Path, dict[str, str]] | None:
    """Split `PATH.obo:Disease` or `PATH.obo:ns1=Process,ns2=Function`; `None` if the source is no OBO file.

    Returns:
        The path, and the semantic type of each namespace; the key `""` stands for every other namespace.

    Raises:
        InputError: no type is given, or an unknown one.
    """
    match = _SPLIT.match(source)
    if match is None:
        return None
    usage = f"write {match['path']}:Disease, or {match['path']}:NAMESPACE=Process,NAMESPACE=Function"
    if match["types"] is None:
        raise InputError("an OBO file does not say which semantic type its terms have", file=source, fix=usage)
    types = {}
    for part in match["types"].split(","):
        namespace, _, semantic_type = part.rpartition("=")
        if semantic_type not in SEMANTIC_TYPES:
            raise InputError(f"{semantic_type!r} is none of {', '.join(SEMANTIC_TYPES)}", file=source, fix=usage)
        types[namespace] = semantic_type
    return Path(match["path"]), types


def read_obo(path: Path, types: dict[str, str]) -> SourceTables:
    """Read terms, exact synonyms, `is_a`, relationships and cross-references.

    Obsolete terms, other synonyms (often broader or merely related) and terms without a name are left out and counted.
    Cross-references become `same_as`.

    Raises:
        InputError: the file is not valid OBO, or a namespace has no type.
    """
    ontology = _parse(path)
    notes: Counter[str] = Counter()
    nodes, names, edges, references = [], [], [], []
    for term in ontology.terms():
        if term.obsolete or not term.name:
            notes["obsolete OBO terms" if term.obsolete else "OBO terms without a name"] += 1
            continue
        nodes.append((term.id, term.name, _type_of(term, types, path), path.stem))
        for synonym in term.synonyms:
            if synonym.scope == "EXACT":
                names.append((term.id, synonym.description))
            else:
                notes["OBO synonyms that are not exact"] += 1
        edges += _edges_of(term, path)
        references += [(term.id, xref.id) for xref in term.xrefs]
    return SourceTables(
        nodes=with_origin(pd.DataFrame(nodes, columns=COLUMNS["nodes"], dtype=str), path),
        # pronto keeps sets: sorted, so that a build gives the same folder every time
        names=with_origin(pd.DataFrame(sorted(names), columns=COLUMNS["names"], dtype=str), path),
        edges=with_origin(pd.DataFrame(sorted(edges), columns=COLUMNS["edges"], dtype=str), path),
        listed=_empty("nodes"),
        references=_same_as(
            with_origin(pd.DataFrame(sorted(references), columns=["id", "xref"], dtype=str), path), "id", "xref"
        ),
        notes=dict(notes),
    )


def _parse(path: Path):
    try:
        import pronto
    except ImportError as error:
        raise InputError("reading OBO needs pronto", file=path, fix="pip install 'kogner[graph]'") from error
    if not path.is_file():
        raise InputError("no such file", file=path, fix="check the path of the source")
    with path.open("rb") as file:
        head = file.read(1 << 16).removeprefix(codecs.BOM_UTF8).lstrip()
    if not head.startswith(_STARTS):  # pronto would also read XML, JSON and archives, and guess the encoding
        problem = f"not a valid OBO file (it begins with {head[:20]!r})"
        raise InputError(problem, file=path, fix="convert it to OBO text first")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pronto warns once for every unusual clause of a big ontology
            return pronto.Ontology(path, import_depth=0, encoding="utf-8")
    except Exception as error:  # pronto lets errors of several parsers through
        raise InputError(f"not a valid OBO file ({error})", file=path, fix="download it again") from error


def _edges_of(term, path: Path) -> list[tuple[str, str, str]]:
    edges = [(term.id, "is_a", parent.id) for parent in term.superclasses(distance=1, with_self=False)]
    try:  # pronto looks a relation up only now
        for relation, tails in term.relationships.items():
            edges += [(term.id, _relation_name(relation), tail.id) for tail in tails]
    except KeyError as error:
        place = {"file": path, "row": f"term {term.id!s:.60}", "field": "relationship"}
        raise InputError(f"{error!s:.60} has no [Typedef]", fix="add it", **place) from None
    return edges


def _type_of(term, types: dict[str, str], path: Path) -> str:
    semantic_type = types.get(term.namespace or "", types.get(""))
    if semantic_type is None:
        fix = f"add {term.namespace}=TYPE to the source, or a type for all the rest as in {path.name}:A=Process,Other"
        place = {"file": path, "row": f"term {term.id!s:.60}", "field": "namespace"}
        raise InputError(f"{term.namespace!r:.60} has no semantic type", fix=fix, **place)
    return semantic_type


def _relation_name(relation) -> str:
    return re.sub(r"\W+", "_", relation.name or relation.id).strip("_")
