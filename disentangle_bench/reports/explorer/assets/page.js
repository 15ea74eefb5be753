// The page: what is drawn when the state changes.

const say = (text) => { document.getElementById("message").textContent = text; };

const views = models.map((model, number) => {
  const place = (part) => document.getElementById(`${part}-${number}`);
  const [, height, width] = model.shape, canvas = place("picture"), again = { canvas: place("again") };
  for (const of of [canvas, again.canvas]) Object.assign(of, { width, height });
  const reads = model.has("posterior") || model.has("encoder");
  const view = { model, canvas, grid: place("grid"), axes: place("axes"), again };
  if (reads) Object.assign(view, { read: readingOf(place("reading"), model), readReal: readingOf(place("real-reading"), model) });
  place("png").addEventListener("click", () => savePng(view));
  place("gif").addEventListener("click", () => saveGif(view));
  place("take").addEventListener("click", () => {
    for (const [name, value] of Object.entries(again.codes ?? {})) state.codes[name] = Math.max(-REACH, Math.min(codeNamed(name).k ?? REACH, value));
    show();
  });
  return view;
});

const MOST_UNREAD = 3;  // pictures in a row that are not read while a slider moves
let drawing = false, again = false, unread = 0, resting;

async function drawPictures() {
  const images = [];
  for (const { model, canvas } of views) {
    images.push(await model.generate([state]));
    draw(canvas, pixelsOf(images.at(-1), 0, model.shape));
  }
  document.body.dataset.drawn = Number(document.body.dataset.drawn ?? 0) + 1;
  if (again && unread++ < MOST_UNREAD) return;
  unread = 0;
  for (const [number, { model, read }] of views.entries()) if (read) read(await model.read(images[number], true), state.codes);
  document.body.dataset.shown = Number(document.body.dataset.shown ?? 0) + 1;
}

// Draw the newest state, and while that is going on, no other; the slower grid when the reader's hand rests.
async function show() {
  showControls();
  noteAddress();
  again = true;
  clearTimeout(resting);
  resting = setTimeout(() => Promise.all([drawGrid(), showReal()]).catch(fail), 120);
  if (drawing) return;
  drawing = true;
  try {
    while (again) {
      again = false;
      await drawPictures();
    }
  } catch (error) {
    fail(error);
  } finally {
    drawing = false;
  }
}

function fail(error) {
  const fromDisk = location.protocol === "file:" && !document.getElementById("file-ort.js") && !document.body.dataset.drawn;
  say(fromDisk ? "Browsers open this page only from a server: `dbench explore` serves it, and --single-file makes one that opens from disk." : `${error.message ?? error}`);
}

makeControls();
makeReal();
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();  // the address is what is shown, and no place on the page
  document.getElementById("codes-heading").focus();
});
addEventListener("hashchange", () => {
  state = fromAddress();
  show();
});
show();
