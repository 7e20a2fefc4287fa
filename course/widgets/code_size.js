// The explorer of lesson 1. One picture holds every copy; this file cuts out the right one.
//
// In that picture, each image has two rows of 28 × 28 tiles, PCA above the autoencoder. The first
// tile of a row is the original, followed by one copy per code size.

import { createDescription, createTile, paintTile } from "./explorer.js";
import { appendSvg, createElement, createSvg, saveTraits, suppressShortcuts } from "./shared.js";

const TILE = 28;
const PIXELS = TILE * TILE;
const PLOT = { height: 240, left: 40, top: 12, bottom: 210 };
const PLOT_WIDTHS = [240, 700]; // the narrowest and the widest
const NAMES_WIDTH = 104; // of the names right of the curves
const MIN_TICK_DISTANCE = 22;
const ERROR_RANGE = [3.5, 60];
const ERROR_TICKS = [5, 10, 20, 50];
const PHOTOGRAPH = "a face"; // keeps its colors on a dark page
const MARKS = [1, 2, 5, 10, 20, 30, 60, 100];
const BARS = { width: 150, height: 58, widest: 15 };
const SPOKEN_VALUES = 5; // a screen reader reads longer codes as a range

let explorers = 0;

function formatError(value) {
  return value >= 99.95 ? value.toFixed(0) : value.toFixed(value >= 9.995 ? 1 : 2);
}

const formatSize = (size) => (size === 1 ? "1 number" : `${size} numbers`);

/** Return the row of the chosen image, and the column of the chosen code size, in the tables. */
function position(model) {
  const { sizes, names } = model.get("facts");
  return [names.indexOf(model.get("image")), sizes.indexOf(model.get("code_size"))];
}

// ---------------------------------------------------------------- the images to choose from

function createImageChooser(model, id) {
  const { names } = model.get("facts");
  const node = createElement(
    "fieldset",
    { class: "images" },
    createElement("legend", {}, "Image to copy"),
  );
  const choices = names.map((name) => {
    const attributes = { type: "radio", name: id, value: name, "aria-label": name };
    const radio = createElement("input", attributes);
    const tile = createTile(name);
    tile.setAttribute("aria-hidden", "true");
    tile.classList.toggle("photograph", name === PHOTOGRAPH);
    radio.addEventListener("change", () => saveTraits(model, { image: name }));
    node.append(createElement("label", { title: name }, radio, tile));
    return { radio, tile };
  });
  return {
    node,
    paint() {
      for (const { radio } of choices) radio.checked = radio.value === model.get("image");
    },
    paintTiles(pictures) {
      for (const [i, { tile }] of choices.entries()) paintTile(tile, pictures, 0, 2 * i);
    },
  };
}

// ---------------------------------------------------------------- original, codes, copies

const formatValue = (value) => value.toFixed(2).replace("-", "−");

function describeCode(owner, name, values) {
  const shown = values.map(formatValue);
  const [least, most] = [Math.min(...values), Math.max(...values)].map(formatValue);
  const numbers = values.length > SPOKEN_VALUES ? `from ${least} to ${most}` : shown.join(", ");
  return `${owner} code of ${name}, ${formatSize(values.length)}: ${numbers}`;
}

/** The numbers of a code as bars, up or down from zero. */
function createBars(title, kind) {
  const svg = createSvg(BARS.width, BARS.height, title);
  svg.setAttribute("class", `bars ${kind}`);
  svg.setAttribute("preserveAspectRatio", "none");
  const middle = BARS.height / 2;
  return {
    node: svg,
    /** `largest` is the value whose bar reaches the edge. */
    paint(label, values, largest) {
      svg.setAttribute("aria-label", label);
      svg.replaceChildren();
      const step = Math.min(BARS.widest, BARS.width / values.length);
      for (const [i, value] of values.entries()) {
        const height = (Math.abs(value) / largest) * (middle - 1);
        const y = value > 0 ? middle - height : middle;
        appendSvg(svg, "rect", { x: (i + 0.1) * step, y, width: 0.8 * step, height });
      }
      appendSvg(svg, "line", { x1: 0, x2: BARS.width, y1: middle, y2: middle, class: "zero" });
    },
  };
}

/** Return the largest absolute value in the codes of all images, at one size. */
const largestValue = (codes, column) =>
  Math.max(...codes.flatMap((sizes) => sizes[column].map(Math.abs)));

function createStation(title, kind, picture = createTile(title)) {
  const caption = createElement("span", { class: "words" });
  const heading = createElement("b", {}, title);
  const node = createElement("div", { class: `station ${kind}` }, heading, picture, caption);
  return { node, picture, caption };
}

