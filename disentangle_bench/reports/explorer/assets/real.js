// Real images: one of the data set, or one that is dropped on the page, is read by every run and made again from its codes.

const sheet = new Image();
let dropped;  // a picture of the reader's, as an ImageBitmap

function cutOf(number) {
  const [, height, width] = models[0].shape;
  return [number * width, 0, width, height];
}

async function showReal() {
  const source = state.real >= 0 ? sheet : dropped;
  document.querySelectorAll("#real-images button").forEach((button, number) => button.setAttribute("aria-pressed", String(number === state.real)));
  document.getElementById("compared").hidden = !source;
  if (!source) return;
  await sheet.decode?.().catch(() => {});
  const image = imageOf(source, models[0].shape, source === sheet ? cutOf(state.real) : undefined);
  draw(document.getElementById("real-image"), pixelsOf(image, 0, models[0].shape));
  for (const { model, readReal, again } of views) {
    if (!readReal) continue;
    const reading = await model.read(image, false);
    readReal(reading);
    again.codes = Object.fromEntries(model.latents.codes.map(({ name }, place) => {
      const { probabilities, mean } = reading[place];
      return [name, probabilities ? probabilities.indexOf(Math.max(...probabilities)) : mean];
    }));
    const images = await model.generate([{ codes: { ...state.codes, ...again.codes }, noise: state.noise }]);
    draw(again.canvas, pixelsOf(images, 0, model.shape));
  }
  document.body.dataset.reals = Number(document.body.dataset.reals ?? 0) + 1;
}

async function take(file) {
  try {
    dropped = await createImageBitmap(file);
  } catch {
    return say(`${file.name} is not an image that this browser can read.`);
  }
  state.real = -1;
  say("");
  show();
}

function makeReal() {
  const place = document.getElementById("real-images"), [, height, width] = models[0].shape;
  const thumbs = Array.from({ length: content.real.count }, (_, number) => {
    const button = made("button"), canvas = made("canvas", "pixels");
    Object.assign(canvas, { width, height });
    button.type = "button";
    button.setAttribute("aria-label", `Real image ${number + 1}`);
    button.append(canvas);
    button.addEventListener("click", () => {
      state.real = number;
      show();
    });
    return button;
  });
  place.append(...thumbs);
  sheet.onload = () => thumbs.forEach((button, number) => button.firstChild.getContext("2d").drawImage(sheet, ...cutOf(number), 0, 0, width, height));
  if (content.real.count) sheet.src = content.real.sheet;
  Object.assign(document.getElementById("real-image"), { width, height });
  const input = document.getElementById("picture");
  input.addEventListener("change", () => input.files.length && take(input.files[0]));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
  });
}
