"""What mentions stand for that a text does not write out: formulas, and names that are taken to be known."""

from __future__ import annotations

from .chemical_formulas import formula_names

# Entity type -> short or everyday form -> name. What means several things as often ("CD", "DM", "DOX") is left out.
_COMMON = {
    "Anatomy": {
        "BBB": "blood brain barrier", "CNS": "central nervous system", "CSF": "cerebrospinal fluid",
        "PFC": "prefrontal cortex", "plasma": "blood plasma", "PNS": "peripheral nervous system",
        "skeletal muscle": "skeletal muscle tissue", "teeth": "tooth", "VTA": "ventral tegmental area",
    },
    "Cell": {
        "CTL": "cytotoxic T cell", "DC": "dendritic cell", "EC": "endothelial cell",
        "EPC": "endothelial progenitor cell", "ESC": "embryonic stem cell",
        "HUVEC": "endothelial cell of umbilical vein", "iPSC": "induced pluripotent stem cell",
        "MSC": "mesenchymal stem cell", "NSC": "neural stem cell", "OPC": "oligodendrocyte precursor cell",
        "pDC": "plasmacytoid dendritic cell", "PMN": "neutrophil", "RBC": "erythrocyte",
        "RGC": "retinal ganglion cell", "SMC": "smooth muscle cell", "TAM": "tumor-associated macrophages",
        "WBC": "leukocyte",
    },
    "Chemical": {
        "2-AG": "2-arachidonoylglycerol", "3-MA": "3-methyladenine", "3TC": "lamivudine",
        "4-HNE": "4-hydroxy-2-nonenal", "6-MP": "mercaptopurine", "ACh": "acetylcholine", "ActD": "dactinomycin",
        "AOM": "azoxymethane", "BPA": "bisphenol A", "CHX": "cycloheximide", "CPT-11": "irinotecan",
        "CsA": "cyclosporine", "DES": "diethylstilbestrol", "DFO": "deferoxamine", "DHA": "docosahexaenoic acid",
        "DHT": "dihydrotestosterone", "EtBr": "ethidium bromide", "G6P": "glucose-6-phosphate",
        "HCQ": "hydroxychloroquine", "HU": "hydroxyurea", "KYNA": "kynurenic acid", "LPA": "lysophosphatidic acid",
        "LPS": "lipopolysaccharides", "MDA": "malondialdehyde", "METH": "methamphetamine", "MMC": "mitomycin",
        "MNU": "methylnitrosourea", "NADH": "NAD", "NE": "norepinephrine", "NEM": "N-ethylmaleimide",
        "PAF": "platelet activating factor", "PAHs": "polycyclic aromatic hydrocarbons", "PEP": "phosphoenolpyruvate",
        "PFA": "paraformaldehyde", "PGI2": "prostacyclin", "PIP2": "phosphatidylinositol 4,5-diphosphate",
        "PIP3": "phosphatidylinositol 3,4,5-triphosphate", "PMA": "tetradecanoylphorbol acetate",
        "PTZ": "pentylenetetrazole", "RA": "retinoic acid", "RIF": "rifampicin", "S1P": "sphingosine 1-phosphate",
        "SAHA": "vorinostat", "SDS": "sodium dodecyl sulfate", "SNP": "sodium nitroprusside", "STZ": "streptozotocin",
        "TAA": "thioacetamide", "TCDD": "polychlorinated dibenzodioxins", "TMZ": "temozolomide",
        "TNBS": "trinitrobenzenesulfonic acid", "TPA": "tetradecanoylphorbol acetate", "TSA": "trichostatin A",
        "TTX": "tetrodotoxin", "VP-16": "etoposide", "VPA": "valproic acid",
    },
    "Disease": {
        "ACS": "acute coronary syndrome", "AD": "Alzheimer disease", "AMI": "myocardial infarction",
        "APS": "antiphospholipid syndrome", "ARF": "acute renal failure", "BCC": "basal cell carcinoma",
        "CAD": "coronary artery disease", "CKD": "chronic renal insufficiency", "CML": "chronic myeloid leukemia",
        "DCM": "dilated cardiomyopathy", "DVT": "deep vein thrombosis", "EoE": "eosinophilic esophagitis",
        "FTD": "frontotemporal dementia", "GBS": "Guillain-Barre syndrome", "GERD": "gastroesophageal reflux",
        "HF": "heart failure", "HFpEF": "heart failure", "HNPCC": "hereditary nonpolyposis colorectal neoplasms",
        "IBD": "inflammatory bowel disease", "IBS": "irritable bowel syndrome",
        "IPF": "idiopathic pulmonary fibrosis", "ITP": "idiopathic thrombocytopenic purpura", "KS": "Kaposi sarcoma",
        "LQTS": "long QT syndrome", "LVH": "left ventricular hypertrophy", "MCI": "mild cognitive impairment",
        "MDD": "major depressive disorder", "MDS": "myelodysplastic syndrome", "MM": "multiple myeloma",
        "MS": "multiple sclerosis", "MSA": "multiple system atrophy", "NASH": "non-alcoholic fatty liver disease",
        "OCD": "obsessive-compulsive disorder", "OSA": "obstructive sleep apnea",
        "PDAC": "pancreatic ductal carcinoma", "PKU": "phenylketonuria", "PsA": "psoriatic arthritis",
        "PSC": "sclerosing cholangitis", "PSP": "progressive supranuclear palsy", "RA": "rheumatoid arthritis",
        "RCC": "renal cell carcinoma", "RLS": "restless legs syndrome", "RVO": "retinal vein occlusion",
        "SCLC": "small cell lung carcinoma", "SMA": "spinal muscular atrophy", "TBI": "traumatic brain injury",
        "TIA": "transient ischemic attack", "TTP": "thrombotic thrombocytopenic purpura",
        "VT": "ventricular tachycardia",
    },
    "Gene": {
        "COX-1": "prostaglandin-endoperoxide synthase 1", "COX-2": "prostaglandin-endoperoxide synthase 2",
        "cyclooxygenase-1": "prostaglandin-endoperoxide synthase 1",
        "cyclooxygenase-2": "prostaglandin-endoperoxide synthase 2", "GLP-1": "glucagon", "HLA-B27": "HLA-B",
        "ROR\u03b3t": "RAR related orphan receptor C", "RORgammat": "RAR related orphan receptor C",
    },
    "Species": {
        "AAV": "adeno-associated virus", "CMV": "human cytomegalovirus", "DENV": "dengue virus",
        "EBOV": "Ebola virus", "HAV": "hepatitis A virus", "HDV": "hepatitis delta virus", "HEV": "hepatitis E virus",
        "HTLV-1": "human T-cell leukemia virus type I", "JEV": "Japanese encephalitis virus",
        "MRSA": "Staphylococcus aureus", "MSSA": "Staphylococcus aureus", "MTB": "Mycobacterium tuberculosis",
        "RSV": "respiratory syncytial virus", "SARS-CoV": "severe acute respiratory syndrome coronavirus",
        "SIV": "simian immunodeficiency virus", "VZV": "human herpesvirus 3", "WNV": "West Nile virus",
    },
}  # fmt: skip


def written_out(text: str, entity_type: str) -> list[str]:
    """Names that a mention may stand for, the one that vocabularies prefer first; none for what is no short form.

    Args:
        text: of a mention, in the case that it has.
        entity_type: of the mention.
    """
    common = _COMMON.get(entity_type, {})
    if name := common.get(text) or common.get(text.removesuffix("s")):
        return [name]
    return formula_names(text) if entity_type == "Chemical" else []
