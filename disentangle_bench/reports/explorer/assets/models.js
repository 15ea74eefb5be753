// The networks of each run, in ONNX Runtime: codes to images, and images to readings.

const content = JSON.parse(document.getElementById("content").textContent);

async function bytesOf(name) {
  const inside = document.getElementById(`file-${name}`);
  if (!inside) {
    const answer = await fetch(`files/${name}`);
    if (!answer.ok) throw new Error(`${name} is missing beside this page (${answer.status}).`);
    return new Uint8Array(await answer.arrayBuffer());
  }
  const letters = atob(inside.textContent.trim()), packed = new Uint8Array(letters.length);
  for (let at = 0; at < packed.length; at++) packed[at] = letters.charCodeAt(at);
  inside.remove();  // the text takes more memory than what it stands for
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

async function startRuntime() {
  const [script, wasmBinary] = await Promise.all([bytesOf("ort.js"), bytesOf("ort.wasm")]);
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const runtime = await import(address);
  runtime.env.wasm.numThreads = 1;  // more need headers that a plain file server does not send
  runtime.env.wasm.wasmBinary = wasmBinary;
  runtime.env.logLevel = "error";
  return runtime;
}

const runtime = startRuntime();
runtime.catch(() => {});  // whoever waits for it hears of it
let turn = Promise.resolve();  // one session computes at a time

class Model {
  constructor(run) {
    Object.assign(this, run);
    this.sessions = {};
    this.size = this.shape[0] * this.shape[1] * this.shape[2];
    this.width = this.latents.noise.columns + this.latents.codes.reduce((sum, { columns: [from, to] }) => sum + to - from, 0);
  }

  has(part) { return part in this.parts; }

  session(part) {
    this.sessions[part] ??= Promise.all([runtime, bytesOf(this.parts[part])])
      .then(([{ InferenceSession }, bytes]) => InferenceSession.create(bytes, { executionProviders: ["wasm"], logSeverityLevel: 3 }));
    return this.sessions[part];
  }

  async run(part, values, shape) {
    const [{ Tensor }, session] = await Promise.all([runtime, this.session(part)]);
    const mine = turn.then(() => session.run({ [session.inputNames[0]]: new Tensor("float32", values, shape) }));
    turn = mine.catch(() => {});
    return (await mine)[session.outputNames[0]].data;
  }

  // Rows of { codes, noise } to images, one after the other, in [0, 1].
  generate(rows) {
    const packed = new Float32Array(rows.length * this.width);
    rows.forEach(({ codes, noise }, row) => {
      const at = row * this.width;
      packed.set(noiseOf(noise, this.latents.noise), at);
      for (const { name, kind, columns: [from] } of this.latents.codes)
        packed[at + from + (kind === "categorical" ? codes[name] : 0)] = kind === "categorical" ? 1 : codes[name];
    });
    return this.run("generator", packed, [rows.length, this.width]);
  }

  // What Q reads of one image: probabilities of categories, mean and sigma of other codes.
  async read(image, generated) {
    const part = [generated ? "posterior" : "encoder", "posterior", "encoder"].find((name) => this.has(name));
    const raw = await this.run(part, image, [1, ...this.shape]);
    return this.latents.codes.map(({ kind, sigma, parameters: [from, to] }) => {
      const values = raw.slice(from, to);
      if (kind !== "categorical") return { mean: values[0], sigma: sigma ?? Math.exp(values[1] === -Infinity ? values[1] : Math.max(-6, values[1])) };
      const most = Math.max(...values), powers = Array.from(values, (value) => Math.exp(value - most));
      const sum = powers.reduce((a, b) => a + b);
      return { probabilities: powers.map((power) => power / sum) };
    });
  }
}

const models = content.runs.map((run) => new Model(run));

// The codes of all runs; runs share those of the same name and kind.
const codes = [];
for (const model of models) for (const code of model.latents.codes) {
  const known = codes.find(({ name }) => name === code.name);
  if (!known) codes.push({ ...code, of: [model] });
  else known.of.push(model);
}
