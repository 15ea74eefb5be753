"""Each rule for models finds the mistake that it is for, and a sound model breaks none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from disentangle_bench.errors import UnknownNameError
from disentangle_bench.means import Mean
from disentangle_bench.models import MODELS
from disentangle_bench.models.conformance import RULES, check_model, check_networks
from disentangle_bench.models.model import Draw, Means, Model, Play, Player
from disentangle_bench.models.networks import NETWORKS

SHAPE = (1, 8, 8)


class Sound(Model):
    """A linear autoencoder, with a critic that looks at what it makes."""

    summary = "Linear autoencoder."
    source = "defined here"
    recipe_defaults = {  # noqa: RUF012
        "latents": {"noise": 0, "codes": [{"kind": "gaussian"}] * 2},
        "optimizer": {"auto": {"kind": "adam", "lr": 1e-3}, "critic": {"kind": "adam", "lr": 1e-3}},
    }

    def __init__(self, recipe, shape, seed=0, *, units: int = 4):
        super().__init__(recipe, shape, seed)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.networks = {
                "encoder": nn.Sequential(nn.Flatten(), nn.Linear(64, units), nn.Linear(units, 4)),
                "decoder": nn.Sequential(nn.Linear(2, 64), nn.Sigmoid(), nn.Unflatten(1, shape)),
                "critic": nn.Sequential(nn.Flatten(), nn.Linear(64, 1)),
            }
        self.players = {"auto": Player(("encoder", "decoder"), "auto"), "critic": Player(("critic",), "critic")}
        self.means = (Mean("loss"),)

    def update(self, draw: Draw, play: Play) -> Means:
        x = draw.real()
        made = play.decoder(play.encoder(x).unflatten(1, (2, 2))[..., 0] + draw.normal(2))
        play.minimise("critic", (play.critic(x) - play.critic(made.detach())).mean())
        with play.frozen("critic") as critic:
            loss = (made - x).square().mean() + critic(made).mean()
            play.minimise("auto", loss + 0 * play.encoder(x).sum())
        return {"loss": loss}

    def parts(self) -> dict[str, Callable[[Tensor], Tensor]]:
        return {"generator": self.networks["decoder"], "encoder": self.networks["encoder"]}


class Undeclared(Sound):
    def update(self, draw, play):
        return {**super().update(draw, play), "more": torch.tensor(0.0)}


class Unreported(Sound):
    def update(self, draw, play):
        super().update(draw, play)
        return {}


class NotScalar(Sound):
    def update(self, draw, play):
        return {"loss": super().update(draw, play)["loss"].repeat(2)}


class Idle(Sound):
    def __init__(self, recipe, shape, seed=0):
        super().__init__(recipe, shape, seed)
        self.networks["idle"] = nn.Linear(2, 2)


class Leaking(Sound):
    def update(self, draw, play):
        x = draw.real()
        made = play.decoder(play.encoder(x).unflatten(1, (2, 2))[..., 0])
        play.minimise("critic", play.critic(made).mean())
        play.minimise("auto", (play.decoder(play.encoder(x).unflatten(1, (2, 2))[..., 0]) - x).square().mean())
        return {"loss": torch.tensor(0.0)}


class Unmoved(Sound):
    def update(self, draw, play):
        x = draw.real()
        play.minimise("auto", (play.decoder(play.encoder(x).unflatten(1, (2, 2))[..., 0]) - x).square().mean())
        return {"loss": torch.tensor(0.0)}


class Global(Sound):
    def update(self, draw, play):
        with torch.no_grad():
            self.networks["critic"][1].bias += torch.rand(1)
        return super().update(draw, play)


class Unseeded(Sound):
    def __init__(self, recipe, shape, seed=0):
        super().__init__(recipe, shape, 0)


class Remembering(Sound):
    calls = 0

    def update(self, draw, play):
        self.calls += 1
        with torch.no_grad():
            self.networks["critic"][1].bias += self.calls
        return super().update(draw, play)


class Unsquashed(Sound):
    def parts(self):
        return {"generator": lambda c: self.networks["decoder"](c) + 1}


class Misshapen(Sound):
    def parts(self):
        return {"encoder": lambda x: self.networks["encoder"](x)[:, :1]}


class Strange(Sound):
    def parts(self):
        return {**super().parts(), "Q": self.networks["encoder"]}


class Fading(Sound):
    def measure(self, draw):
        with torch.no_grad():
            self.networks["critic"][1].bias *= 0.5
        return {}


class Playerless(Sound):
    def __init__(self, recipe, shape, seed=0):
        super().__init__(recipe, shape, seed)
        self.players = {"auto": Player(("encoder", "decodr"), "auto")}


class Wordless(Sound):
    summary = "It is\nlong"


class Nullable(Sound):
    def __init__(self, recipe, shape, seed=0, *, units: int | None = None):
        super().__init__(recipe, shape, seed)


@pytest.fixture
def outcomes_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, str]]:
    monkeypatch.setattr(MODELS, "_targets", {**MODELS._all()})

    def check(model: type[Model], **settings: object) -> dict[str, str]:
        name = f"tried-{model.__name__.lower()}"
        MODELS.add(name, f"{__name__}:{model.__name__}")
        return {outcome.rule: outcome.fault for outcome in check_model(name, "digits", SHAPE, settings)}

    return check


def test_a_sound_one_passes_every_rule(outcomes_of) -> None:
    outcomes = outcomes_of(Sound, **{"model.units": 5})
    assert list(outcomes) == list(RULES)
    assert {name: fault for name, fault in outcomes.items() if fault} == {}


@pytest.mark.parametrize(
    ("model", "rule", "says"),
    [
        (Wordless, "has a summary", "write one sentence"),
        (Nullable, "has a summary", "the settings units have the default None"),
        (Playerless, "is made from a recipe", "moves 'decodr', which is not among the networks"),
        (Undeclared, "reports the means", "update reports more, which `means` does not declare"),
        (Unreported, "reports the means", "update does not report loss"),
        (NotScalar, "reports the means", "loss is no scalar tensor"),
        (Idle, "moves all of its weights", "no player moves idle.bias, idle.weight"),
        (Leaking, "leaves gradients", "critic leaves gradients on decoder.0.bias, decoder.0.weight"),
        (Unmoved, "leaves gradients", "the player 'critic' never moves"),
        (Fading, "reports what it measures", "measure changes tensors of the networks"),
        (Global, "determined by its seed", "draw from `draw`"),
        (Unseeded, "determined by its seed", "another seed gives the same weights"),
        (Remembering, "resumes", "it ends with other weights"),
        (Unsquashed, "offers parts", "not within 0 to 1"),
        (Misshapen, "offers parts", "split_sizes"),
        (Strange, "offers parts", "parts offers Q"),
    ],
)
def test_a_mistake_is_found_by_the_rule_for_it(outcomes_of, model: type[Model], rule: str, says: str) -> None:
    [fault] = [fault for name, fault in outcomes_of(model).items() if fault and rule in name]
    assert says in fault


def test_nothing_follows_where_it_cannot_be_updated(outcomes_of) -> None:
    outcomes = outcomes_of(Unreported)
    assert list(outcomes)[-1] == "updates, and reports the means that it declares"
    with pytest.raises(UnknownNameError, match="colour"):
        outcomes_of(Sound, **{"model.colour": 1})


class Pair:
    shape = (1, 8, 8)

    def __getattr__(self, name):
        return getattr(NETWORKS.get("digits"), name)


class Flat(Pair):
    shape = (8, 8)


class Bright(Pair):
    def generator(self, inputs, width=1.0):
        return nn.Sequential(nn.Linear(inputs, 64), nn.Unflatten(1, (1, 8, 8)), nn.ReLU(), nn.Threshold(2.0, 2.0))


class Plain(Pair):
    def discriminator(self, outputs, width=1.0):
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 1))


class Rigid(Pair):
    def generator(self, inputs, width=1.0):
        return NETWORKS.get("digits").generator(inputs, 0.1)


class Cut(Pair):
    def generator(self, inputs, width=1.0):
        made = NETWORKS.get("digits").generator(inputs, width)
        made.register_forward_pre_hook(lambda _module, given: (given[0].detach(),))
        return made


@pytest.mark.parametrize(
    ("pair", "rule", "says"),
    [
        (Flat, "shape of its images", "shape is (8, 8)"),
        (Bright, "a generator", "end with a sigmoid"),
        (Plain, "a discriminator", "it is a Sequential; return a Discriminator"),
        (Rigid, "becomes smaller", "with half the width"),
        (Cut, "passes gradients", "no gradient reaches the latents"),
    ],
)
def test_mistakes_in_networks(pair: type[Pair], rule: str, says: str) -> None:
    faults = {outcome.rule: outcome.fault for outcome in check_networks(pair(), width=0.1)}
    [fault] = [fault for name, fault in faults.items() if fault and rule in name]
    assert says in fault
