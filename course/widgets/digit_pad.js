// The digit pad of lesson 6: ties a drawing pad, and what Python makes of the drawing, to a kernel.

import { DrawingPad } from "./drawing_pad.js";
import { ProbabilityBars, StageStrip } from "./result_views.js";
import { createElement, createRadioGroup, saveTraits, suppressShortcuts } from "./shared.js";

const WAYS = [
  ["mnist", "MNIST’s way"],
  ["lecture", "the lecture’s way"],
];
const DEPLOYMENTS = [
  ["model", "model deployment"],
  ["function", "function deployment"],
];

/** A pad whose strokes and pen are those of the model. */
class ConnectedPad {
  constructor(model, root, left, right) {
    Object.assign(this, { model, root, left, right });
    this.build();
  }

  /** Build the pad for the model's size. */
  build() {
    const { model } = this;
    this.pad?.destroy();
    this.pad = new DrawingPad(this.left, {
      width: model.get("width"),
      height: model.get("height"),
      pen: model.get("pen"),
      samples: model.get("samples"),
      onStroke: (strokes, pen) => saveTraits(model, { strokes, pen }), // one message per stroke
    });
    this.pad.set(model.get("strokes"), model.get("pen"));
    this.root.style.setProperty("--pad-width", `${model.get("width")}px`);
    this.right.append(this.pad.help); // there is more room here
  }

  update() {
    const [strokes, pen] = [this.model.get("strokes"), this.model.get("pen")];
    if (strokes !== this.pad.strokes || pen !== this.pad.pen) this.pad.set(strokes, pen);
  }
}

/** The recognized digit and the probabilities; empty without a classifier. */
function createAnswer(model) {
  const digit = createElement("output", { class: "pad-answer" });
  const node = createElement("div", { class: "pad-reading" }, digit);
  if (!model.get("classifies")) {
    node.hidden = true;
    return { node, show() {} };
  }
  const bars = new ProbabilityBars(node);
  return {
    node,
    show(result) {
      const isRead = result.digit !== undefined;
      digit.textContent = isRead ? result.digit : "?";
      digit.classList.toggle("none", !isRead);
      digit.setAttribute("aria-label", isRead ? `Read as ${result.digit}` : "Not read");
      bars.show(result.probabilities ?? new Array(10).fill(0));
    },
  };
}

function createPayload(model) {
  const deployments = createRadioGroup(model, "deployment", "Payload for the", DEPLOYMENTS);
  const text = createElement("pre", { tabindex: "0", "aria-label": "Generated payload" });
  const summary = createElement("summary", {}, "Generated payload");
  const node = createElement("details", {}, summary, deployments.node, text);
  return {
    node,
    show(result) {
      deployments.paint();
      node.hidden = !result.stages;
      text.textContent = result.payload ?? "";
    },
  };
}

function render({ model, el }) {
  const left = createElement("div", { class: "pad-left" });
  const right = createElement("div", { class: "pad-right" });
  const attributes = { class: "digit-pad-widget", "data-needs-kernel": "" };
  const root = createElement("div", attributes, left, right);
  el.append(root);

  const ways = createRadioGroup(model, "way", "Prepare it", WAYS);
  const answer = createAnswer(model);
  const message = createElement("p", { class: "pad-words", role: "status" });
  right.append(ways.node, answer.node, message);
  const pad = new ConnectedPad(model, root, left, right);
  const strip = new StageStrip(root);
  const payload = createPayload(model);
  root.append(payload.node);

  const showResult = () => {
    const result = model.get("found");
    ways.paint();
    answer.show(result);
    message.textContent = result.words ?? "";
    message.classList.toggle("trouble", Boolean(result.trouble));
    strip.setStale(!result.stages);
    if (result.stages) strip.show(result);
    payload.show(result);
  };
  const themes = new MutationObserver(() => strip.repaint());
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  const listeners = {
    "change:found": showResult,
    "change:strokes change:pen": () => pad.update(),
    "change:width change:height": () => pad.build(),
  };
  for (const [events, listener] of Object.entries(listeners)) model.on(events, listener);
  showResult();
  const releaseShortcuts = suppressShortcuts(root);
  return () => {
    for (const [events, listener] of Object.entries(listeners)) model.off(events, listener);
    themes.disconnect();
    releaseShortcuts();
    pad.pad.destroy();
  };
}

export default { render };
