// The controls of the codes and of the noise: each sets a part of the state.

const set = {};  // name -> shows the value that the state has

function change(values) {
  Object.assign(state.codes, values);
  show();
}

function slider({ name, prior }) {
  const row = made("div", "control"), label = made("label", "name", name), value = made("output", "said"), input = made("input");
  const track = made("span", `track ${prior}`);
  Object.assign(input, { type: "range", id: `code-${name}`, min: -REACH, max: REACH, step: 0.01 });
  label.htmlFor = value.htmlFor = input.id;
  track.append(input);
  row.append(label, track, value);
  input.addEventListener("input", () => change({ [name]: Number(input.value) }));
  set[name] = (to) => {
    input.value = to;
    value.textContent = to.toFixed(2).replace("-", "−");
  };
  return row;
}

function buttons({ name, k }) {
  const row = made("div", "control"), group = made("span", "categories");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", name);
  const each = Array.from({ length: k }, (_, category) => {
    const button = made("button", "", String(category));
    button.type = "button";
    button.setAttribute("aria-label", `${name} = ${category}`);
    button.addEventListener("click", () => change({ [name]: category }));
    return button;
  });
  group.append(...each);
  row.append(made("span", "name", name), group);
  set[name] = (to) => each.forEach((button, category) => button.setAttribute("aria-pressed", String(category === to)));
  return row;
}

function chooser(id, key, others) {
  const choice = document.getElementById(id);
  choice.append(...[...codes.map(({ name }) => name), ...others].map((name) => new Option(name === "noise" ? "draws of noise" : name, name)));
  choice.addEventListener("change", () => {
    const before = state[key], other = key === "across" ? "down" : "across";
    state[key] = choice.value;
    if (state[other] === state[key]) state[other] = key === "down" || before !== "noise" ? before : "noise";
    show();
  });
  set[key] = () => { choice.value = state[key]; };
}

function makeControls() {
  document.getElementById("codes").append(...codes.map((code) => {
    const row = code.kind === "categorical" ? buttons(code) : slider(code);
    if (code.of.length < models.length) row.append(made("span", "sub", `of ${code.of.map(({ name }) => name).join(", ")} alone`));
    return row;
  }));
  chooser("across", "across", []);
  chooser("down", "down", ["noise"]);
  document.getElementById("die").addEventListener("click", () => {
    state.noise = Math.floor(Math.random() * 1e6);
    show();
  });
  document.getElementById("reset").addEventListener("click", () => {
    state = { ...initial(), across: state.across, down: state.down };
    show();
  });
}

function showControls() {
  for (const { name } of codes) set[name](state.codes[name]);
  set.across();
  set.down();
  document.getElementById("noise").textContent = `draw ${state.noise}`;
}
