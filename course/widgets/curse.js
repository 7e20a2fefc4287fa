// The explorer of lesson 2. Numbers come from Python; this file only draws and counts cells.

const NAMES = ["Emptiness", "Distances", "Examples"];

function canvas(width, height, label) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  return svg;
}

const percent = (share) =>
  share === 0
    ? "0 %"
    : share >= 0.01
      ? `${(100 * share).toFixed(share >= 0.9995 ? 2 : 1)} %`
      : `${(100 * share).toPrecision(2)} %`;

// 1 - (1 - bins^-d)^n, kept exact where bins^-d is tiny
const occupied = (n, bins, d) => -Math.expm1(n * Math.log1p(-(bins ** -d)));

function cellsOf(points, bins, d) {
  const cells = new Map();
  for (const point of points) {
    const cell = point.slice(0, d).map((x) => Math.min(Math.floor(x * bins), bins - 1));
    cells.set(cell.join(","), cell);
  }
  return [...cells.values()];
}

// ---------------------------------------------------------------- the three pictures

function emptiness(model) {
  const [n, bins] = [model.get("n"), model.get("bins")];
  const points = model.get("content").points.slice(0, n);
  const counts = [1, 2, 3].map((d) => cellsOf(points, bins, d).length);
  const sentence = counts
    .map((count, i) => `${i + 1}-D: ${count} of ${bins ** (i + 1)} cells hold a point`)
    .join("; ");
  const svg = canvas(720, 236, `${n} points. ${sentence}.`);
  const side = 200,
    top = 28;
  for (const [i, count] of counts.entries()) {
    draw(
      svg,
      "text",
      { x: 110 + 240 * i, y: 16, class: "title" },
      `${i + 1}-D: ${count} of ${bins ** (i + 1)}`,
    );
  }
  for (let d = 1; d <= 2; d++) {
    const left = 10 + 240 * (d - 1);
    for (const cell of cellsOf(points, bins, d)) {
      draw(svg, "rect", {
        x: left + (cell[0] * side) / bins,
        y: d === 1 ? top : top + side - ((cell[1] + 1) * side) / bins,
        width: side / bins,
        height: d === 1 ? side : side / bins,
        class: "cell",
      });
    }
    for (let edge = 0; edge <= bins; edge++) {
      const at = (edge * side) / bins;
      draw(svg, "line", { x1: left + at, x2: left + at, y1: top, y2: top + side, class: "grid" });
      if (d === 2 || edge === 0 || edge === bins) {
        draw(svg, "line", { x1: left, x2: left + side, y1: top + at, y2: top + at, class: "grid" });
      }
    }
    for (const p of points) {
      draw(svg, "circle", {
        cx: left + p[0] * side,
        cy: top + side * (d === 1 ? 0.5 : 1 - p[1]),
        r: 4,
        class: "point",
      });
    }
  }
  // A cube seen from above right: x to the lower right, y to the lower left, z up.
  const at = (x, y, z) => [600 + (x - y) * 88, 82 + (x + y) * 44 - (z - 0.5) * 104];
  const path = (...corners) => corners.map((c) => at(...c).join(",")).join(" ");
  const cells = cellsOf(points, bins, 3).sort((a, b) => a[0] + a[1] + a[2] - b[0] - b[1] - b[2]);
  draw(svg, "polygon", { points: path([0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]), class: "wire" });
  draw(svg, "polygon", { points: path([0, 0, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1]), class: "wire" });
  draw(svg, "polygon", { points: path([0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1]), class: "wire" });
  for (const [i, j, k] of cells) {
    const [x, y, z] = [i / bins, j / bins, k / bins];
    const [u, v, w] = [(i + 1) / bins, (j + 1) / bins, (k + 1) / bins];
    draw(svg, "polygon", {
      points: path([u, y, z], [u, v, z], [u, v, w], [u, y, w]),
      class: "cell",
    });
    draw(svg, "polygon", {
      points: path([x, v, z], [u, v, z], [u, v, w], [x, v, w]),
      class: "cell",
    });
    draw(svg, "polygon", {
      points: path([x, y, w], [u, y, w], [u, v, w], [x, v, w]),
      class: "cell",
    });
  }
  for (const p of points) {
    const [cx, cy] = at(...p);
    draw(svg, "circle", { cx, cy, r: 3.5, class: "point" });
  }
  const expected = [1, 2, 3, 5, 10].map((d) => `${percent(occupied(n, bins, d))} in ${d}-D`);
  return [
    svg,
    `${n} points, ${bins} parts a side. ${sentence}. Expected share of cells that hold ` +
      `a point: ${expected.join(", ")}.`,
  ];
}

function distances(model) {
  const { d, heights, mean, spread, contrast } =
    model.get("content").distances[model.get("distance_d")];
  const svg = canvas(720, 236, `Histogram of distances in ${d} dimensions`);
  const width = 680 / heights.length;
  for (const [i, height] of heights.entries()) {
    draw(svg, "rect", {
      x: 20 + i * width,
      y: 190 - 170 * height,
      width: width - 1,
      height: 170 * height,
      class: "bar",
    });
  }
  draw(svg, "line", { x1: 20, x2: 700, y1: 190, y2: 190, class: "axis" });
  for (const tick of [0, 0.5, 1, 1.5, 2, 2.5]) {
    draw(svg, "text", { x: 20 + (680 * tick) / 2.5, y: 208, class: "tick" }, tick);
  }
  draw(
    svg,
    "text",
    { x: 360, y: 230, class: "tick" },
    "distance of two random points, in units of the mean",
  );
  return [
    svg,
    `${d} dimensions: two random points of the cube are ${mean} apart on average, give ` +
      `or take ${percent(spread)} of that. Of 1000 points the farthest is ${
        contrast + 1 >= 10 ? Math.round(contrast + 1) : (contrast + 1).toFixed(2)
      } times as far as the nearest.`,
  ];
}

