// What is shown, kept in the address: whoever opens it sees the same.

const REACH = 2;  // how far sliders go
const codeNamed = (name) => codes.find((code) => code.name === name);
const firstOf = (kind) => codes.find((code) => code.kind === kind)?.name;

function initial() {
  const state = { codes: {}, noise: 0, across: firstOf("continuous") ?? codes[0].name, down: "", real: -1 };
  for (const { name } of codes) state.codes[name] = 0;
  const other = codes.find(({ name, kind }) => name !== state.across && kind === "categorical") ?? codes.find(({ name }) => name !== state.across);
  state.down = other?.name ?? "noise";
  return state;
}

function fromAddress() {
  const state = initial(), given = new URLSearchParams(location.hash.slice(1));
  for (const { name, kind, k } of codes) {
    const value = given.has(name) ? Number(given.get(name)) : NaN;
    if (kind === "categorical" ? Number.isInteger(value) && value >= 0 && value < k : Math.abs(value) <= REACH) state.codes[name] = value;
  }
  const whole = (key) => (/^\d{1,9}$/.test(given.get(key) ?? "") ? Number(given.get(key)) : undefined);
  state.noise = whole("noise") ?? 0;
  if (whole("real") < content.real.count) state.real = whole("real");
  if (codeNamed(given.get("across"))) state.across = given.get("across");
  if (given.get("down") === "noise" || codeNamed(given.get("down"))) state.down = given.get("down");
  if (state.down === state.across) state.down = "noise";
  return state;
}

let state = fromAddress();
let noting;

function noteAddress() {
  clearTimeout(noting);  // browsers refuse more than some changes a second
  noting = setTimeout(() => {
    const shown = new URLSearchParams(Object.entries(state.codes).map(([name, value]) => [name, String(Number(value.toFixed(3)))]));
    for (const key of ["noise", "across", "down"]) shown.set(key, state[key]);
    if (state.real >= 0) shown.set("real", state.real);
    history.replaceState(null, "", `#${shown}`);
  }, 200);
}
