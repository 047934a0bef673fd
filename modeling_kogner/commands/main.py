"""The `kogner` command."""

import sys

import typer

from .annotate import annotate
from .card import card
from .demo import demo
from .explain import explain
from .export import export
from .push import push

app = typer.Typer(
    help="Biomedical named-entity recognition with a distilled knowledge graph.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(annotate)
app.command()(card)
app.command()(demo)
app.command()(explain)
app.command()(export)
app.command()(push)


# A pass-through, so that its imports wait until it is used: annotating must not need the graph extra.
@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
def graph(context: typer.Context) -> None:
    """Build and distil knowledge graphs, add names to a model: build, distill, add."""
    try:
        from .add import add
        from .graph import app as graph_app

        graph_app.command()(add)
        if context.args[:1] != ["add"]:  # a list of names needs no graph extra
            from .distill import distill

            graph_app.command()(distill)
        typer.main.get_command(graph_app)(args=context.args, prog_name="kogner graph")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("modeling_kogner"):
            raise
        print(f"kogner graph: needs the package {error.name}: pip install 'kogner[graph]'", file=sys.stderr)
        raise typer.Exit(2) from None
    except ValueError as error:
        print(f"kogner graph: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
