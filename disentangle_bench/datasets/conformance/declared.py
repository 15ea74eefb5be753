"""Rules for what a dataset declares; nothing is loaded for them."""

from __future__ import annotations

import inspect

from disentangle_bench.conformance import Rule, require, rule
from disentangle_bench.datasets.conformance.trial import Trial
from disentangle_bench.representation.kinds import KINDS

DECLARED: dict[str, Rule[Trial]] = {}
"""By a name that completes "the dataset ..."."""


@rule(DECLARED, "has the name under which it is registered")
def name(trial: Trial) -> None:
    require(trial.declared.name == trial.name, f"info.name is {trial.declared.name!r}, and the name is {trial.name!r}")


@rule(DECLARED, "has a title, a license and a citation")
def says_what_it_is(trial: Trial) -> None:
    lacking = [key for key in ("title", "license", "citation") if not getattr(trial.declared, key).strip()]
    require(not lacking, f"info has no {' and no '.join(lacking)}")


@rule(DECLARED, "declares how many images of which shape it has")
def images(trial: Trial) -> None:
    info = trial.declared
    if info.users_own:  # nothing is known of these before the user says where they are
        require(not info.files, "info.images is 0, as of a user's own images, but it declares files")
        return
    require(len(info.shape) == 3 and min(info.shape) > 0, f"info.shape is {info.shape}; give (channels, height, width)")
    require(info.shape[0] in (1, 3), f"info.shape is {info.shape}; images have 1 channel or 3, which come first")
    some = info.train_images is None or 0 < info.train_images < info.images
    require(some, f"info.train_images is {info.train_images} of {info.images} images; hold some out, or declare None")


@rule(DECLARED, "declares factors of known kinds and sizes, each once")
def factors(trial: Trial) -> None:
    names = [factor.name for factor in trial.declared.factors]
    require(len(set(names)) == len(names), f"the factors are {', '.join(names)}; give each another name")
    for factor in trial.declared.factors:
        require(factor.kind in KINDS, f"the factor {factor.name!r} is {factor.kind!r}; use {', '.join(KINDS)}")
        whole = factor.kind != "continuous"
        says = f"the factor {factor.name!r} is {factor.kind} and has the size {factor.size}; "
        require(not whole or (factor.size or 0) > 0, f"{says}say how many classes it has")
        require(whole or factor.size is None, f"{says}a continuous one has none")


@rule(DECLARED, "names a categorical factor as its labels, if any")
def labels(trial: Trial) -> None:
    kinds = {factor.name: factor.kind for factor in trial.declared.factors}
    wanted = trial.declared.labels
    known = wanted is None or kinds.get(wanted) == "categorical"
    require(known, f"info.labels is {wanted!r}; the factors are {kinds or 'none'}")


@rule(DECLARED, "declares sizes and hashes of its files")
def files(trial: Trial) -> None:
    info = trial.declared
    for name, file in info.files.items():
        has = f"the file {name!r} has"
        for kind, given, digits in (("SHA-256", file.sha256, 64), ("MD5", file.md5, 32)):
            valid = given is None or (len(given) == digits and set(given) <= set("0123456789abcdef"))
            require(valid, f"{has} the {kind} {given!r}, which is not one: {digits} digits from 0 to f")
        alone = not file.md5 or not (file.sha256 or file.verified)
        require(alone, f"{has} an MD5 beside a SHA-256, or as its verified hash")
        require(file.bytes is None or file.bytes > 0, f"{has} {file.bytes} bytes")
    require((info.bytes > 0) == bool(info.files), f"info.bytes is {info.bytes}, with {len(info.files)} files")


@rule(DECLARED, "has settings with defaults")
def settings(trial: Trial) -> None:
    parameters = inspect.signature(trial.adapter.load).parameters
    require("data_dir" in parameters, "load takes no `data_dir`: def load(self, data_dir=None, *, ...) -> Dataset")
    for key, parameter in parameters.items():
        of_kind = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        require(of_kind or parameter.default is not parameter.empty, f"load cannot be called without {key!r}")