function createStations(model) {
  const facts = model.get("facts");
  const { names } = facts;
  const original = createStation("Original", "original");
  const codes = [
    { owner: "PCA’s", all: facts.pca_codes, ...createBars("PCA’s code", "pca") },
    {
      owner: "The autoencoder’s",
      all: facts.autoencoder_codes,
      ...createBars("Autoencoder’s code", "autoencoder"),
    },
  ];
  const bars = codes.map(({ node }) => node);
  const code = createStation("Codes", "code", createElement("div", { class: "codes" }, ...bars));
  const copies = [
    { ...createStation("PCA’s copy", "pca"), errors: facts.pca_each },
    { ...createStation("Autoencoder’s copy", "autoencoder"), errors: facts.autoencoder_each },
  ];
  original.caption.textContent = formatSize(PIXELS);
  const arrow = () => createElement("span", { class: "arrow", "aria-hidden": "true" }, "→");
  const copyNodes = copies.map(({ node }) => node);
  const parts = [original.node, arrow(), code.node, arrow(), ...copyNodes];
  return {
    node: createElement("div", { class: "line" }, ...parts),
    paint() {
      const [row, column] = position(model);
      const size = model.get("code_size");
      for (const { owner, all, paint } of codes) {
        const values = all[row][column];
        paint(describeCode(owner, names[row], values), values, largestValue(all, column));
      }
      code.caption.textContent = `${formatSize(size)} each`;
      original.picture.setAttribute("aria-label", `Original: ${names[row]}`);
      for (const { caption, picture, errors } of copies) {
        caption.textContent = `error ${formatError(errors[row][column])}`;
        picture.setAttribute("aria-label", `Copy of ${names[row]} from ${formatSize(size)}`);
      }
    },
    paintTiles(pictures) {
      const [row, column] = position(model);
      paintTile(original.picture, pictures, 0, 2 * row);
      for (const { picture } of [original, ...copies]) {
        picture.classList.toggle("photograph", names[row] === PHOTOGRAPH);
      }
      for (const [i, { picture }] of copies.entries()) {
        paintTile(picture, pictures, column + 1, 2 * row + i);
      }
    },
  };
}

// ---------------------------------------------------------------- the curve above the slider

function plotScales(sizes, width) {
  const [low, high] = ERROR_RANGE;
  const right = width - NAMES_WIDTH;
  return {
    right,
    x: (column) => PLOT.left + ((right - PLOT.left) * column) / (sizes.length - 1),
    y: (error) =>
      PLOT.bottom - ((PLOT.bottom - PLOT.top) * Math.log(error / low)) / Math.log(high / low),
  };
}

function drawAxes(svg, sizes, mean, { right, x, y }) {
  const line = (left, right, top, bottom, name) =>
    appendSvg(svg, "line", { x1: left, x2: right, y1: top, y2: bottom, class: name });
  const label = (left, bottom, name, text) =>
    appendSvg(svg, "text", { x: left, y: bottom, class: name }, text);
  for (const error of ERROR_TICKS) {
    line(PLOT.left, right, y(error), y(error), "grid");
    label(PLOT.left - 8, y(error) + 4, "tick y", String(error));
  }
  let last = Number.NEGATIVE_INFINITY;
  for (const size of MARKS) {
    const left = x(sizes.indexOf(size));
    if (left - last < MIN_TICK_DISTANCE) continue;
    last = left;
    line(left, left, PLOT.bottom, PLOT.bottom + 5, "grid");
    label(left, PLOT.bottom + 20, "tick", String(size));
  }
  line(PLOT.left, right, y(mean), y(mean), "mean");
  label(right + 8, y(mean) + 4, "name", "mean image");
}

function drawCurve(svg, errors, kind, { right, x, y }, labelOffset) {
  const points = errors.map((error, column) => `${x(column).toFixed(1)},${y(error).toFixed(1)}`);
  appendSvg(svg, "polyline", { points: points.join(" "), class: `curve ${kind}` });
  const end = { x: right + 8, y: y(errors.at(-1)) + labelOffset, class: `name ${kind}` };
  appendSvg(svg, "text", end, kind === "pca" ? "PCA" : kind);
}

function createPlot(model, width) {
  const { sizes, pca, autoencoder, mean_image: mean } = model.get("facts");
  const svg = createSvg(width, PLOT.height, "Error against code size");
  svg.setAttribute("width", width);
  const scales = plotScales(sizes, width);
  drawAxes(svg, sizes, mean, scales);
  const cursor = appendSvg(svg, "line", { y1: PLOT.top, y2: PLOT.bottom, class: "cursor" });
  drawCurve(svg, pca, "pca", scales, -2);
  const square = appendSvg(svg, "rect", { width: 11, height: 11, class: "dot pca" });
  drawCurve(svg, autoencoder, "autoencoder", scales, 13);
  const circle = appendSvg(svg, "circle", { r: 6.5, class: "dot autoencoder" });
  return {
    node: svg,
    paint() {
      const [, column] = position(model);
      const x = scales.x(column);
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
      square.setAttribute("x", x - 5.5);
      square.setAttribute("y", scales.y(pca[column]) - 5.5);
      circle.setAttribute("cx", x);
      circle.setAttribute("cy", scales.y(autoencoder[column]));
      svg.setAttribute(
        "aria-label",
        "Error against code size: the more numbers, the smaller the error. " +
          `At ${sizes[column]}: PCA ${formatError(pca[column])}, ` +
          `autoencoder ${formatError(autoencoder[column])}.`,
      );
    },
  };
}

