"""An OBO file as node, name and edge tables."""

from __future__ import annotations

import codecs
import re
import warnings
from collections import Counter
from pathlib import Path

import pandas as pd

from .knowledge_folder import SEMANTIC_TYPES
from ..files.table_reader import SourceTables, with_origin

_STARTS = (b"format-version:", b"[Term", b"[Typedef")
_SPLIT = re.compile(r"^(?P<path>.+\.obo)(?::(?P<types>.+))?$")


def split_obo_source(source: str) -> tuple[Path, dict[str, str]] | None:
    """Split `PATH.obo:Disease` or `PATH.obo:ns1=Process,ns2=Function`; `None` if the source is no OBO file.

    Returns:
        The path, and the semantic type of each namespace; the key `""` stands for every other namespace.

    Raises:
        ValueError: no type is given, or an unknown one.
    """
    match = _SPLIT.match(source)
    if match is None:
        return None
    usage = f"write {match['path']}:Disease, or {match['path']}:NAMESPACE=Process,NAMESPACE=Function"
    if match["types"] is None:
        raise ValueError(f"{source}: an OBO file does not say which semantic type its terms have; {usage}")
    types = {}
    for part in match["types"].split(","):
        namespace, _, semantic_type = part.rpartition("=")
        if semantic_type not in SEMANTIC_TYPES:
            raise ValueError(f"{source}: {semantic_type!r} is none of {', '.join(SEMANTIC_TYPES)}; {usage}")
        types[namespace] = semantic_type
    return Path(match["path"]), types


def read_obo(path: Path, types: dict[str, str]) -> SourceTables:
    """Read terms, exact synonyms, `is_a`, relationships and cross-references.

    Obsolete terms, other synonyms (often broader or merely related) and terms without a name are left out and counted.
    Cross-references become `same_as` where another source holds the other end.

    Raises:
        ValueError: the file is not valid OBO, or a namespace has no type.
    """
    ontology = _parse(path)
    notes: Counter[str] = Counter()
    nodes, names, edges, unresolved = [], [], [], []
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
        unresolved += [(term.id, "same_as", xref.id) for xref in term.xrefs]
    edge_columns = ["head", "relation", "tail"]
    return SourceTables(
        nodes=with_origin(pd.DataFrame(nodes, columns=["id", "name", "type", "source"], dtype=str), path),
        # pronto keeps sets: sorted, so that a build gives the same folder every time
        names=with_origin(pd.DataFrame(sorted(names), columns=["id", "name"], dtype=str), path),
        edges=with_origin(pd.DataFrame(sorted(edges), columns=edge_columns, dtype=str), path),
        unresolved=with_origin(pd.DataFrame(sorted(unresolved), columns=edge_columns, dtype=str), path),
        notes=dict(notes),
    )


def _parse(path: Path):
    try:
        import pronto
    except ImportError as error:
        raise ValueError(f"{path}: reading OBO needs pronto; pip install 'kogner[graph]'") from error
    if not path.is_file():
        raise ValueError(f"{path}: no such file; check the path of the source")
    with path.open("rb") as file:
        head = file.read(1 << 16).removeprefix(codecs.BOM_UTF8).lstrip()
    if not head.startswith(_STARTS):  # pronto would also read XML, JSON and archives, and guess the encoding
        raise ValueError(f"{path}: not a valid OBO file (it begins with {head[:20]!r}); convert it to OBO text first")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pronto warns once for every unusual clause of a big ontology
            return pronto.Ontology(path, import_depth=0, encoding="utf-8")
    except Exception as error:  # pronto lets errors of several parsers through
        raise ValueError(f"{path}: not a valid OBO file ({error}); download it again") from error


def _edges_of(term, path: Path) -> list[tuple[str, str, str]]:
    edges = [(term.id, "is_a", parent.id) for parent in term.superclasses(distance=1, with_self=False)]
    try:  # pronto looks a relation up only now
        for relation, tails in term.relationships.items():
            edges += [(term.id, _relation_name(relation), tail.id) for tail in tails]
    except KeyError as error:
        raise ValueError(
            f"{path}: term {term.id!s:.60}, field relationship: {error!s:.60} has no [Typedef]; add it"
        ) from None
    return edges


def _type_of(term, types: dict[str, str], path: Path) -> str:
    semantic_type = types.get(term.namespace or "", types.get(""))
    if semantic_type is None:
        raise ValueError(
            f"{path}: term {term.id!s:.60}, namespace {term.namespace!r:.60} has no semantic type; add "
            f"{term.namespace}=TYPE to the source, or a type for all the rest as in {path.name}:A=Process,Other"
        )
    return semantic_type


def _relation_name(relation) -> str:
    return re.sub(r"\W+", "_", relation.name or relation.id).strip("_")
