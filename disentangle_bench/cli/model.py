"""Options that name somebody's encoder and generator, and say how they take and give images."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from disentangle_bench.cli.completion import names_of
from disentangle_bench.cli.options import read_settings, read_words

if TYPE_CHECKING:
    from disentangle_bench.evaluation.progress import OnProgress
    from disentangle_bench.evaluation.subject import Subject

Function = TypeVar("Function", bound=Callable[..., Any])
_NAMES = ("encoder", "generator", "latents", "dataset", "images", "outputs", "generated")


def model_options(function: Function) -> Function:
    """`--encoder`, `--generator`, `--latents`, `--dataset`, `--images`, `--outputs` and `--generated`."""
    panel = click.option_panel("An encoder or a generator of your own", options=[f"--{name}" for name in _NAMES])
    for option in reversed((panel, *_OPTIONS)):
        function = option(function)
    return function


def read_model(options: dict[str, Any]) -> dict[str, Any]:
    """Take these options out of all, as arguments of `subject`; empty if there is neither encoder nor generator.

    Raises:
        UsageError: one of the others without them.
    """
    given = {name: value for name in _NAMES if (value := options.pop(name))}
    if given and not given.keys() & {"encoder", "generator"}:
        raise click.UsageError(f"--{next(iter(given))} belongs to --encoder or --generator.")
    if "encoder" in given and "dataset" not in given:
        raise click.UsageError("--encoder needs --dataset, whose images it is given.")
    return {name: dict(value) if name in ("images", "generated") else value for name, value in given.items()}


def subject_maker(model: dict[str, Any], evaluation: dict[str, Any]) -> Callable[[OnProgress], Subject]:
    """What makes the subject, and says so; takes what it needs out of the arguments of `evaluate`."""
    name = model.pop("dataset", None)
    of_dataset = evaluation["settings"].pop("dataset", {})
    rows, device, data_dir = evaluation.pop("rows"), evaluation.pop("device"), evaluation.pop("data_dir")

    def make(on_progress: OnProgress) -> Subject:
        from disentangle_bench import load_dataset, subject
        from disentangle_bench.evaluation.progress import Working

        dataset = None if name is None else load_dataset(name, data_dir=data_dir, **of_dataset)
        on_progress(Working(f"Encoding images of {name}" if "encoder" in model else f"Trying {model['generator']}"))
        return subject(dataset, **model, rows=rows, device=None if device == "auto" else device)

    return make


_OPTIONS = (
    click.option(
        "--encoder",
        metavar="PLACE",
        help="Score this encoder: package.module:name, or a file of TorchScript, torch.export (.pt2) or ONNX.",
    ),
    click.option("--generator", metavar="PLACE", help="Score this generator, or decoder: a place like the encoder's."),
    click.option(
        "--latents",
        metavar="A,B,..",
        help="What the generator takes, column by column, such as gaussian*10 or "
        "uniform-noise*62,categorical:10,uniform*2.",
    ),
    click.option(
        "--dataset",
        metavar="NAME",
        shell_complete=names_of("datasets"),
        help="Whose images are encoded, with settings as in --set dataset.size=32.",
    ),
    click.option(
        "--images",
        multiple=True,
        callback=read_settings,
        metavar="KEY=VALUE",
        help="How the encoder takes images: range=[0,1], channels, size, mean, std, layout=nchw (repeatable).",
    ),
    click.option(
        "--outputs",
        multiple=True,
        callback=read_words,
        metavar="A,B,..",
        help="Which of the encoder's outputs are the codes or their posterior: mean,logvar or codes=2.",
    ),
    click.option(
        "--generated",
        multiple=True,
        callback=read_settings,
        metavar="KEY=VALUE",
        help="How the generator gives images: range=[0,1] or logits, layout=nchw (repeatable).",
    ),
)
