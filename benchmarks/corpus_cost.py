"""Hours and cost of annotating a corpus, from documents a second that were measured.

    python benchmarks/corpus_cost.py --machine "one core" 4.2 0.05 --machine "one core, int8" 5.9 0.05 --machines 100

Each --machine is a name, its documents a second (`kogner annotate --output` prints them) and its price an hour; nothing
is measured here. Assumed: all documents are as long as those measured (records of PubMed that are a title alone are
quicker), the work divides evenly, and no machine is idle. By default the corpus is PubMed, 36 million records.
"""

import argparse

PUBMED = 36_000_000


def main(arguments: list[str] | None = None) -> None:
    """Print a table, a row a machine."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--machine", nargs=3, action="append", required=True, metavar=("NAME", "RATE", "PRICE"))
    parser.add_argument("--machines", type=int, default=1, help="of each kind, side by side")
    parser.add_argument("--documents", type=int, default=PUBMED)
    args = parser.parse_args(arguments)

    print(f"{args.documents:,} documents, {args.machines:,} machines of a kind side by side\n")
    print("| machine | documents a second | machine-hours | hours | cost |\n|---|---|---|---|---|")
    for name, rate, price in args.machine:
        try:
            hours = args.documents / float(rate) / 3600
            cost = hours * float(price)
        except (ValueError, ZeroDivisionError):
            parser.error(f"--machine {name!r} {rate} {price}: give documents a second, above 0, and a price an hour")
        print(f"| {name} | {float(rate):,g} | {hours:,.0f} | {hours / args.machines:,.1f} | {cost:,.0f} |")


if __name__ == "__main__":
    main()
