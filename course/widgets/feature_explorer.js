// The explorer of lesson 8: which features of the digit classifier fire for a drawing, and what is
// read without some of them. Everything is computed here; see course/widgets/feature_explorer.py.

import { DrawingError } from "./check_drawing.js";
import { classProbabilities, dense, hiddenLayer, relu } from "./digit_networks.js";
import { DrawingPad } from "./drawing_pad.js";
import { readArrays } from "./npz.js";
import { preprocess } from "./preprocess.js";
import { ProbabilityBars } from "./result_views.js";
import { createButton, createElement, saveTraits, suppressShortcuts, toBytes } from "./shared.js";

const SIDE = 280; // of the pad, in CSS pixels
const TILE = 28;
const MAX_SHOWN = 8;
const EMPTY = "Draw a digit, 0 to 9.";

let explorers = 0;

const formatPercent = (share) => `${Math.round(100 * share)}%`;
const indexOfLargest = (values) => values.indexOf(Math.max(...values));

/** Return the rows of a matrix {shape, values} that have these numbers, added up with weights. */
function combineRows({ shape, values }, weights) {
  const sums = new Float64Array(shape[1]);
  for (const [row, weight] of weights) {
    for (let i = 0; i < sums.length; i += 1) sums[i] += weight * values[row * shape[1] + i];
  }
  return sums;
}

/** Return how strongly each feature fires for outputs of the hidden layer. */
function encode({ encoder, bias, center }, hidden, active) {
  const codes = dense(
    hidden.map((value, i) => value - center.values[i]),
    encoder,
    bias,
    relu,
  );
  const order = [...codes.keys()].sort((a, b) => codes[b] - codes[a]);
  for (const feature of order.slice(active)) codes[feature] = 0;
  return codes;
}

/** Return what the networks make of a drawing; throws a DrawingError if it isn't one digit. */
function read({ classifier, dictionary }, model) {
  const [strokes, pen, off] = ["strokes", "pen", "off"].map((name) => model.get(name));
  const drawing = { strokes, pen, width: SIDE, height: SIDE, way: "mnist", deployment: "model" };
  const hidden = hiddenLayer(classifier, preprocess(drawing).vector);
  const codes = encode(dictionary, hidden, model.get("facts").active);
  const shareWithout = (features) => {
    const removed = combineRows(
      dictionary.decoder,
      features.map((feature) => [feature, codes[feature]]),
    );
    const left = hidden.map((value, i) => value - removed[i]);
    return classProbabilities(classifier, left);
  };
  const firing = [...codes.keys()].filter((feature) => codes[feature] > 0);
  firing.sort((a, b) => codes[b] - codes[a]);
  return { codes, firing, all: shareWithout([]), left: shareWithout(off), shareWithout };
}

const describeReading = (shares) => {
  const digit = indexOfLargest(shares);
  return `${digit === 8 ? "an" : "a"} ${digit}, ${formatPercent(shares[digit])} sure`;
};

// ---------------------------------------------------------------- the features that fire

class FeatureList {
  constructor(model, id) {
    Object.assign(this, { model, id, shown: "", rows: [] });
    this.node = createElement("ul", { class: "features", "aria-label": "Features that fire" });
    this.allOn = createButton("All on", () => saveTraits(model, { off: [] }));
  }

  nameOf(feature) {
    return this.model.get("facts").names[feature] ?? `feature ${feature}`;
  }

  toggle(feature) {
    const off = this.model.get("off");
    const others = off.filter((other) => other !== feature);
    saveTraits(this.model, { off: others.length < off.length ? others : [...off, feature] });
  }

  show(result, pictures) {
    const firing = result.firing.slice(0, MAX_SHOWN);
    const off = this.model.get("off");
    const shown = firing.join();
    if (shown !== this.shown) {
      this.shown = shown;
      this.rows = firing.map((feature) => this.createRow(feature, pictures));
      this.node.replaceChildren(...this.rows.map(({ node }) => node));
    }
    const largest = result.codes[firing[0]] || 1;
    for (const { feature, node, input, bar, effect } of this.rows) {
      const isOn = !off.includes(feature);
      input.checked = isOn;
      node.classList.toggle("off", !isOn);
      bar.style.width = `${(100 * result.codes[feature]) / largest}%`;
      effect.textContent = `without it alone: ${describeReading(result.shareWithout([feature]))}`;
    }
    this.allOn.disabled = off.length === 0;
  }