function createSlider(model, id) {
  const { sizes } = model.get("facts");
  const range = { type: "range", min: 0, max: sizes.length - 1, step: 1 };
  const input = createElement("input", { id: `${id}-size`, ...range });
  const label = createElement("label", { for: `${id}-size` }, "Code size");
  // The slider announces its value itself.
  const output = createElement("output", { for: `${id}-size`, "aria-live": "off" });
  input.addEventListener("input", () => model.set("code_size", sizes[Number(input.value)]));
  input.addEventListener("change", () => model.save_changes());
  // The middle of the thumb runs from the first to the last point of the curve.
  input.style.marginLeft = `${PLOT.left - 10}px`;
  return {
    nodes: [input, createElement("div", { class: "size" }, label, output)],
    paint() {
      const size = model.get("code_size");
      input.value = sizes.indexOf(size);
      input.setAttribute("aria-valuetext", formatSize(size));
      output.textContent = String(size);
    },
    fit(width) {
      input.style.width = `${width - NAMES_WIDTH - PLOT.left + 20}px`;
    },
  };
}

/** The curves and the slider below them, as wide as the page allows. */
function createCurves(model, id) {
  const frame = createElement("div");
  const slider = createSlider(model, id);
  let plot = { paint() {} };
  let drawn = 0;
  const fit = () => {
    const [narrowest, widest] = PLOT_WIDTHS;
    const width = Math.min(widest, Math.max(narrowest, Math.floor(frame.clientWidth)));
    if (width === drawn) return;
    drawn = width;
    plot = createPlot(model, width);
    plot.paint();
    frame.replaceChildren(plot.node);
    slider.fit(width);
  };
  const observer = new ResizeObserver(fit);
  observer.observe(frame);
  return {
    nodes: [frame, ...slider.nodes],
    paint() {
      plot.paint();
      slider.paint();
    },
    destroy: () => observer.disconnect(),
  };
}

// ---------------------------------------------------------------- the same as text

function describe(model) {
  const facts = model.get("facts");
  const [size, name] = [model.get("code_size"), model.get("image")];
  const [, column] = position(model);
  const [pca, autoencoder] = [facts.pca[column], facts.autoencoder[column]];
  const summary =
    `${PIXELS} → ${size}: ${formatError(PIXELS / size)} times fewer numbers. ` +
    `Over all 2,000 test digits, PCA’s copies are off by ${formatError(pca)}, ` +
    `the autoencoder’s by ${formatError(autoencoder)}`;
  if (name === "a face" || name === "a star") {
    return `${summary}. But ${name} isn’t a digit: both look for digits in it.`;
  }
  if (size === 1) return `${summary}. One number can’t even tell which of the ten digits it is.`;
  if (autoencoder < pca) return `${summary}: ${(pca / autoencoder).toFixed(1)} times less.`;
  return `${summary}: with this much room, PCA copies better.`;
}

async function render({ model, el }) {
  explorers += 1;
  const id = `code-size-${explorers}`;
  const images = createImageChooser(model, id);
  const stations = createStations(model);
  const curves = createCurves(model, id);
  const description = createDescription(() => describe(model));
  const heading = createElement("div", { class: "heading" }, "Squared error, test digits");
  const attributes = {
    class: "explorer code-size",
    role: "group",
    "aria-label": "Code-size explorer",
  };
  const parts = [images.node, stations.node, heading, ...curves.nodes, description.node];
  const root = createElement("div", attributes, ...parts);
  el.append(root);

  let pictures;
  const paint = () => {
    for (const part of [images, stations, curves]) part.paint();
    if (pictures) stations.paintTiles(pictures);
    description.writeSoon();
  };
  paint();
  description.write();
  model.on("change:code_size change:image", paint);
  const releaseShortcuts = suppressShortcuts(root);

  pictures = await createImageBitmap(new Blob([model.get("pictures")], { type: "image/png" }));
  images.paintTiles(pictures);
  stations.paintTiles(pictures);

  return () => {
    description.destroy();
    curves.destroy();
    model.off("change:code_size change:image", paint);
    releaseShortcuts();
    pictures.close();
  };
}

export default { render };
