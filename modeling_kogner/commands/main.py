"""The `kogner` command."""

import typer

from .annotate import annotate
from .card import card
from .demo import demo
from .explain import explain
from .export import export
from .push import push
from .script import errors_as_one_line, run_script

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


# Pass-throughs, so that imports wait until they are used: annotating must need neither extra, and none of the time.
_PASS_THROUGH = {
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    "add_help_option": False,
}


@app.command(**_PASS_THROUGH)
def train(context: typer.Context) -> None:
    """Train a model on corpora."""
    run_script("train", context.args, "kogner train")


@app.command(**_PASS_THROUGH)
def eval(context: typer.Context) -> None:
    """Score a model on corpora."""
    run_script("eval", context.args, "kogner eval")


@app.command(**_PASS_THROUGH)
def pretrain(context: typer.Context) -> None:
    """Teach an encoder the graph from running text."""
    run_script("pretrain", context.args, "kogner pretrain")


@app.command(**_PASS_THROUGH)
def graph(context: typer.Context) -> None:
    """Build and distil knowledge graphs, add names to a model: build, distill, stats, add."""
    with errors_as_one_line("kogner graph", "graph"):
        from .add import add
        from .graph import app as graph_app
        from .stats import stats

        graph_app.command()(add)
        graph_app.command()(stats)
        if context.args[:1] not in (["add"], ["stats"]):  # these need no graph extra
            from .distill import distill

            graph_app.command()(distill)
        typer.main.get_command(graph_app)(args=context.args, prog_name="kogner graph")
