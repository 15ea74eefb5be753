"""The explorer in a browser: its pictures are those of the formulas, whoever opens an address sees the same."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from disentangle_bench.errors import DownloadError
from disentangle_bench.reports.explorer import write_page, write_single_file
from disentangle_bench.reports.explorer.runtime import runtime_files
from tests.reports.explorer.conftest import LATENTS, Toy, make_content, real_images

pytestmark = pytest.mark.slow
TOYS = (Toy(0), Toy(1))
PATIENCE = 120_000
OWN = ("file:", "data:", "blob:", "http://127.0.0.1:")
OVERFLOWING = """() => [...document.body.querySelectorAll("*")]
    .filter((of) => !of.closest(".skip"))
    .filter((of) => of.getBoundingClientRect().right > innerWidth + 1 || of.getBoundingClientRect().left < -1)
    .map((of) => of.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run in a folder, two in a single file."""
    folder = tmp_path_factory.mktemp("explorer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        patch.delenv("DBENCH_OFFLINE", raising=False)
        try:
            runtime_files()
        except DownloadError:
            pytest.skip("ONNX Runtime Web cannot be downloaded")
        write_page(make_content(TOYS[0]), folder / "page")
        write_single_file(make_content(*TOYS), folder / "both.html")
        write_single_file(make_content(Toy(2, (3, 8, 8))), folder / "color.html")
    return folder


@pytest.fixture(scope="module")
def served(pages: Path) -> Iterator[str]:
    """The folder from a plain file server."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_of: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(pages / "page"))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    contexts = []

    def opened(address: str, width: int = 1440, theme: str = "light") -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.faults = []
        page.on("console", lambda message: page.faults.append(message.text))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("request", lambda of: of.url.startswith(OWN) or page.faults.append(of.url))
        page.goto(address)
        page.locator("body[data-grids]").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()


def pixels(page: Any, canvas: str) -> NDArray[np.uint8]:
    """A canvas as it is drawn, `(h, w, 3)`."""
    address = page.evaluate(f"document.getElementById('{canvas}').toDataURL()")
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as image:
        return np.asarray(image.convert("RGB"))


def noise(seed: int) -> list[float]:
    """What the page draws of uniform noise (mulberry32, in integers of Python)."""
    drawn, state = [], seed
    for _ in range(LATENTS["noise"]["columns"]):
        state = (state + 0x6D2B79F5) % 2**32
        mixed = (state ^ state >> 15) * (state | 1) % 2**32
        mixed ^= (mixed + (mixed ^ mixed >> 7) * (mixed | 61)) % 2**32
        drawn.append(2 * ((mixed ^ mixed >> 14) / 2**32) - 1)
    return drawn


def latents(c1: int = 0, c2: float = 0, c3: float = 0, seed: int = 0) -> NDArray[np.float64]:
    return np.array([[*noise(seed), *np.eye(3)[c1], c2, c3]])


def wait(page: Any, what: str, act: Callable[[], object]) -> None:
    """Act, and wait until it has been drawn."""
    before = int(page.locator("body").get_attribute(f"data-{what}") or 0)
    act()
    page.locator(f'body[data-{what}="{before + 1}"]').wait_for()


def slide(page: Any, code: str, value: float) -> None:
    wait(page, "grids", lambda: page.locator(f"#code-{code}").fill(str(value)))


def assert_drawn(drawn: NDArray[np.uint8], expected: NDArray[np.float64]) -> None:
    """A picture, `(h, w, 3)`, is that of an image `(c, h, w)`, to the rounding of a pixel."""
    wanted = np.broadcast_to(expected.transpose(1, 2, 0), (*expected.shape[1:], 3)) * 255
    assert np.abs(drawn - wanted).max() <= 0.51


def test_pictures_and_readings_are_those_of_the_networks(open_page: Any, served: str) -> None:
    page, toy = open_page(f"{served}#noise=7"), TOYS[0]
    assert_drawn(pixels(page, "picture-0"), toy.images(latents(seed=7))[0])
    slide(page, "c2", -1.5)
    wait(page, "grids", page.get_by_role("button", name="c1 = 2").click)
    image = toy.images(latents(2, -1.5, seed=7))
    assert_drawn(pixels(page, "picture-0"), image[0])
    logits, (mean, log_sigma), c3 = np.split(toy.parameters(image)[0], [3, 5])
    probabilities = np.exp(logits) / np.exp(logits).sum()
    said = page.locator("#reading-0 .said").all_inner_texts()
    assert said == [
        f"{logits.argmax()}, {round(100 * probabilities.max())} %",
        f"{mean:.2f} ± {np.exp(log_sigma):.2f}".replace("-", "\N{MINUS SIGN}"),
        f"{c3[0]:.2f} ± 0.50".replace("-", "\N{MINUS SIGN}"),
    ]
    assert page.faults == []


def test_an_address_shows_the_same_from_a_server_and_from_disk(open_page: Any, served: str, pages: Path) -> None:
    page = open_page(served)
    before = pixels(page, "picture-0")
    slide(page, "c3", 0.75)
    wait(page, "grids", page.get_by_role("button", name="New noise").click)
    wait(page, "grids", lambda: page.locator("#across").select_option("c3"))
    wait(page, "grids", lambda: page.locator("#down").select_option("noise"))
    assert not np.array_equal(before, pixels(page, "picture-0"))
    page.wait_for_timeout(400)  # the address follows a little later
    state = page.url.partition("#")[2]
    for address in (f"{served}#{state}", f"{(pages / 'both.html').as_uri()}#{state}"):
        other = open_page(address)
        for canvas in ("picture-0", "grid-0"):
            np.testing.assert_array_equal(pixels(page, canvas), pixels(other, canvas))
        assert other.faults == []
    wait(page, "grids", lambda: page.evaluate("location.hash = 'c2=1'"))
    assert_drawn(pixels(page, "picture-0"), TOYS[0].images(latents(c2=1))[0])
    assert open_page(f"{served}#c1=99&c2=x&noise=-1&across=c9&real=99").faults == []


def test_two_runs_stand_side_by_side_in_one_file(open_page: Any, pages: Path) -> None:
    page = open_page((pages / "both.html").as_uri())
    slide(page, "c2", 1.25)
    for number, toy in enumerate(TOYS):
        assert_drawn(pixels(page, f"picture-{number}"), toy.images(latents(c2=1.25))[0])
    assert page.faults == []


def test_a_grid_is_saved_as_png_and_a_sweep_as_gif(open_page: Any, served: str, pages: Path, tmp_path: Path) -> None:
    def save(page: Any, button: str) -> Path:
        with page.expect_download() as waiting:
            page.get_by_role("button", name=button).click()
        waiting.value.save_as(tmp_path / waiting.value.suggested_filename)
        return tmp_path / str(waiting.value.suggested_filename)

    page = open_page(f"{served}#c3=0.5&down=c1&across=c2")
    images = TOYS[0].images(np.vstack([latents(c1, c2, 0.5) for c1 in range(3) for c2 in np.linspace(-2, 2, 9)]))
    grid = np.zeros((1, 3 * 9 - 1, 9 * 9 - 1))  # a pixel between two images of 8x8
    for place, image in enumerate(images):
        top, left = 9 * (place // 9), 9 * (place % 9)
        grid[:, top : top + 8, left : left + 8] = image
    assert_drawn(pixels(page, "grid-0"), grid)
    with Image.open(save(page, "Save the grid as PNG")) as picture:
        assert picture.size == (12 * (9 * 9 - 1), 12 * (3 * 9 - 1))
        grid[:, 8::9], grid[:, :, 8::9] = 1, 1  # on white
        assert_drawn(np.asarray(picture.convert("RGB"))[6::12, 6::12], grid)
    sweep = [*np.linspace(-2, 2, 17), *np.linspace(-2, 2, 17)[-2:0:-1]]
    with Image.open(save(page, "Save what goes across as GIF")) as animation:
        assert (animation.n_frames, animation.info["loop"], animation.info["duration"]) == (32, 0, 80)
        for frame, c2 in enumerate(sweep):
            animation.seek(frame)
            shown = np.asarray(animation.convert("RGB"))[6::12, 6::12]
            assert_drawn(shown, TOYS[0].images(latents(0, c2, 0.5))[0])
    color = open_page((pages / "color.html").as_uri())
    with Image.open(save(color, "Save what goes across as GIF")) as animation:
        shown = np.asarray(animation.convert("RGB"))[6::12, 6::12] / 255
    expected = Toy(2, (3, 8, 8)).images(latents(c2=-2))[0].transpose(1, 2, 0)
    assert np.abs(shown - expected).max() <= 0.11  # half a step of 6 levels
    assert page.faults == color.faults == []


def test_real_images_and_dropped_pictures_are_read(open_page: Any, served: str, tmp_path: Path) -> None:
    page, toy, real = open_page(served), TOYS[0], real_images()
    wait(page, "reals", page.get_by_role("button", name="Real image 3").click)
    np.testing.assert_array_equal(pixels(page, "real-image")[..., 0], real[2, 0])
    logits, (mean, _), (c3,) = np.split(toy.parameters(real[2:3] / 255)[0], [3, 5])
    assert page.locator("#real-reading-0 .said").first.inner_text().startswith(f"{logits.argmax()}, ")
    assert_drawn(pixels(page, "again-0"), toy.images(latents(int(logits.argmax()), mean, c3))[0])
    wait(page, "grids", page.get_by_role("button", name="Set these codes").click)
    assert page.locator("#code-c2").input_value() == f"{np.clip(round(mean, 2), -2, 2):g}"
    Image.fromarray(real[4, 0]).save(tmp_path / "mine.png")
    wait(page, "reals", lambda: page.locator("#picture").set_input_files(tmp_path / "mine.png"))
    assert np.abs(pixels(page, "real-image")[..., 0].astype(int) - real[4, 0]).max() <= 1
    (tmp_path / "mine.txt").write_text("no image")
    page.locator("#picture").set_input_files(tmp_path / "mine.txt")
    page.get_by_text("mine.txt is not an image").wait_for()
    assert page.faults == []


@pytest.mark.parametrize(("width", "theme"), [(360, "light"), (1440, "light"), (1440, "dark")])
def test_nothing_overflows_and_axe_finds_no_violation(
    open_page: Any, pages: Path, axe: str, width: int, theme: str
) -> None:
    page = open_page(f"{(pages / 'both.html').as_uri()}#real=1", width, theme)
    page.locator("body[data-reals]").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(OVERFLOWING) == []
    assert (page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)") == (
        theme == "dark"
    )
    page.evaluate(axe)
    found = page.evaluate("async () => (await axe.run()).violations")
    assert [(of["id"], [node["html"][:150] for node in of["nodes"]][:3]) for of in found] == []
    assert page.faults == []


def test_a_folder_that_is_opened_from_disk_says_what_to_do(browser: Any, pages: Path) -> None:
    page = browser.new_page()
    page.goto((pages / "page" / "index.html").as_uri())
    page.get_by_text("Browsers open this page only from a server").wait_for()
    page.close()
