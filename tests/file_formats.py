"""A small file of every format that is read, its reader, and a plain rule for what it holds."""

import codecs
import io
import json
import re

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset

from modeling_kogner.corpora.corpus import load_corpus
from modeling_kogner.corpora.corpus_files import read_rows
from modeling_kogner.corpora.formats import read_records
from modeling_kogner.corpora.pubtator import load_pubtator
from modeling_kogner.corpora.record import Fields
from modeling_kogner.files.tables import read_table
from modeling_kogner.graph.knowledge_graph import KnowledgeGraph
from modeling_kogner.graph.sources import read_obo

TITLE, ABSTRACT = "Aspirin \u03b1 in rats", "It reduced fever, not the \U0001f9ec."
PUBTATOR = [
    *(f"1|t|{TITLE}", f"1|a|{ABSTRACT}"),
    *("1\t0\t7\tAspirin\tChemical\tD1", "1\t29\t34\tfever\tDisease\tD2", "1\tCID\tD1\tD2"),
]
ROWS = [
    {"id": "a", "tokens": ["Aspirin", "\u03b1", "fell"], "ner_tags": ["B-Chemical", "O", "O"]},
    {"id": "b", "tokens": ["no", "breast", "cancer"], "ner_tags": ["O", "B-Disease", "I-Disease"]},
]
DOCUMENTS = [{"id": 1, "text": TITLE, "year": 1999}, {"id": 2, "text": "", "year": None}, {"id": 3, "text": ABSTRACT}]
PASSAGES = [{"offset": 0, "infons": {}, "text": TITLE}, {"offset": 20, "infons": {}, "text": ABSTRACT}]
BIOC = json.dumps({"source": "x", "documents": [{"id": "1", "passages": PASSAGES}, {"id": 2, "passages": []}], "a": 1})
BIOC_XML = f"""<?xml version="1.0"?>
<collection><source>x</source><document><id>1</id><passage><infon key="type">title</infon><offset>0</offset>
<text>{TITLE}</text></passage></document><document><id>2</id></document></collection>
"""
JATS = f"""<article><front><article-meta><article-id pub-id-type="pmid">7</article-id>
<title-group><article-title>{TITLE}</article-title></title-group></article-meta></front>
<body><sec><title>Results</title><p>{ABSTRACT}<sup><xref ref-type="bibr">1</xref></sup></p></sec></body></article>
"""
TABLES = {
    "nodes": ["id\tname\ttype\tsource", "A:1\taspirin\tChemical\tA", "A:2\t5'-NA\tGene\tA", "A:3\tNA\tDisease\tA"],
    "names": ["id\tname", "A:1\tacetylsalicylic acid", 'A:2\t5" end', "A:3\tnull"],
    "edges": ["head\trelation\ttail", "A:1\ttreats\tA:3", "A:2\tis_a\tA:1"],
}
OBO = """format-version: 1.2
ontology: toy

[Term]
id: TOY:1
name: flurbitis \u03b1
synonym: "flurb inflammation" EXACT []
xref: UMLS:C1

[Term]
id: TOY:2
name: acute flurbitis
is_a: TOY:1 ! flurbitis
relationship: located_in TOY:3

[Term]
id: TOY:3
name: flurb

[Typedef]
id: located_in
name: located in
"""


def lines(*rows):
    return "".join(f"{row}\n" for row in rows).encode()


def conll(separator, end="\n"):
    blocks = [zip(row["tokens"], row["ner_tags"], strict=True) for row in ROWS]
    return (f"{end}{end}".join(end.join(separator.join(pair) for pair in block) for block in blocks) + end).encode()


def parquet(rows):
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def from_hub(rows):
    """With the description of the columns that data sets of the Hub have."""
    sink = io.BytesIO()
    Dataset.from_list(rows).to_parquet(sink)
    return sink.getvalue()


def by_pandas(table):
    """With pandas' own description of the columns, and its categories."""
    sink, (head, *rows) = io.BytesIO(), (line.split("\t") for line in TABLES[table])
    pd.DataFrame(rows, columns=head).astype({head[1]: "category"}).to_parquet(sink)
    return sink.getvalue()


# Readers: what they have read, in units that can be counted in the file, and what was wrong.
def documents(path, kind):
    """One by one as `kogner annotate` does; a document that is wrong counts, as it is reported."""
    count, wrong = 0, []
    for record in read_records([(path, kind)], Fields()):
        count += 1
        try:
            record.parse()
        except ValueError as error:
            wrong.append(str(error))
    return count, wrong


def corpus(path, kind):
    load_corpus(str(path))  # all checks
    rows = read_rows(path)
    return (sum(len(row["tokens"]) for row in rows) if kind in ("conll", "tsv") else len(rows)), []


def pubtator(path, kind):
    load_corpus(str(path))
    return sum(1 + bool(document.passages[1].text) + len(document.mentions) for document in load_pubtator(path)), []