function examples(model) {
  const { sizes, rates } = model.get("content");
  const chosen = model.get("rate_d");
  const svg = canvas(720, 236, `Error over examples in ${rates[chosen].d} dimensions`);
  const x = (m) =>
    60 + (620 * Math.log(m / sizes[0])) / Math.log(sizes[sizes.length - 1] / sizes[0]);
  const y = (error) => 14 + (172 * Math.log(1 / error)) / Math.log(1 / 0.02);
  for (const tick of [0.02, 0.05, 0.1, 0.2, 0.5, 1]) {
    draw(svg, "line", { x1: 60, x2: 690, y1: y(tick), y2: y(tick), class: "grid" });
    draw(svg, "text", { x: 52, y: y(tick) + 4, class: "tick right" }, tick);
  }
  for (const m of sizes)
    draw(svg, "text", { x: x(m), y: 208, class: "tick" }, m.toLocaleString("en"));
  draw(svg, "text", { x: 370, y: 230, class: "tick" }, "examples (both axes logarithmic)");
  for (const [i, rate] of rates.entries()) {
    const now = i === chosen ? "" : " other";
    const middle = (of) => of.reduce((sum, value) => sum + Math.log(value), 0) / of.length;
    const line = (m) => Math.exp(middle(rate.errors) + rate.stone * (Math.log(m) - middle(sizes)));
    const [first, last] = [sizes[0], sizes[sizes.length - 1]];
    draw(svg, "line", {
      x1: x(first),
      y1: y(line(first)),
      x2: x(last),
      y2: y(line(last)),
      class: `stone${now}`,
    });
    for (const [k, error] of rate.errors.entries()) {
      draw(svg, "circle", {
        cx: x(sizes[k]),
        cy: y(error),
        r: now ? 3 : 6,
        class: `measured${now}`,
      });
    }
  }
  const { d, errors, slope, stone, halving } = rates[chosen];
  const pairs = errors.map(
    (error, k) => `${error.toFixed(3)} with ${sizes[k].toLocaleString("en")}`,
  );
  return [
    svg,
    `${d} dimension${d > 1 ? "s" : ""}: error ${pairs.join(", ")} examples. ` +
      `Measured slope ${slope.toFixed(2)}, Stone's rate for p = 2 says ${stone.toFixed(2)}. To ` +
      `halve the error takes ${halving < 10 ? halving.toFixed(1) : Math.round(halving)} times the examples.`,
  ];
}

// ---------------------------------------------------------------- controls

function slider(model, trait, label, lowest, highest, shown) {
  const input = make("input", { type: "range", min: lowest, max: highest, step: 1 });
  const value = make("output");
  const follow = () => {
    input.value = model.get(trait);
    value.textContent = shown(model.get(trait));
    input.setAttribute("aria-valuetext", value.textContent);
  };
  input.addEventListener("input", () => {
    model.set(trait, Number(input.value));
    model.save_changes();
  });
  model.on(`change:${trait}`, follow);
  follow();
  return make("label", {}, make("span", {}, label), input, value);
}

function render({ model, el }) {
  const { distances: spreads, rates } = model.get("content");
  const panels = [
    {
      paint: emptiness,
      controls: [
        slider(model, "n", "points n", 1, 200, String),
        slider(model, "bins", "parts a side", 2, 6, String),
      ],
    },
    {
      paint: distances,
      controls: [
        slider(model, "distance_d", "dimensions d", 0, spreads.length - 1, (i) =>
          String(spreads[i].d),
        ),
      ],
    },
    {
      paint: examples,
      controls: [
        slider(model, "rate_d", "dimensions d", 0, rates.length - 1, (i) => String(rates[i].d)),
      ],
    },
  ];
  const root = make("div", { class: "explorer curse-explorer" });
  const tabs = make("div", { role: "tablist", "aria-label": "What to explore" });
  const buttons = NAMES.map((name, i) => {
    const button = make("button", { role: "tab", type: "button" }, name);
    button.addEventListener("click", () => {
      model.set("panel", i);
      model.save_changes();
    });
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      model.set("panel", (i + step + NAMES.length) % NAMES.length);
      model.save_changes();
      buttons[model.get("panel")].focus();
    });
    return button;
  });
  tabs.append(...buttons);
  const body = make("div", { role: "tabpanel" });
  const controls = make("div", { class: "controls" });
  const picture = make("div", { class: "picture" });
  const words = make("p", { "aria-live": "polite" });
  body.append(controls, picture, words);
  root.append(tabs, body);
  el.append(root);

  const paint = () => {
    const [svg, text] = panels[model.get("panel")].paint(model);
    picture.replaceChildren(svg);
    words.textContent = text;
  };
  const turn = () => {
    const now = model.get("panel");
    for (const [i, button] of buttons.entries()) {
      button.setAttribute("aria-selected", String(i === now));
      button.tabIndex = i === now ? 0 : -1;
    }
    body.setAttribute("aria-label", NAMES[now]);
    controls.replaceChildren(...panels[now].controls);
    paint();
  };
  model.on("change:panel", turn);
  for (const trait of ["n", "bins", "distance_d", "rate_d"]) model.on(`change:${trait}`, paint);
  turn();
  return guardKeys(root);
}

export default { render };
