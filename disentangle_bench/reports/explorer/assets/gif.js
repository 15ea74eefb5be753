// An encoder of animated GIFs: 256 fixed colors, and the compression of the format (LZW).

function palette(gray) {
  const colors = [];
  if (gray) for (let level = 0; level < 256; level++) colors.push(level, level, level);
  else for (let place = 0; place < 256; place++) colors.push(51 * (Math.floor(place / 42) % 6), 42.5 * (Math.floor(place / 6) % 7), 51 * (place % 6));
  return colors.map(Math.round);
}

const colorOf = (gray, r, g, b) => (gray ? r : 42 * Math.round(r / 51) + 6 * Math.round(g / 42.5) + Math.round(b / 51));

function compressed(colors) {
  const bytes = [], CLEAR = 256, END = 257, MOST = 4096;
  let width, next, known, bits = 0, held = 0;
  const put = (code) => {
    held |= code << bits;
    for (bits += width; bits >= 8; bits -= 8, held >>>= 8) bytes.push(held & 255);
  };
  const restart = () => { known = new Map(); next = 258; width = 9; };
  restart();
  put(CLEAR);
  let prefix = colors[0];
  for (const color of colors.slice(1)) {
    const key = prefix * 256 + color, found = known.get(key);
    if (found !== undefined) { prefix = found; continue; }
    put(prefix);
    if (next === MOST) { put(CLEAR); restart(); }
    else {
      known.set(key, next++);
      if (next > 1 << width && width < 12) width++;
    }
    prefix = color;
  }
  put(prefix);
  put(END);
  if (bits) bytes.push(held & 255);
  return bytes;
}

// Frames are ImageData of one size, each shown for so many hundredths of a second.
function gifOf(frames, hundredths, gray) {
  const { width, height } = frames[0], word = (value) => [value & 255, value >> 8];
  const text = (letters) => Array.from(letters, (letter) => letter.charCodeAt(0));
  const bytes = [...text("GIF89a"), ...word(width), ...word(height), 0xf7, 0, 0, ...palette(gray)];
  bytes.push(0x21, 0xff, 11, ...text("NETSCAPE2.0"), 3, 1, 0, 0, 0);  // again and again
  for (const { data } of frames) {
    const colors = Array.from({ length: width * height }, (_, at) => colorOf(gray, data[4 * at], data[4 * at + 1], data[4 * at + 2]));
    bytes.push(0x21, 0xf9, 4, 0, ...word(hundredths), 0, 0, 0x2c, 0, 0, 0, 0, ...word(width), ...word(height), 0, 8);
    const packed = compressed(colors);
    for (let from = 0; from < packed.length; from += 255) bytes.push(Math.min(255, packed.length - from), ...packed.slice(from, from + 255));
    bytes.push(0);
  }
  bytes.push(0x3b);
  return new Blob([Uint8Array.from(bytes)], { type: "image/gif" });
}
