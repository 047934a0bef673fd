"""From a knowledge graph to concept vectors: teacher, student and quantiser; needs the extra ``graph``."""
