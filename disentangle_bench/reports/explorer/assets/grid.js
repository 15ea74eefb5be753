// A grid of pictures, one code across and another down, a little apart; strips and animations of it as files.

const STEPS = 9, DRAWS = 4, FRAMES = 17, SMALLEST = 96;

function valuesOf(name, steps = STEPS) {
  if (name === "noise") return Array.from({ length: DRAWS }, (_, draw) => state.noise + draw);
  const { kind, k } = codeNamed(name);
  return kind === "categorical" ? [...Array(k).keys()] : Array.from({ length: steps }, (_, at) => -REACH + (2 * REACH * at) / (steps - 1));
}

const rowAt = (base, name, value) => (name === "noise" ? { ...base, noise: value } : { ...base, codes: { ...base.codes, [name]: value } });
const gapOf = ({ shape }) => Math.max(1, Math.round(shape[2] / 14));
const times = ({ shape }) => Math.max(1, Math.ceil(SMALLEST / shape[2]));
const fileName = (model, ending) => `${model.name.replace(/[^\w-]+/g, "-")}-${state.across}.${ending}`;
const spanOf = (values) => `${values[0]} to ${values.at(-1)}`.replaceAll("-", "−");
let gridNumber = 0;

// Draw row after row, until another state is to be drawn.
async function drawGrid() {
  const number = ++gridNumber, base = { codes: state.codes, noise: state.noise };
  const across = valuesOf(state.across), down = valuesOf(state.down);
  for (const { model, grid, axes } of views) {
    const gap = gapOf(model), [height, width] = model.shape.slice(1).map((of) => of + gap);
    const size = { width: width * across.length - gap, height: height * down.length - gap };
    if (grid.width !== size.width || grid.height !== size.height) Object.assign(grid, size);
    grid.style.setProperty("--columns", across.length);
    axes.textContent = `${state.across} across, ${spanOf(across)}; ${state.down === "noise" ? "draws of noise" : state.down} down, ${spanOf(down)}`;
    grid.setAttribute("aria-label", `Images of ${model.name}: ${axes.textContent}`);
    for (const [row, value] of down.entries()) {
      const images = await model.generate(across.map((of) => rowAt(rowAt(base, state.down, value), state.across, of)));
      if (number !== gridNumber) return;
      across.forEach((_, column) => draw(grid, pixelsOf(images, column, model.shape), column * width, row * height));
    }
  }
  document.body.dataset.grids = Number(document.body.dataset.grids ?? 0) + 1;
}

function savePng({ model, grid }) {
  enlarged(grid, times(model), "#fff").toBlob((blob) => save(fileName(model, "png"), blob), "image/png");
}

// The code that goes across, to its end and back.
async function saveGif({ model }) {
  const values = valuesOf(state.across, FRAMES), base = { codes: state.codes, noise: state.noise };
  const images = await model.generate(values.map((value) => rowAt(base, state.across, value)));
  const canvas = document.createElement("canvas");
  [, canvas.height, canvas.width] = model.shape;
  const frames = values.map((_, number) => {
    draw(canvas, pixelsOf(images, number, model.shape));
    const large = enlarged(canvas, times(model));
    return large.getContext("2d").getImageData(0, 0, large.width, large.height);
  });
  save(fileName(model, "gif"), gifOf([...frames, ...frames.slice(1, -1).reverse()], 8, model.shape[0] === 1));
}
