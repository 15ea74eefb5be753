"""Images as encoders take them and generators give them; outputs by name; latents column by column."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import disentangle_bench as db
from disentangle_bench.errors import DbenchError, RepresentationError, SettingError, UnknownNameError
from disentangle_bench.evaluation.imported.encoder import ImportedEncoder, chosen
from disentangle_bench.evaluation.imported.form import ImageForm, generated_form, image_form
from disentangle_bench.evaluation.imported.generator import ImportedGenerator
from disentangle_bench.evaluation.imported.prior import read_prior

GRAY = torch.rand(3, 1, 8, 8)
COLOR = torch.rand(3, 3, 8, 8)


class TestImages:
    def test_are_given_as_they_are_by_default(self):
        assert torch.equal(image_form(None).of(COLOR), COLOR)

    def test_range_mean_and_std(self):
        torch.testing.assert_close(image_form({"range": [-1, 1]}).of(GRAY), GRAY * 2 - 1)
        torch.testing.assert_close(image_form({"range": [0, 255]}).of(GRAY), GRAY * 255)
        made = image_form({"mean": [0.1, 0.2, 0.3], "std": [1, 2, 4], "channels": 3}).of(GRAY)
        torch.testing.assert_close(made[:, 2:], (GRAY - 0.3) / 4)

    def test_channels_size_and_layout(self):
        assert torch.equal(image_form({"channels": 3}).of(GRAY)[:, 1], GRAY[:, 0])
        luma = 0.299 * COLOR[:, 0] + 0.587 * COLOR[:, 1] + 0.114 * COLOR[:, 2]
        torch.testing.assert_close(image_form({"channels": 1}).of(COLOR)[:, 0], luma)
        halved = image_form({"size": 4}).of(torch.full((1, 1, 8, 8), 0.25))
        torch.testing.assert_close(halved, torch.full((1, 1, 4, 4), 0.25))
        assert torch.equal(image_form({"layout": "nhwc"}).of(COLOR), COLOR.permute(0, 2, 3, 1))

    @pytest.mark.parametrize(
        "given",
        [{"channels": 2}, {"size": -1}, {"range": [1, 1]}, {"range": [0]}, {"mean": [0.5]}, {"layout": "hwc"},
         {"mean": [0.5], "std": [0.0]}, {"mean": [0.5], "std": [1.0], "range": [-1, 1]}, {"scale": 2}],
    )  # fmt: skip
    def test_what_they_cannot_be(self, given):
        with pytest.raises((SettingError, UnknownNameError)):
            image_form(given)

    def test_as_many_means_as_channels(self):
        with pytest.raises(SettingError, match="2 values, and images have 3 channels"):
            image_form({"mean": [0.1, 0.2], "std": [1, 1]}).of(COLOR)


class TestOutputs:
    @pytest.mark.parametrize(
        ("found", "wanted", "made"),
        [
            ((1, 2), ["mean", "logvar"], {"mean": 1, "logvar": 2}),
            ((1, 2, 3), ["_", "mean", "logvar"], {"mean": 2, "logvar": 3}),
            ((1, 2, 3), ["mean=2", "sigma=0"], {"mean": 3, "sigma": 1}),
            ({"mu": 1, "lv": 2, "x": 3}, ["mean=mu", "logvar=lv"], {"mean": 1, "logvar": 2}),
            ({"mean": 1, "logvar": 2, "x": 3}, ["logvar", "mean"], {"mean": 1, "logvar": 2}),
            ((1, 2), ["codes=1"], 2),
            (GRAY, ["codes"], GRAY),
        ],
    )
    def test_are_chosen_by_place_or_by_name(self, found, wanted, made):
        assert chosen(found, wanted) == made if made is not GRAY else chosen(found, wanted) is GRAY

    def test_that_are_not_there(self):
        with pytest.raises(RepresentationError, match="no output 'z'; it gave mu, lv"):
            chosen({"mu": 1, "lv": 2}, ["codes=z"])
        with pytest.raises(RepresentationError, match="no output 2; it gave 0, 1"):
            chosen((1, 2), ["_", "_", "codes"])

    def test_an_exception_of_the_encoder_is_one_message(self):
        encoder = ImportedEncoder(nn.Sequential(nn.Flatten(), nn.Linear(3, 2)), ImageForm())
        with pytest.raises(RepresentationError, match=r"(?s)RuntimeError for images \(3, 1, 8, 8\): .*--images size"):
            encoder(GRAY)


class TestLatents:
    def test_columns_stand_where_they_are_named(self):
        prior = read_prior("uniform*2, categorical:3, gaussian-noise*2, gaussian")
        assert prior.latents.names == ("c1", "c2", "c3", "c4")
        assert prior.latents.noise_prior == "gaussian"
        drawn = prior.latents.sample(5, torch.Generator().manual_seed(0))
        rows = prior.pack(drawn)
        assert torch.equal(rows[:, 0], drawn.codes[0])
        assert torch.equal(rows[:, 2:5].argmax(dim=1), drawn.codes[2])
        assert torch.equal(rows[:, 5:7], drawn.noise)
        assert torch.equal(rows[:, 7], drawn.codes[3])

    @pytest.mark.parametrize("text", ["", "gauss*3", "gaussian*", "categorical", "gaussian-noise*4", "gaussian,",
                                      "uniform,uniform-noise,gaussian-noise", "categorical:1"])  # fmt: skip
    def test_what_they_cannot_be(self, text):
        with pytest.raises(SettingError):
            read_prior(text)


def generator(function, text="gaussian*2", **form) -> ImportedGenerator:
    return ImportedGenerator(function, read_prior(text), generated_form(form))


class TestGenerators:
    def test_images_of_other_ranges_and_layouts(self):
        latents = read_prior("gaussian*2").latents.sample(70, torch.Generator().manual_seed(0))
        plain = lambda rows: rows.sigmoid()[:, :1, None, None].expand(-1, 1, 4, 4)  # noqa: E731
        images = generator(plain)(latents)
        assert images.shape == (70, 1, 4, 4)
        same = {
            "range": ([-1, 1], lambda rows: plain(rows) * 2 - 1),
            "logits": ("logits", lambda rows: rows[:, :1, None, None].expand(-1, 1, 4, 4)),
        }
        for given, function in same.values():
            torch.testing.assert_close(generator(function, range=given)(latents), images)
        last = generator(lambda rows: plain(rows).permute(0, 2, 3, 1), layout="nhwc")(latents)
        assert torch.equal(last, images)

    def test_a_module_is_asked_in_evaluation_mode_and_left_as_it_was(self):
        network = nn.Sequential(nn.Linear(2, 16), nn.Dropout(0.5), nn.Sigmoid(), nn.Unflatten(1, (1, 4, 4))).train()
        latents = read_prior("gaussian*2").latents.sample(9)
        made = generator(network)
        assert torch.equal(made(latents), made(latents))
        assert network.training
        assert network[1].training

    @pytest.mark.parametrize(
        ("function", "said"),
        [
            (lambda rows: rows, r"gave an array \(4, 2\)"),
            (lambda rows: rows[:1, :1, None, None].sigmoid(), "gave 1 images for 4 rows"),
            (lambda rows: (rows, rows), "gave a tuple of 2"),
            (lambda rows: rows[:, :1, None, None] * 100, "(?s)beyond the range from 0 to 1.*range=logits"),
            (lambda rows: rows[:, :1, None, None] * float("nan"), "gave values from nan"),
            (nn.Linear(3, 2), r"(?s)raises RuntimeError for rows \(4, 2\).*--latents"),
        ],
    )
    def test_what_is_no_image(self, function, said):
        with pytest.raises(RepresentationError, match=said):
            generator(function)(read_prior("gaussian*2").latents.sample(4))


class TestSubjects:
    """What is made of an encoder and a generator."""

    @staticmethod
    def encoder(images: Tensor) -> Tensor:
        return images[:, 0, 2, :2]

    def test_are_scored_on_what_a_run_is(self):
        subject = db.subject("digits", encoder=self.encoder)
        assert set(subject.parts) == {"train", "images", "factors", "codes", "classifier"}
        of_file = db.evaluate(db.represent(self.encoder, "digits"), "mig", bootstrap=0, levels=False)
        of_model = db.evaluate(subject, "mig", bootstrap=0, levels=False)
        assert of_model.scores["mig"].value == of_file.scores["mig"].value
        assert of_model.subject["samples_sha256"] == of_file.subject["samples_sha256"]

    def test_take_rows_and_are_not_chosen_from_afterwards(self):
        subject = db.subject("digits", encoder=self.encoder, rows=100)
        assert (subject.info["samples"], subject.info["drawn_from"]) == (100, 1797)
        with pytest.raises(SettingError, match="Neither rows nor codes"):
            db.evaluate(subject, rows=50)

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({}, "nothing to score"),
            ({"encoder": encoder}, "nothing to score"),
            ({"generator": torch.sigmoid}, "lacks the prior"),
            ({"latents": "gaussian"}, "lacks a generator"),
            ({"dataset": "digits", "encoder": lambda images: images[:, 0, 0, :2] * 0 + 3}, "same codes for all 1,797"),
            ({"generator": lambda rows: torch.zeros(len(rows), 1, 8, 8), "latents": "gaussian"}, "same image for 16"),
            (
                {"dataset": "digits", "generator": lambda rows: rows.sigmoid()[..., None, None], "latents": "gaussian"},
                r"images \(1, 1, 1\), and those of digits are \(1, 8, 8\)",
            ),
        ],
    )  # fmt: skip
    def test_what_cannot_be_scored(self, given, said):
        with pytest.raises(DbenchError, match=said):
            db.subject(**given)

    def test_one_model_is_told_from_another(self):
        same, other = (db.subject("digits", encoder=lambda images, by=by: images[:, 0, 2, :2] * by) for by in (1, 2))
        assert same.info["model_sha256"] == db.subject("digits", encoder=self.encoder).info["model_sha256"]
        assert same.info["model_sha256"] != other.info["model_sha256"]
