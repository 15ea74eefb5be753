"""Rules for models: what they declare, how they move, what they report, and what they offer once they are trained."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn

from disentangle_bench.conformance import Rule, require, rule
from disentangle_bench.means import log_values
from disentangle_bench.models import MODELS
from disentangle_bench.models.conformance.trial import CPU, Trial, Watched, moved_by, same
from disentangle_bench.models.model import Model
from disentangle_bench.models.model import Watched as Judged
from disentangle_bench.models.trained import TrainedModel
from disentangle_bench.settings import settings_of

RULES: dict[str, Rule[Trial]] = {}
"""By a name that completes "the model ..."."""
IS_MADE = "is made from a recipe, with networks, players and means"
"""Without which no later one can be tried."""
UPDATES = "updates, and reports the means that it declares"
"""Likewise."""
OFFERS = {"generator", "posterior", "encoder"}
FIRST = range(1, 3)


def steps_of_all(model: Model, n: int) -> range:
    """The first n steps in which every player moves."""
    first = max((player.since for player in model.players.values()), default=1)
    return range(first, first + n)


@rule(RULES, "has a summary of one line, a source, and settings with defaults")
def declares(trial: Trial) -> None:
    model = MODELS.get(trial.recipe.model.name)
    line = model.summary.strip()
    require(bool(line) and "\n" not in line and line.endswith("."), f"summary is {line!r}; write one sentence")
    require(bool(model.source.strip()), "source is empty; name the paper and the equation, or 'defined here'")
    lacking = [name for name, setting in settings_of(model).items() if setting.default is None]
    require(not lacking, f"the settings {', '.join(lacking)} have the default None; spell it out")


@rule(RULES, IS_MADE)
def is_made(trial: Trial) -> None:
    model = trial.model()
    lacking = [part for part in ("networks", "players", "means") if not hasattr(model, part)]
    require(not lacking, f"the constructor sets no `{'` and no `'.join(lacking)}`")
    for name, network in model.networks.items():
        require(isinstance(network, nn.Module), f"networks[{name!r}] is {type(network).__name__}; give a module")
    modules = dict(nn.ModuleDict(model.networks).named_modules(remove_duplicate=False))
    for name, player in model.players.items():
        for moved in player.moves:
            require(moved in modules, f"the player {name!r} moves {moved!r}, which is not among the networks")


@rule(RULES, UPDATES)
def updates(trial: Trial) -> None:
    model = trial.model()
    reported = trial.updates(model, range(1, 2))
    require(isinstance(reported, dict), f"update returned {type(reported).__name__}; return a dictionary of scalars")
    declared = {mean.key for mean in model.means}
    lacking, more = sorted(declared - reported.keys()), sorted(reported.keys() - declared)
    require(not lacking, f"update does not report {', '.join(lacking)}, which `means` declares")
    require(not more, f"update reports {', '.join(more)}, which `means` does not declare")
    for key, value in reported.items():
        require(isinstance(value, Tensor) and value.shape == (), f"{key} is no scalar tensor")
        require(bool(value.isfinite()), f"{key} is {value.item()} after one update")


@rule(RULES, "moves all of its weights, each by a player")
def moves_everything(trial: Trial) -> None:
    model = trial.model()
    moved = {weight for player in model.players for weight in moved_by(model, player)}
    learning = {name for name, weight in nn.ModuleDict(model.networks).named_parameters() if weight.requires_grad}
    left = sorted(learning - moved)
    require(not left, f"no player moves {', '.join(left[:3])}; freeze it with requires_grad_(False) if that is meant")


@rule(RULES, "leaves gradients on the weights of the player that moves, and on no others")
def gradients(trial: Trial) -> None:
    model = trial.model()
    play = Watched(model)
    trial.updates(model, steps_of_all(model, 2), play)
    for player, touched in play.touched.items():
        require(bool(touched), f"the player {player!r} never moves")
        own = moved_by(model, player)
        for weights in touched:
            strange, lacking = sorted(weights - own), sorted(own - weights)
            require(
                not strange, f"{player} leaves gradients on {', '.join(strange[:3])}: use `play.frozen` or `detach`"
            )
            require(not lacking, f"{player} leaves no gradient on its own {', '.join(lacking[:3])}")


@rule(RULES, "reports what it measures, and can be watched by its log")
def measures(trial: Trial) -> None:
    model = trial.model()
    reported = trial.updates(model, FIRST)
    before, random = deepcopy(model.state()), torch.get_rng_state()
    measured = model.measure(trial.draw(model, 2))
    require(
        measured.keys() == {mean.key for mean in model.measures}, f"measure gives {', '.join(measured) or 'nothing'}"
    )
    require(measured == model.measure(trial.draw(model, 2)), "measure gives other values when it is asked again")
    require(torch.equal(torch.get_rng_state(), random), "measure changes PyTorch's global random state")
    require(same(before, model.state()), "measure changes tensors of the networks")
    values = {**{key: value.item() for key, value in reported.items()}, **measured}
    entry = {"step": model.recipe.steps, **log_values((*model.means, *model.measures), values)}
    require(isinstance(model.watch([entry]), Judged), "watch returns no Watched")


@rule(RULES, "is determined by its seed alone")
def is_determined(trial: Trial) -> None:
    states = []
    for seed, elsewhere in ((0, 1), (0, 2), (1, 1)):
        with torch.random.fork_rng():
            torch.manual_seed(elsewhere)
            model = trial.model(seed)
            trial.updates(model, FIRST)
            states.append(deepcopy(model.state()))
    first, again, other = states
    require(same(first, again), "PyTorch's global random state changes it: draw from `draw`, and seed initial weights")
    if trial.model().players:  # what is fitted by `finish` alone has no weights before
        require(not same(first, other), "another seed gives the same weights")


@rule(RULES, "resumes to the same bits")
def resumes(trial: Trial) -> None:
    whole = trial.model()
    steps = steps_of_all(whole, 4)
    trial.updates(whole, steps)
    first, second = trial.model(), trial.model(seed=5)
    play, resumed = Watched(first), Watched(second)
    trial.updates(first, steps[:2], play)
    second.load(deepcopy(first.state()))
    for name, optimizer in play.optimizers.items():
        resumed.optimizers[name].load_state_dict(deepcopy(optimizer.state_dict()))
    trial.updates(second, steps[2:], resumed)
    require(
        same(whole.state(), second.state()),
        "stopped after two of four updates and resumed, it ends with other weights: what an update depends on has to "
        "be in the networks, in `kept`, or a function of the draws",
    )


@rule(RULES, "offers parts that do what they say, and comes back from its state")
def offers(trial: Trial) -> None:
    model = trial.model()
    trial.updates(model, FIRST)
    images = torch.randint(0, 256, (200, *trial.shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    model.finish(images, seed=0)
    again = trial.model(seed=5)
    again.load(deepcopy(model.state()))
    trained, restored = TrainedModel(model, CPU), TrainedModel(again, CPU)
    more = sorted(trained.offers - OFFERS)
    require(not more, f"parts offers {', '.join(more)}; there are {', '.join(sorted(OFFERS))}")
    require(bool(trained.offers), "parts offers nothing")
    if "generator" in trained.offers:
        latents = trained.latents.sample(7, torch.Generator().manual_seed(0))
        made = trained.generate(latents)
        require(made.shape == (7, *trial.shape), f"the generator makes {tuple(made.shape)} of 7 latents")
        require(0 <= float(made.min()) <= float(made.max()) <= 1, "the generator's images are not within 0 to 1")
        require(torch.equal(made, restored.generate(latents)), "its state does not give the same generator")
    some = images[:7]
    for name, read, given in (("posterior", trained.posterior, some / 255), ("encoder", trained.encode, some)):
        if name in trained.offers:
            shapes = [tuple(parameters.shape) for parameters in read(given)]
            expected = [(7, width) for width in trained.latents.parameters]
            require(shapes == expected, f"the {name} gives parameters {shapes} for 7 images; the codes take {expected}")
