// The explorer of lesson 2. Numbers come from Python; this file only draws and counts cells.

import { appendSvg, createElement, createSvg, saveTraits, suppressShortcuts } from "./shared.js";

function percent(share) {
  if (share === 0) return "0%";
  if (share < 0.01) return `${(100 * share).toPrecision(2)}%`;
  return `${(100 * share).toFixed(share >= 0.9995 ? 2 : 1)}%`;
}

/** Return 1 - (1 - bins^-d)^n, the expected share of occupied cells, exact for tiny bins^-d. */
const expectedShare = (n, bins, d) => -Math.expm1(n * Math.log1p(-(bins ** -d)));

/** Return the cells, by their indices along d axes, that hold at least one point. */
function occupiedCells(points, bins, d) {
  const cells = new Map();
  for (const point of points) {
    const cell = point.slice(0, d).map((x) => Math.min(Math.floor(x * bins), bins - 1));
    cells.set(cell.join(","), cell);
  }
  return [...cells.values()];
}

// ---------------------------------------------------------------- emptiness

const SIDE = 200; // of a square, in SVG units
const TOP = 30;

/** Draw the unit interval (d = 1) or the unit square (d = 2), its grid, cells and points. */
function drawSquare(svg, points, bins, d) {
  const left = 10 + 240 * (d - 1);
  const width = SIDE / bins;
  for (const [column, row] of occupiedCells(points, bins, d)) {
    const y = d === 1 ? TOP : TOP + SIDE - (row + 1) * width;
    const box = { x: left + column * width, y, width, height: d === 1 ? SIDE : width };
    appendSvg(svg, "rect", { ...box, class: "cell" });
  }
  for (let edge = 0; edge <= bins; edge++) {
    const [x, y] = [left + edge * width, TOP + edge * width];
    appendSvg(svg, "line", { x1: x, x2: x, y1: TOP, y2: TOP + SIDE, class: "grid" });
    if (d === 2 || edge === 0 || edge === bins) {
      appendSvg(svg, "line", { x1: left, x2: left + SIDE, y1: y, y2: y, class: "grid" });
    }
  }
  for (const point of points) {
    const y = TOP + SIDE * (d === 1 ? 0.5 : 1 - point[1]);
    appendSvg(svg, "circle", { cx: left + point[0] * SIDE, cy: y, r: 4, class: "point" });
  }
}

/** Draw the unit cube seen from the upper right: x to the lower right, y to the lower left, z up. */
function drawCube(svg, points, bins) {
  const project = ([x, y, z]) => [600 + (x - y) * 88, 82 + (x + y) * 44 - (z - 0.5) * 104];
  const face = (name, ...corners) =>
    appendSvg(svg, "polygon", { points: corners.map(project).join(" "), class: name });
  face("wire", [0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]);
  face("wire", [0, 0, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1]);
  face("wire", [0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1]);
  const cells = occupiedCells(points, bins, 3).sort(
    (a, b) => a[0] + a[1] + a[2] - b[0] - b[1] - b[2], // the farthest first
  );
  for (const cell of cells) {
    const [x, y, z] = cell.map((index) => index / bins);
    const [u, v, w] = cell.map((index) => (index + 1) / bins);
    face("cell", [u, y, z], [u, v, z], [u, v, w], [u, y, w]);
    face("cell", [x, v, z], [u, v, z], [u, v, w], [x, v, w]);
    face("cell", [x, y, w], [u, y, w], [u, v, w], [x, v, w]);
  }
  for (const point of points) {
    const [cx, cy] = project(point);
    appendSvg(svg, "circle", { cx, cy, r: 3.5, class: "point" });
  }
}