  createRow(feature, pictures) {
    const id = `${this.id}-${feature}`;
    const input = createElement("input", { type: "checkbox", role: "switch", id });
    input.addEventListener("change", () => this.toggle(feature));
    const label = createElement("label", { for: id }, input, this.nameOf(feature));
    const bar = createElement("span", { class: "strength" });
    const effect = createElement("span", { class: "effect" });
    const { strongest } = this.model.get("facts");
    const strip = createElement("canvas", {
      role: "img",
      "aria-label": `The ${strongest} digits that turn on ${this.nameOf(feature)} the most`,
    });
    strip.width = strongest * TILE;
    strip.height = TILE;
    const source = [0, feature * TILE, strip.width, TILE];
    strip.getContext("2d").drawImage(pictures, ...source, 0, 0, strip.width, TILE);
    const track = createElement("span", { class: "track" }, bar);
    const about = createElement("div", {}, label, track, effect);
    return { feature, node: createElement("li", {}, about, strip), input, bar, effect };
  }

  clear() {
    this.shown = "";
    this.rows = [];
    this.node.replaceChildren();
    this.allOn.disabled = this.model.get("off").length === 0;
  }
}

function describe(result, off, list) {
  const count = result.firing.length;
  const fire = count === 1 ? "1 feature fires" : `${count} features fire`;
  const missing = result.firing.filter((feature) => off.includes(feature));
  if (!missing.length) return `Read as ${describeReading(result.all)}. ${fire}.`;
  const names = missing.map((feature) => list.nameOf(feature)).join(" and ");
  return (
    `Read as ${describeReading(result.left)}, without ${names}. ` +
    `With all features: ${describeReading(result.all)}.`
  );
}

async function loadNetworks(model) {
  const [classifier, dictionary] = await Promise.all(
    ["classifier", "dictionary"].map((name) => {
      const bytes = toBytes(model.get(name));
      return readArrays(bytes.slice().buffer);
    }),
  );
  return { classifier, dictionary };
}

async function render({ model, el }) {
  explorers += 1;
  const left = createElement("div", { class: "pad" });
  const digit = createElement("output", { class: "answer", "aria-live": "off" });
  const reading = createElement("div", { class: "reading" }, digit);
  const message = createElement("p", { "aria-live": "polite" }, EMPTY);
  const list = new FeatureList(model, `feature-explorer-${explorers}`);
  const right = createElement("div", { class: "result" }, reading, message, list.allOn);
  const root = createElement(
    "div",
    { class: "explorer feature-explorer", role: "group", "aria-label": "Feature explorer" },
    createElement("div", { class: "upper" }, left, right),
    list.node,
  );
  el.append(root);
  const bars = new ProbabilityBars(reading);
  const pad = new DrawingPad(left, {
    width: SIDE,
    height: SIDE,
    samples: model.get("samples"),
    onStroke: (strokes, pen) => saveTraits(model, { strokes, pen }),
  });
  pad.set(model.get("strokes"), model.get("pen"));
  list.clear();
  const releaseShortcuts = suppressShortcuts(root);

  let [networks, pictures] = [null, null];
  const showNothing = (text) => {
    digit.textContent = "?";
    bars.show(new Array(10).fill(0));
    message.textContent = text;
    list.clear();
  };
  const paint = () => {
    if (!networks) return;
    if (!model.get("strokes").length) {
      showNothing(EMPTY);
      return;
    }
    try {
      const result = read(networks, model);
      digit.textContent = indexOfLargest(result.left);
      bars.show(result.left);
      list.show(result, pictures);
      message.textContent = describe(result, model.get("off"), list);
    } catch (error) {
      if (!(error instanceof DrawingError)) throw error;
      showNothing(error.message);
    }
  };
  const takeStrokes = () => {
    const [strokes, pen] = [model.get("strokes"), model.get("pen")];
    if (strokes !== pad.strokes || pen !== pad.pen) pad.set(strokes, pen);
    paint();
  };
  model.on("change:strokes change:pen", takeStrokes);
  model.on("change:off", paint);
  const blob = new Blob([model.get("pictures")], { type: "image/png" });
  [networks, pictures] = await Promise.all([loadNetworks(model), createImageBitmap(blob)]);
  paint();
  return () => {
    model.off("change:strokes change:pen", takeStrokes);
    model.off("change:off", paint);
    releaseShortcuts();
    pad.destroy();
    pictures.close();
  };
}

export default { render };
