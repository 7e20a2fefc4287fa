// The explorer of lesson 7. One picture holds everything that was decoded; this file cuts out what
// belongs to the chosen price and place.
//
// In that picture, each network has a block: a square of `side` × `side` tiles of 28 × 28 pixels,
// the decoded plane, and below it one row of copies. A row of originals follows at the end.

import { createDescription, createTile, paintTile } from "./explorer.js";
import { arrowStep, drawMarker, resetCanvas, strokePath } from "./markers.js";
import { createElement, saveTraits, suppressShortcuts } from "./shared.js";

const SIDE = 344; // of the plane, in CSS pixels
const TILE = 28;
const MARK_COLOR = "#d55e00";
const FAINT_COLOR = "#8a8780";

let explorers = 0;

const formatBeta = (beta) => (beta === 0 ? "0 (a plain autoencoder)" : String(beta));
const formatPercent = (share) => `${Math.round(100 * share)}%`;
const formatNumber = (value) => value.toFixed(1).replace("-", "−");

/** Return the number of the chosen network, and its place in the tables. */
const chosen = (model) => model.get("facts").betas.indexOf(model.get("beta"));

/** Return the column and the row of a place. */
const cellOf = (model) => {
  const { side } = model.get("facts");
  return [model.get("place") % side, Math.floor(model.get("place") / side)];
};

/** Return the code in the middle of the marked place. */
function codeOf(model) {
  const { side, extent } = model.get("facts");
  const [column, row] = cellOf(model);
  const coordinate = (index) => extent * ((2 * (index + 0.5)) / side - 1);
  return [coordinate(column), -coordinate(row)];
}

// ---------------------------------------------------------------- the plane, twice

class PlaneView {
  constructor(title, role) {
    this.canvas = createElement("canvas", { class: "plane", ...role });
    this.note = createElement("span");
    const caption = createElement("figcaption", {}, createElement("b", {}, title), " ", this.note);
    this.node = createElement("figure", {}, caption, this.canvas);
  }

  /** Mark the chosen place. */
  mark(context, model) {
    const size = SIDE / model.get("facts").side;
    const [column, row] = cellOf(model);
    context.beginPath();
    context.rect(column * size, row * size, size, size);
    strokePath(context, 5, "#fbfaf7");
    strokePath(context, 2.5, MARK_COLOR);
  }
}

class CodesView extends PlaneView {
  constructor(model) {
    super("Where real codes lie", { role: "img" });
    this.model = model;
  }

  paint() {
    const { codes, labels, extent } = this.model.get("facts");
    const context = resetCanvas(this.canvas, SIDE);
    for (const radius of [1, 2, 3]) {
      context.beginPath();
      context.arc(SIDE / 2, SIDE / 2, (radius * SIDE) / (2 * extent), 0, 2 * Math.PI);
      strokePath(context, 1, FAINT_COLOR);
    }
    const styles = this.model.get("styles");
    const points = codes[chosen(this.model)];
    let outside = 0;
    for (const [i, [x, y]] of points.entries()) {
      if (Math.max(Math.abs(x), Math.abs(y)) > extent) outside += 1;
      const place = [(SIDE / 2) * (1 + x / extent), (SIDE / 2) * (1 - y / extent)];
      drawMarker(context, styles[labels[i]], place, 3.6);
    }
    this.mark(context, this.model);
    const rest = outside ? `, ${outside} of them beyond the edge` : "";
    this.canvas.setAttribute(
      "aria-label",
      `The codes of ${points.length} test digits${rest}, in circles of 1, 2 and 3 standard deviations`,
    );
  }
}

class DecodedView extends PlaneView {
  constructor(model) {
    super("What is decoded there", {
      tabindex: 0,
      role: "application",
      "aria-roledescription": "map",
    });
    this.model = model;
    this.canvas.addEventListener("pointerdown", (event) => this.onPointer(event));
    this.canvas.addEventListener("keydown", (event) => this.onKey(event));
  }

  onPointer(event) {
    const { side } = this.model.get("facts");
    const box = this.canvas.getBoundingClientRect();
    const index = (distance, size) =>
      Math.min(side - 1, Math.max(0, Math.floor((distance / size) * side)));
    const column = index(event.clientX - box.left, box.width);
    const row = index(event.clientY - box.top, box.height);
    saveTraits(this.model, { place: row * side + column });
  }

  onKey(event) {
    const step = arrowStep(event);
    if (!step) return;
    const { side } = this.model.get("facts");
    const [column, row] = cellOf(this.model).map((index, axis) =>
      Math.min(side - 1, Math.max(0, index + step[axis])),
    );
    saveTraits(this.model, { place: row * side + column });
  }

