// Random numbers that a seed determines, the same in every browser.

function uniforms(seed) {  // mulberry32: in [0, 1)
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function noiseOf(seed, { columns, prior }) {
  const next = uniforms(seed);
  if (prior === "uniform") return Float32Array.from({ length: columns }, () => 2 * next() - 1);
  return Float32Array.from({ length: columns }, () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()));
}