function drawEmptiness(model) {
  const [n, bins] = [model.get("n"), model.get("bins")];
  const points = model.get("content").points.slice(0, n);
  const counts = [1, 2, 3].map((d) => occupiedCells(points, bins, d).length);
  const occupied = counts
    .map((count, i) => `${i + 1}-D: ${count} of ${bins ** (i + 1)} cells hold a point`)
    .join("; ");
  const svg = createSvg(720, 238, `${n} points. ${occupied}.`);
  for (const [i, count] of counts.entries()) {
    const title = `${i + 1}-D: ${count} of ${bins ** (i + 1)}`;
    appendSvg(svg, "text", { x: 110 + 240 * i, y: 21, class: "title" }, title);
  }
  drawSquare(svg, points, bins, 1);
  drawSquare(svg, points, bins, 2);
  drawCube(svg, points, bins);
  const shares = [1, 2, 3].map((d) => `${percent(expectedShare(n, bins, d))} in ${d}-D`);
  const text =
    `${n} points, ${bins} parts per side. ${occupied}. Expected share of cells that hold ` +
    `a point: ${shares.join(", ")}.`;
  return [svg, text];
}

// ---------------------------------------------------------------- distances

function drawDistances(model) {
  const { d, heights, mean, spread, contrast } =
    model.get("content").distances[model.get("distance_d")];
  const svg = createSvg(720, 248, `Histogram of distances in ${d.toLocaleString("en")} dimensions`);
  const width = 680 / heights.length;
  for (const [i, share] of heights.entries()) {
    const height = 170 * share;
    const box = { x: 20 + i * width, y: 190 - height, width: width - 1, height };
    appendSvg(svg, "rect", { ...box, class: "bar" });
  }
  appendSvg(svg, "line", { x1: 20, x2: 700, y1: 190, y2: 190, class: "axis" });
  for (const tick of [0, 0.5, 1, 1.5, 2, 2.5]) {
    appendSvg(svg, "text", { x: 20 + (680 * tick) / 2.5, y: 212, class: "tick" }, tick);
  }
  const axis = "distance of two points, in units of the mean";
  appendSvg(svg, "text", { x: 360, y: 240, class: "tick" }, axis);
  const ratio = contrast + 1;
  const text =
    `${d.toLocaleString("en")} dimensions: two random points of the cube are ${mean} apart on average, give ` +
    `or take ${percent(spread)} of that. Of 1,000 points, the farthest is ` +
    `${ratio.toFixed(ratio >= 10 ? 0 : 2)} times as far away as the nearest.`;
  return [svg, text];
}

// ---------------------------------------------------------------- examples

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function drawRate(svg, rate, sizes, { x, y }, isChosen) {
  const other = isChosen ? "" : " other";
  const intercept = mean(rate.errors.map(Math.log)) - rate.stone * mean(sizes.map(Math.log));
  const [first, last] = [sizes[0], sizes.at(-1)];
  const theory = (size) => y(Math.exp(intercept + rate.stone * Math.log(size)));
  const line = { x1: x(first), y1: theory(first), x2: x(last), y2: theory(last) };
  appendSvg(svg, "line", { ...line, class: `stone${other}` });
  for (const [i, error] of rate.errors.entries()) {
    const dot = { cx: x(sizes[i]), cy: y(error), r: isChosen ? 6 : 3 };
    appendSvg(svg, "circle", { ...dot, class: `measured${other}` });
  }
}

