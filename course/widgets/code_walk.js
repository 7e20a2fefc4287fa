// The explorer of lesson 5. The sliders choose a point in code space; the kernel decodes it and
// sends two images back: the decoded code and the mixed pixels.

import { createDescription } from "./explorer.js";
import {
  createButton,
  createElement,
  createRadioGroup,
  paintPixels,
  saveTraits,
  suppressShortcuts,
  toBytes,
} from "./shared.js";

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const TRAITS = ["first", "second", "way", "basis", "number", "push", "shown"];
const BASES = [
  ["directions", "a principal direction of the codes"],
  ["numbers", "one number of the code"],
];
const MOTION = { step: 2, pauseMs: 60 };
const STILLS = { step: 25, pauseMs: 1200 }; // for people who asked for less motion
const NO_CHANGE_MS = 2000;

let walks = 0;

function createTile() {
  return createElement("canvas", { width: SIDE, height: SIDE, role: "img" });
}

function paintTile(canvas, data, index) {
  const bytes = toBytes(data).subarray(index * PIXELS, (index + 1) * PIXELS);
  paintPixels(canvas, bytes, SIDE, SIDE);
}

function createImageChooser(model, id, trait, title) {
  const options = model.get("names").map((name, i) => createElement("option", { value: i }, name));
  const select = createElement("select", { id: `${id}-${trait}` }, ...options);
  select.addEventListener("change", () => saveTraits(model, { [trait]: Number(select.value) }));
  const picture = createTile();
  const label = createElement("label", { for: `${id}-${trait}` }, title);
  return {
    node: createElement("div", { class: "end" }, label, picture, select),
    paint() {
      const chosen = model.get(trait);
      select.value = String(chosen);
      picture.setAttribute("aria-label", `${title}: ${model.get("names")[chosen]}`);
      paintTile(picture, model.get("pictures"), chosen);
    },
  };
}

function createResults(model) {
  const [decoded, mixed] = [createTile(), createTile()];
  const figure = (attributes, tile, caption) =>
    createElement("figure", attributes, tile, createElement("figcaption", {}, caption));
  const figures = [
    figure({ class: "decoded" }, decoded, "Mixed codes"),
    figure({}, mixed, "Mixed pixels"),
  ];
  return {
    node: createElement("div", { class: "between" }, ...figures),
    paint() {
      const description = describe(model);
      decoded.setAttribute("aria-label", `The mixed code, decoded: ${description}`);
      mixed.setAttribute("aria-label", `The mixed pixels: ${description}`);
      if (model.get("shown").byteLength < 2 * PIXELS) return;
      paintTile(decoded, model.get("shown"), 0);
      paintTile(mixed, model.get("shown"), 1);
    },
  };
}

function describe(model) {
  const names = model.get("names");
  const shift = model.get("push")
    ? `, ${thing(model)} ${model.get("number")} shifted by ${formatShift(model.get("push"))}`
    : "";
  return (
    `${model.get("way")}% of the way from ${names[model.get("first")]} ` +
    `to ${names[model.get("second")]}${shift}`
  );
}

const thing = (model) => (model.get("basis") === "numbers" ? "number" : "direction");

function formatShift(value) {
  return `${(value < 0 ? "−" : "+") + Math.abs(value).toFixed(1)} σ`;
}

function createSlider(model, id, { trait, title, range, format }) {
  const input = createElement("input", { id: `${id}-${trait}`, type: "range", ...range });
  // The slider announces its value itself.
  const output = createElement("output", { for: `${id}-${trait}`, "aria-live": "off" });
  input.addEventListener("input", () => saveTraits(model, { [trait]: Number(input.value) }));
  const label = createElement("label", { for: `${id}-${trait}` }, title);
  return {
    nodes: [label, input, output],
    paint() {
      const value = model.get(trait);
      if (Number(input.value) !== value) input.value = value;
      input.setAttribute("aria-valuetext", format(value));
      output.textContent = format(value);
    },
  };
}

const sliders = (model) => [
  {
    trait: "way",
    title: "Position between them",
    range: { min: 0, max: 100, step: 1 },
    format: (way) => `${way}%`,
  },
  {
    trait: "number",
    title: "Which one",
    range: { min: 1, max: model.get("size"), step: 1 },
    format: (number) => `${thing(model)} ${number}`,
  },
  {
    trait: "push",
    title: "Shifted by",
    range: { min: -3, max: 3, step: 0.1 },
    format: formatShift,
  },
];

/** Moves from the first image to the second, one step after the kernel has shown the last. */
class Player {
  constructor(model) {
    this.model = model;
    this.isPlaying = false;
    this.button = createButton("Play", () => (this.isPlaying ? this.stop() : this.play()));
    this.onShown = () => this.isPlaying && this.scheduleStep(this.pace.pauseMs);
    model.on("change:shown", this.onShown);
  }

  play() {
    const isReduced = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.pace = isReduced ? STILLS : MOTION;
    this.isPlaying = true;
    this.button.textContent = "Stop";
    if (this.model.get("way") >= 100) saveTraits(this.model, { way: 0 });
    this.scheduleStep(this.pace.pauseMs);
  }

  scheduleStep(delayMs) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.step(), delayMs);
  }

  step() {
    const way = Math.min(100, this.model.get("way") + this.pace.step);
    this.scheduleStep(NO_CHANGE_MS); // unless the kernel shows another image before
    saveTraits(this.model, { way });
    if (way === 100) this.stop();
  }

  stop() {
    clearTimeout(this.timer);
    this.isPlaying = false;
    this.button.textContent = "Play";
  }

  destroy() {
    this.stop();
    this.model.off("change:shown", this.onShown);
  }
}

function render({ model, el }) {
  walks += 1;
  const id = `code-walk-${walks}`;
  const first = createImageChooser(model, id, "first", "From");
  const second = createImageChooser(model, id, "second", "To");
  const results = createResults(model);
  const controls = sliders(model).map((settings) => createSlider(model, id, settings));
  const [walk, ...pushes] = controls;
  const bases = createRadioGroup(model, "basis", "Push along", BASES);
  const player = new Player(model);
  const reset = createButton("Back to the start", () => {
    player.stop();
    saveTraits(model, { way: 0, push: 0 });
  });
  const description = createDescription(() => `${describe(model)}.`);
  const root = createElement(
    "div",
    {
      class: "explorer code-walk",
      role: "group",
      "aria-label": "Walk between codes",
      "data-needs-kernel": "",
    },
    createElement("div", { class: "walk-ends" }, first.node, results.node, second.node),
    createElement("div", { class: "sliders" }, ...walk.nodes, player.button),
    bases.node,
    createElement("div", { class: "sliders" }, ...pushes.flatMap(({ nodes }) => nodes), reset),
    description.node,
  );
  el.append(root);

  const paint = () => {
    for (const part of [first, second, results, ...controls]) part.paint();
    bases.paint();
    // A screen reader would never fall silent while it plays.
    description.node.setAttribute("aria-live", player.isPlaying ? "off" : "polite");
    description.writeSoon();
  };
  paint();
  description.write();
  const changes = TRAITS.map((trait) => `change:${trait}`).join(" ");
  model.on(changes, paint);
  const releaseShortcuts = suppressShortcuts(root);
  return () => {
    description.destroy();
    player.destroy();
    model.off(changes, paint);
    releaseShortcuts();
  };
}

export default { render };
