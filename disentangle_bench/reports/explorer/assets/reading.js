// What Q reads of an image, as bars of probability, and as a mean with its uncertainty on the scale of a slider.

const share = (value) => `${(100 * (Math.min(REACH, Math.max(-REACH, value)) + REACH)) / (2 * REACH)}%`;

function made(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

// Make the rows of a run's codes once; what fills them changes many times a second.
function readingOf(place, model) {
  const rows = model.latents.codes.map(({ name, kind, k }) => {
    const row = made("div", "read"), said = made("span", "said");
    row.append(made("span", "name", name));
    const scale = made("span", kind === "categorical" ? "bars" : "scale");
    const marks = kind === "categorical"
      ? Array.from({ length: k }, () => made("span", "bar"))
      : [made("span", "band"), made("span", "mean"), made("span", "set")];
    scale.setAttribute("aria-hidden", "true");
    scale.append(...marks);
    row.append(scale, said);
    place.append(row);
    return { marks, said };
  });
  return (reading, set) => reading.forEach(({ probabilities, mean, sigma }, number) => {
    const { marks, said } = rows[number], given = set?.[model.latents.codes[number].name];
    if (probabilities) {
      const best = probabilities.indexOf(Math.max(...probabilities));
      marks.forEach((bar, category) => {
        bar.style.setProperty("--share", probabilities[category]);
        bar.classList.toggle("given", category === given);
      });
      said.textContent = `${best}, ${Math.round(100 * probabilities[best])} %`;
      return;
    }
    const [band, dot, tick] = marks;
    band.style.left = share(mean - sigma);
    band.style.right = `calc(100% - ${share(mean + sigma)})`;
    dot.style.left = share(mean);
    tick.hidden = given === undefined;
    if (given !== undefined) tick.style.left = share(given);
    said.textContent = `${mean.toFixed(2)}${sigma > 0 ? ` ± ${sigma.toFixed(2)}` : ""}`.replaceAll("-", "−");
  });
}