def graph(path, kind):
    """One of three tables is damaged, the others are not."""
    for table in {*TABLES} - {path.stem}:
        (path.parent / f"{table}.parquet").write_bytes(by_pandas(table))
    return KnowledgeGraph.read([path.parent]).report["read"][path.stem], []


def ontology(path, kind):
    found = read_obo(path, {"": "Disease"})
    KnowledgeGraph.read([f"{path}:Disease"])
    return len(found.nodes) + sum(count for note, count in found.notes.items() if "terms" in note), []


def own_names(path, kind):
    return len(read_table(path, ["id", "name", "type"])), []


# What a file holds, by rules as plain as can be.
def filled(content, header=0, blank=None):
    """Lines that are not blank, less those of the header."""
    rows = re.split(rb"\r\n|\n|\r", content.removeprefix(codecs.BOM_UTF8))
    return max(0, sum(bool(row.strip(blank)) for row in rows) - header)


def in_lines(content):
    return len(io.BytesIO(content).readlines())


def in_table(content):
    return filled(content, 1)


def in_json_lines(content):
    return sum(bool(line.strip()) for line in content.removeprefix(codecs.BOM_UTF8).split(b"\n"))


def in_list(content):
    """Of a JSON list or, where one was damaged into that, of JSON lines."""
    if not content.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"["):
        return sum(bool(line.strip()) for line in content.decode("utf-8-sig").split("\n"))
    return len(json.loads(content.decode("utf-8-sig")))


def in_own(content):
    """Rows end with a line feed alone; of tabs alone they are rows too."""
    return sum(bool(b"\t" in line or line.strip()) for line in content.split(b"\n")) - 1


def tokens(content):
    """Lines of a CoNLL file that are neither blank nor begin a document."""
    return filled(content, blank=b" \t") - len(re.findall(rb"(?:^|(?<=[\n\r]))-DOCSTART-", content))


def blocks(content):
    """Of a PubTator file, cut at blank lines and titles."""
    return sum(bool(block.strip()) for block in re.split(rb"\n(?:\s*\n|(?=[^|\s]+\|t\|))", content))


def parts(content):
    """Titles, abstracts and mentions of PubTator; not empty abstracts, nor relations, which begin with a word."""
    rows = [line.rstrip(b"\r") for line in content.split(b"\n") if line.strip()]
    return sum(not re.fullmatch(rb"[^|\s]+\|a\||\w+\t[A-Za-z][^\t]*\t[^\t]*\t[^\t]*", line) for line in rows)


def in_bioc(content):
    try:
        return len(json.loads(content.decode("utf-8-sig"))["documents"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return "this is no BioC JSON"


def terms(content):
    """Two of one id are one term, as the format has it."""
    return len(set(re.findall(rb"^\s*\[Term\][^\n]*\n\s*id: *(\S+)", content, re.MULTILINE)))


# Format: file name, content, reader, what counts the units of any content (None: nothing simple does).
FORMATS = {
    "documents, lines": (
        "d.txt",
        lines(TITLE, "", ABSTRACT),
        documents,
        in_lines,
    ),
    "documents, jsonl": ("d.jsonl", lines(*map(json.dumps, DOCUMENTS)), documents, in_json_lines),
    "documents, parquet": ("d.parquet", parquet(DOCUMENTS), documents, None),
    "documents, pubtator": ("d.pubtator", lines(*PUBTATOR, *(f"2{line[1:]}" for line in PUBTATOR)), documents, blocks),
    "documents, bioc": ("d.json", BIOC.encode(), documents, in_bioc),
    "documents, bioc-xml": ("d.xml", BIOC_XML.encode(), documents, None),
    "documents, jats": ("d.nxml", JATS.encode(), documents, None),
    "corpus, jsonl": ("train.jsonl", lines(*map(json.dumps, ROWS)), corpus, in_list),
    "corpus, json": ("train.json", json.dumps(ROWS, indent=1).encode(), corpus, in_list),
    "corpus, parquet": ("train.parquet", from_hub(ROWS), corpus, None),
    "corpus, conll": ("train.conll", conll(" "), corpus, tokens),
    "corpus, tsv": ("train.tsv", conll("\t", "\r\n"), corpus, tokens),
    "corpus, pubtator": ("train.pubtator", lines(*PUBTATOR), pubtator, parts),
    **{f"graph, {table}.tsv": (f"{table}.tsv", lines(*TABLES[table]), graph, in_table) for table in TABLES},
    **{f"graph, {table}.parquet": (f"{table}.parquet", by_pandas(table), graph, None) for table in TABLES},
    "graph, names.csv": ("names.csv", lines("id,name", 'A:1,"acid, sour"', "A:3,null"), graph, in_table),
    "graph, OBO": ("toy.obo", OBO.encode(), ontology, terms),
    "own names, tsv": ("own.tsv", lines("id\tname\ttype", "L:1\tfever\tDisease", "L:2\tNA\tGene"), own_names, in_own),
    "own names, parquet": ("own.parquet", by_pandas("nodes"), own_names, None),
}