function drawExamples(model) {
  const { sizes, rates } = model.get("content");
  const chosen = model.get("rate_d");
  const svg = createSvg(720, 248, `Error over number of examples in ${rates[chosen].d} dimensions`);
  const scales = {
    x: (size) => 76 + (604 * Math.log(size / sizes[0])) / Math.log(sizes.at(-1) / sizes[0]),
    y: (error) => 14 + (172 * Math.log(1 / error)) / Math.log(1 / 0.02),
  };
  for (const tick of [0.02, 0.05, 0.1, 0.2, 0.5, 1]) {
    const y = scales.y(tick);
    appendSvg(svg, "line", { x1: 76, x2: 690, y1: y, y2: y, class: "grid" });
    appendSvg(svg, "text", { x: 68, y: y + 4, class: "tick right" }, tick);
  }
  for (const size of sizes) {
    appendSvg(svg, "text", { x: scales.x(size), y: 212, class: "tick" }, size.toLocaleString("en"));
  }
  const axis = "examples (both axes are logarithmic)";
  appendSvg(svg, "text", { x: 370, y: 240, class: "tick" }, axis);
  for (const [i, rate] of rates.entries()) drawRate(svg, rate, sizes, scales, i === chosen);
  const { d, errors, slope, stone, halving } = rates[chosen];
  const measured = errors.map(
    (error, i) => `${error.toFixed(3)} with ${sizes[i].toLocaleString("en")}`,
  );
  const text =
    `${d} dimension${d > 1 ? "s" : ""}: error ${measured.join(", ")} examples. ` +
    `Measured slope ${slope.toFixed(2)}; Stone's rate for p = 2 predicts ${stone.toFixed(2)}. ` +
    `Halving the error takes ${halving.toFixed(halving < 10 ? 1 : 0)} times the examples.`;
  return [svg, text];
}

// ---------------------------------------------------------------- controls

function createSlider(model, trait, label, [min, max], format = String) {
  const input = createElement("input", { type: "range", min, max, step: 1 });
  const output = createElement("output");
  const paint = () => {
    input.value = model.get(trait);
    output.textContent = format(model.get(trait));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => saveTraits(model, { [trait]: Number(input.value) }));
  model.on(`change:${trait}`, paint);
  paint();
  return createElement("label", {}, createElement("span", {}, label), input, output);
}

function createPanels(model) {
  const { distances, rates } = model.get("content");
  const dimensions = (trait, entries) =>
    createSlider(model, trait, "dimensions d", [0, entries.length - 1], (i) => entries[i].d);
  return [
    {
      name: "Emptiness",
      draw: drawEmptiness,
      controls: [
        createSlider(model, "n", "points n", [1, 200]),
        createSlider(model, "bins", "parts per side", [2, 6]),
      ],
    },
    {
      name: "Distances",
      draw: drawDistances,
      controls: [dimensions("distance_d", distances)],
    },
    { name: "Examples", draw: drawExamples, controls: [dimensions("rate_d", rates)] },
  ];
}

function createTabs(model, names) {
  const tabs = names.map((name, i) => {
    const tab = createElement("button", { role: "tab", type: "button" }, name);
    tab.addEventListener("click", () => saveTraits(model, { panel: i }));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const panel = (i + step + names.length) % names.length;
      saveTraits(model, { panel });
      tabs[panel].focus();
    });
    return tab;
  });
  const attributes = { role: "tablist", "aria-label": "What to explore" };
  return {
    node: createElement("div", attributes, ...tabs),
    paint() {
      for (const [i, tab] of tabs.entries()) {
        tab.setAttribute("aria-selected", String(i === model.get("panel")));
        tab.tabIndex = i === model.get("panel") ? 0 : -1;
      }
    },
  };
}

function render({ model, el }) {
  const panels = createPanels(model);
  const tabs = createTabs(
    model,
    panels.map(({ name }) => name),
  );
  const controls = createElement("div", { class: "controls" });
  const picture = createElement("div", { class: "picture" });
  const description = createElement("p", { "aria-live": "polite" });
  const body = createElement("div", { role: "tabpanel" }, controls, picture, description);
  const root = createElement("div", { class: "explorer curse-explorer" }, tabs.node, body);
  el.append(root);

  const paint = () => {
    const [svg, text] = panels[model.get("panel")].draw(model);
    picture.replaceChildren(svg);
    description.textContent = text;
  };
  const showPanel = () => {
    const panel = panels[model.get("panel")];
    tabs.paint();
    body.setAttribute("aria-label", panel.name);
    controls.replaceChildren(...panel.controls);
    paint();
  };
  model.on("change:panel", showPanel);
  for (const trait of ["n", "bins", "distance_d", "rate_d"]) model.on(`change:${trait}`, paint);
  showPanel();
  return suppressShortcuts(root);
}

export default { render };
