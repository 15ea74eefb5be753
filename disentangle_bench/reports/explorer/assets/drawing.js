// Images on canvases, and files of them.

function pixelsOf(images, number, [channels, height, width]) {
  const pixels = new ImageData(width, height), size = height * width, from = number * channels * size;
  for (let at = 0; at < size; at++) {
    for (let color = 0; color < 3; color++) pixels.data[4 * at + color] = Math.round(255 * images[from + (channels === 3 ? color : 0) * size + at]);
    pixels.data[4 * at + 3] = 255;
  }
  return pixels;
}

function draw(canvas, pixels, x = 0, y = 0) {
  canvas.getContext("2d").putImageData(pixels, x, y);
}

// A copy so many times as large, without smoothing, on a ground of its own.
function enlarged(canvas, times, ground = "#0000") {
  const copy = document.createElement("canvas"), pen = (copy.width = canvas.width * times, copy.height = canvas.height * times, copy.getContext("2d"));
  pen.imageSmoothingEnabled = false;
  pen.fillStyle = ground;
  pen.fillRect(0, 0, copy.width, copy.height);
  pen.drawImage(canvas, 0, 0, copy.width, copy.height);
  return copy;
}

// Any picture as the networks take images: scaled to their size, in [0, 1].
function imageOf(source, [channels, height, width], cut = [0, 0, source.width, source.height]) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(source, ...cut, 0, 0, width, height);
  const { data } = pen.getImageData(0, 0, width, height), size = height * width;
  return Float32Array.from({ length: channels * size }, (_, place) => {
    const at = 4 * (place % size);
    if (channels === 3) return data[at + Math.floor(place / size)] / 255;
    return (0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]) / 255;
  });
}

function save(name, blob) {
  const link = document.createElement("a");
  link.download = name;
  link.href = URL.createObjectURL(blob);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
