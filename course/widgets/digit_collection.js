// Collects a learner's own digits: asks for one after another and hands each drawing to Python,
// which keeps it if it shows a digit.

import { DrawingPad } from "./drawing_pad.js";
import { createButton, createElement, saveTraits, suppressShortcuts } from "./shared.js";

/** Show which digit to draw now, and how many are kept. */
function createPrompt(asked) {
  const count = createElement("span", { class: "pad-count" });
  const digit = createElement("b", { class: "pad-answer" });
  const bar = createElement("progress", { max: asked.length, "aria-label": "Drawings kept" });
  const line = createElement("p", { class: "pad-asked", role: "status" }, count, digit);
  return {
    parts: [line, bar],
    show(kept) {
      bar.value = kept;
      digit.hidden = kept >= asked.length;
      count.textContent = digit.hidden
        ? `All ${asked.length} drawings are kept. Run the next cell.`
        : `Drawing ${kept + 1} of ${asked.length}: please draw a `;
      digit.textContent = asked[kept] ?? "";
    },
  };
}

function render({ model, el }) {
  const asked = model.get("asked");
  const left = createElement("div", { class: "pad-left" });
  const right = createElement("div", { class: "pad-right" });
  const attributes = { class: "digit-collection", "data-needs-kernel": "" };
  const root = createElement("div", attributes, left, right);
  el.append(root);

  const kept = () => model.get("drawings").length;
  const prompt = createPrompt(asked);
  const message = createElement("p", { class: "pad-words", role: "status" });
  const keep = createButton("Keep it", () => {
    const { strokes, pen } = pad;
    const number = model.get("candidate").number ?? 0; // a change even for an equal drawing
    const candidate = { digit: asked[kept()], strokes, pen, number: number + 1 };
    saveTraits(model, { candidate });
  });
  const back = createButton("Take back the last", () => {
    saveTraits(model, { drawings: model.get("drawings").slice(0, -1), message: "" });
  });
  const buttons = createElement("div", { class: "pad-tools" }, keep, back);
  const controls = createElement("div", { class: "digit-pad" }, ...prompt.parts, buttons, message);
  right.append(controls);
  const showButtons = () => {
    keep.disabled = pad.strokes.length === 0 || kept() >= asked.length;
    back.disabled = kept() === 0;
  };
  const pad = new DrawingPad(left, { label: "Drawing pad", onStroke: showButtons });
  right.append(pad.help);

  const showMessage = () => {
    message.textContent = model.get("message");
    message.classList.toggle("trouble", Boolean(model.get("message")));
  };
  const showDrawings = () => {
    const hadFocus = root.contains(document.activeElement);
    pad.set([], pad.pen);
    prompt.show(kept());
    showButtons();
    // The button that was pressed is disabled now.
    if (hadFocus && document.activeElement?.disabled !== false) pad.ink.node.focus();
  };
  model.on("change:drawings", showDrawings);
  model.on("change:message", showMessage);
  showMessage();
  showDrawings();
  const releaseShortcuts = suppressShortcuts(root);
  return () => {
    model.off("change:drawings", showDrawings);
    model.off("change:message", showMessage);
    releaseShortcuts();
    pad.destroy();
  };
}

export default { render };
