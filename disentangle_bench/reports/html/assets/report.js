// Tables that sort and filter, tips, and files to save. The page says everything without it.
"use strict";
(() => {
  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);

  // Sort a table by a column: numbers by size, texts by letters, cells without a value last.
  const key = (row, column) => row.cells[column].dataset.sort;
  const compare = (a, b) => isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
  each("th .sort", (button) => button.addEventListener("click", () => {
    const heading = button.closest("th"), table = heading.closest("table"), column = heading.cellIndex;
    const descending = heading.getAttribute("aria-sort") !== "descending" && (column > 0 || heading.getAttribute("aria-sort") === "ascending");
    const rows = [...table.tBodies[0].rows].sort((one, other) => {
      const a = key(one, column), b = key(other, column);
      if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
      return descending ? compare(b, a) : compare(a, b);
    });
    table.tBodies[0].append(...rows);
    table.querySelectorAll("thead th[aria-sort]").forEach((of) => of.setAttribute("aria-sort", "none"));
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  }));

  // Show the rows whose names hold what is typed.
  each("[data-filter]", (field) => field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    each(`#${field.dataset.filter} [data-name]`, (row) => { row.hidden = !row.dataset.name.toLowerCase().includes(wanted); });
  }));

  // Say what a point is, for the pointer and for the keyboard.
  const tip = document.getElementById("tip");
  const show = (target, x, y) => {
    tip.textContent = target.dataset.tip;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(x + 12, innerWidth - box.width - 4))}px`;
    tip.style.top = `${y + 18 + box.height > innerHeight ? y - box.height - 10 : y + 18}px`;
  };
  const tipped = (event) => event.target.closest?.("[data-tip]");
  document.addEventListener("pointermove", (event) => {
    const target = tipped(event);
    if (target) show(target, event.clientX, event.clientY); else tip.hidden = true;
  });
  document.addEventListener("focusin", (event) => {
    const target = tipped(event), box = target?.getBoundingClientRect();
    if (target) show(target, box.right, box.top); else tip.hidden = true;
  });

  // Save files: texts that are in the page, a drawing as it is, or as a picture.
  const save = (name, content) => {
    const link = document.createElement("a");
    link.download = name;
    link.href = URL.createObjectURL(content);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  each("[data-save-text]", (button) => button.addEventListener("click", () =>
    save(button.dataset.saveText, new Blob([button.nextElementSibling.textContent], { type: "text/plain;charset=utf-8" }))));

  // A drawing by itself: of its own size, on white, in the colors of the light theme, with a font that needs no page.
  const alone = (button) => {
    const drawn = button.closest("figure").querySelector("svg"), copy = drawn.cloneNode(true);
    const { width, height } = drawn.viewBox.baseVal, size = { width, height };
    for (const side in size) copy.setAttribute(side, size[side] * 4 / 3);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
    style.textContent = "svg{font-family:system-ui,sans-serif;background:#fff}.pixels{image-rendering:pixelated}";
    copy.prepend(style);
    copy.querySelectorAll(".in-dark").forEach((of) => of.remove());
    const text = new XMLSerializer().serializeToString(copy).replace(/var\(--[\w-]+, (#\w+)\)/g, "$1");
    return { text, width: width * 4 / 3, height: height * 4 / 3 };
  };
  each("[data-save-svg]", (button) => button.addEventListener("click", () =>
    save(button.dataset.saveSvg, new Blob([alone(button).text], { type: "image/svg+xml" }))));
  const loaded = (source) => new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = reject;
    image.src = source;
  });
  each("[data-save-png]", (button) => button.addEventListener("click", async () => {
    const { text, width, height } = alone(button), scale = 3, canvas = document.createElement("canvas");
    const image = await loaded(`data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`);
    canvas.width = width * scale;
    canvas.height = height * scale;
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((content) => save(button.dataset.savePng, content), "image/png");
  }));

  // The pixels of a traversal, one line for each image, from 0 to 255; of colors the mean.
  each("[data-save-pixels]", (button) => button.addEventListener("click", async () => {
    const drawn = button.closest("figure").querySelector("svg"), image = await loaded(drawn.querySelector("image").getAttribute("href"));
    const columns = +drawn.dataset.columns, rows = +drawn.dataset.rows;
    const width = image.naturalWidth / columns, height = image.naturalHeight / rows, canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    pen.drawImage(image, 0, 0);
    const lines = [["row", "column", ...Array.from({ length: width * height }, (_, place) => `pixel ${place}`)].join(",")];
    for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) {
      const { data } = pen.getImageData(column * width, row * height, width, height), values = [];
      for (let at = 0; at < data.length; at += 4) values.push(Math.round((data[at] + data[at + 1] + data[at + 2]) / 3));
      lines.push([row, column, ...values].join(","));
    }
    save(button.dataset.savePixels, new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
  }));

  // Open what an address leads to.
  const open = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const folded = target && target.closest("details");
    if (folded) { folded.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  open();
})();