  paint(pictures) {
    const { side, holes } = this.model.get("facts");
    const network = chosen(this.model);
    const context = resetCanvas(this.canvas, SIDE);
    const top = network * (side + 1) * TILE;
    if (pictures) {
      context.drawImage(pictures, 0, top, side * TILE, side * TILE, 0, 0, SIDE, SIDE);
    }
    const size = SIDE / side;
    for (const place of holes[network]) {
      const [x, y] = [(place % side) * size, Math.floor(place / side) * size];
      context.beginPath();
      context.moveTo(x + 3, y + size - 3);
      context.lineTo(x + size - 3, y + 3);
      strokePath(context, 2, MARK_COLOR);
    }
    this.mark(context, this.model);
    this.note.textContent = `${holes[network].length} of ${side * side} are holes`;
    this.canvas.setAttribute(
      "aria-label",
      `${side} by ${side} decoded codes. The arrow keys move to the next one. ` +
        `${holes[network].length} are holes; they are crossed out.`,
    );
  }
}

// ---------------------------------------------------------------- the marked place, and copies

function createTiles(model) {
  const { side, betas, examples } = model.get("facts");
  const decoded = createTile("The decoded code at the mark");
  const originals = examples.map((name) => createTile(`Original: ${name}`));
  const copies = examples.map((name) => createTile(`Copy of ${name}`));
  const row = (title, tiles, kind) =>
    createElement("div", { class: kind }, createElement("b", {}, title), ...tiles);
  return {
    node: createElement(
      "div",
      { class: "tiles" },
      createElement("div", { class: "mark" }, createElement("b", {}, "At the mark"), decoded),
      createElement(
        "div",
        {},
        row("Originals", originals, "plane-row"),
        row("Copies", copies, "plane-row"),
      ),
    ),
    paint(pictures) {
      const network = chosen(model);
      const [column, line] = cellOf(model);
      paintTile(decoded, pictures, column, network * (side + 1) + line);
      for (const [i, tile] of copies.entries()) {
        paintTile(tile, pictures, i, network * (side + 1) + side);
      }
      for (const [i, tile] of originals.entries()) {
        paintTile(tile, pictures, i, betas.length * (side + 1));
      }
    },
  };
}

function createSlider(model, id) {
  const { betas } = model.get("facts");
  const range = { type: "range", min: 0, max: betas.length - 1, step: 1 };
  const input = createElement("input", { id: `${id}-beta`, ...range });
  // The slider announces its value itself.
  const output = createElement("output", { for: `${id}-beta`, "aria-live": "off" });
  const label = createElement("label", { for: `${id}-beta` }, "Price of a cloud, β");
  input.addEventListener("input", () => saveTraits(model, { beta: betas[Number(input.value)] }));
  return {
    node: createElement("div", { class: "price" }, label, input, output),
    paint() {
      const beta = model.get("beta");
      input.value = chosen(model);
      input.setAttribute("aria-valuetext", formatBeta(beta));
      output.textContent = formatBeta(beta);
    },
  };
}

function createLegend(model) {
  const items = model.get("styles").map((look, digit) => {
    const canvas = createElement("canvas", { "aria-hidden": "true" });
    drawMarker(resetCanvas(canvas, 16), look, [8, 8], 5);
    return createElement("span", {}, canvas, String(digit));
  });
  return createElement("div", { class: "legend" }, ...items);
}

function describe(model) {
  const facts = model.get("facts");
  const network = chosen(model);
  const [holes, sure, error] = [facts.hole_shares, facts.sure_shares, facts.errors].map(
    (values) => values[network],
  );
  const [x, y] = codeOf(model).map(formatNumber);
  const place = model.get("place");
  const read = `a ${facts.reads[network][place]}, ${formatPercent(facts.sure[network][place])} sure`;
  return (
    `β = ${formatBeta(model.get("beta"))}: ${formatPercent(holes)} of random codes fall into holes; ` +
    `copies are off by ${error.toFixed(1)}. The classifier is more than ` +
    `${formatPercent(facts.level)} sure of ${formatPercent(sure)} of random codes. ` +
    `At (${x}, ${y}), it reads ${read}.`
  );
}

async function render({ model, el }) {
  explorers += 1;
  const slider = createSlider(model, `code-plane-${explorers}`);
  const [codes, decoded, tiles] = [
    new CodesView(model),
    new DecodedView(model),
    createTiles(model),
  ];
  const description = createDescription(() => describe(model));
  const root = createElement(
    "div",
    { class: "explorer code-plane", role: "group", "aria-label": "Code-plane explorer" },
    slider.node,
    createElement("div", { class: "planes" }, codes.node, decoded.node),
    createLegend(model),
    description.node,
    tiles.node,
  );
  el.append(root);

  let pictures;
  const paint = () => {
    slider.paint();
    codes.paint();
    decoded.paint(pictures);
    if (pictures) tiles.paint(pictures);
    description.writeSoon();
  };
  paint();
  description.write();
  model.on("change:beta change:place", paint);
  const releaseShortcuts = suppressShortcuts(root);

  pictures = await createImageBitmap(new Blob([model.get("pictures")], { type: "image/png" }));
  paint();

  return () => {
    description.destroy();
    model.off("change:beta change:place", paint);
    releaseShortcuts();
    pictures.close();
  };
}

export default { render };
