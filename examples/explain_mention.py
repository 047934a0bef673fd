"""Say for each mention of a text which names of the graph were found in it and what the answer is without the graph.

    python examples/explain_mention.py --model hub_card "postural hypotension in Parkinson's disease"

Two CPU cores: a few seconds. Prints one block a mention, such as:

    postural hypotension: Disease
      names: postural hypotension, hypotension
      read:  MESH:D007024 Hypotension, Orthostatic
      without the graph: hypotension
"""

import argparse

from modeling_kogner import explain, load


def main(arguments: list[str] | None = None) -> None:
    """Load, explain, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text")
    parser.add_argument("--model", default="hub_card", help="folder or Hub id")
    args = parser.parse_args(arguments)

    for explained in explain(load(args.model), args.text).mentions:
        print(f"{explained.mention.text}: {explained.mention.type}")
        print("  names:", ", ".join(surface.text for surface in explained.surfaces) or "none")
        for surface in explained.surfaces:
            for candidate in surface.candidates if surface.is_read else []:
                print("  read: ", candidate.id, candidate.name)
        print("  without the graph:", ", ".join(other.text for other in explained.without_knowledge) or "nothing")


if __name__ == "__main__":
    main()
