// The Gibbs explorer of lesson 4. Python computes each step; this file shows it.

import {
  createButton,
  createElement,
  paintPixels,
  saveTraits,
  suppressShortcuts,
  toBytes,
} from "./shared.js";

const PAUSE_MS = 200; // between the steps of a running chain
const PAPER = [251, 250, 247];
const INK = [34, 33, 33];
const PICTURES = [
  { name: "before", title: "image before", side: () => 28 },
  { name: "hidden", title: "hidden units", side: (units) => Math.ceil(Math.sqrt(units)) },
  { name: "after", title: "image after", side: () => 28 },
];

/** Requests steps one at a time, so that a slow kernel has none queued after Stop. */
class Chain {
  constructor(model, runButton) {
    Object.assign(this, { model, runButton, running: false, waiting: false });
  }

  step() {
    if (this.waiting) return;
    this.waiting = true;
    this.model.send("step");
  }

  run() {
    this.running = true;
    this.runButton.textContent = "Stop";
    this.step();
  }

  stop() {
    clearTimeout(this.timer);
    this.running = false;
    this.runButton.textContent = "Run";
  }

  onStepDone() {
    this.waiting = false;
    clearTimeout(this.timer);
    if (this.running) this.timer = setTimeout(() => this.step(), PAUSE_MS);
  }
}

function createControls(model) {
  const runButton = createButton("Run", () => (chain.running ? chain.stop() : chain.run()));
  const chain = new Chain(model, runButton);
  const afterStop = (action) => () => {
    chain.stop();
    action();
  };
  const nextImage = () =>
    saveTraits(model, { choice: (model.get("choice") + 1) % model.get("choices") });
  const coins = createElement("input", { type: "checkbox" });
  coins.addEventListener(
    "change",
    afterStop(() => saveTraits(model, { sampling: coins.checked })),
  );
  const node = createElement(
    "div",
    { class: "controls" },
    createButton(
      "One step",
      afterStop(() => chain.step()),
    ),
    runButton,
    createButton(
      "Start again",
      afterStop(() => model.send("restart")),
    ),
    createButton("Next image", afterStop(nextImage)),
    createElement("label", {}, coins, "toss coins"),
  );
  return { node, chain, coins };
}

function createPictures(model) {
  const canvases = PICTURES.map(() => createElement("canvas", { role: "img" }));
  const captions = canvases.map(() => createElement("figcaption"));
  const figures = canvases.map((canvas, i) => createElement("figure", {}, canvas, captions[i]));
  return {
    node: createElement("div", { class: "pictures" }, ...figures),
    paint() {
      for (const [i, { name, side }] of PICTURES.entries()) {
        const bytes = toBytes(model.get("pictures")[name]);
        const pixels = side(bytes.length);
        paintPixels(canvases[i], bytes, pixels, pixels, PAPER, INK);
        const isEmpty = name !== "before" && model.get("steps") === 0;
        figures[i].classList.toggle("empty", isEmpty);
        const title = isEmpty ? `${PICTURES[i].title}: after a step` : PICTURES[i].title;
        canvases[i].setAttribute("aria-label", title);
        captions[i].textContent = title;
      }
    },
  };
}

function render({ model, el }) {
  const controls = createControls(model);
  const pictures = createPictures(model);
  const description = createElement("p", { "aria-live": "polite" });
  const attributes = { class: "explorer gibbs-explorer", "data-needs-kernel": "" };
  const root = createElement("div", attributes, controls.node, pictures.node, description);
  el.append(root);

  const { chain, coins } = controls;
  const paint = () => {
    coins.checked = model.get("sampling");
    pictures.paint();
    // A screen reader would never fall silent while the chain runs.
    description.setAttribute("aria-live", chain.running ? "off" : "polite");
    description.textContent = model.get("words");
  };
  const onSteps = () => chain.onStepDone();
  model.on("change:pictures change:words change:sampling", paint);
  model.on("change:steps", onSteps);
  paint();
  const releaseShortcuts = suppressShortcuts(root);
  return () => {
    chain.stop();
    model.off("change:pictures change:words change:sampling", paint);
    model.off("change:steps", onSteps);
    releaseShortcuts();
  };
}

export default { render };
