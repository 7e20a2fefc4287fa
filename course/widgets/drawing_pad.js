// A pad for drawing with mouse, pen, finger or keyboard, for the notebook and the digit page.

import { InkCanvas, round, watchAppearance } from "./ink_canvas.js";
import { KeyboardPen, listenToPointer } from "./pad_input.js";
import { createButton, createElement, suppressShortcuts } from "./shared.js";
import { StrokeHistory } from "./stroke_history.js";

const DEFAULT_SIDE = 280;
const MIN_DISTANCE = 0.5; // between two points of a stroke
const HELP =
  "Draw with mouse, pen or finger. With the keyboard, the arrow keys move the pen; Home, End, " +
  "Page Up and Page Down move it diagonally; Space lowers or lifts it; Backspace undoes the last " +
  "stroke.";

let pads = 0;

const countStrokes = (count) => `${count} stroke${count === 1 ? "" : "s"}`;

export class DrawingPad {
  /** Append a pad to `parent`. All options may be left out:
   *
   *   width, height   of the canvas, in its own units
   *   pen             width of the pen, in the same units
   *   label           accessible name of the canvas
   *   samples         {name: {strokes, pen, width, height}}: drawings to load
   *   onStroke        called with (strokes, pen) after each change by the user
   */
  constructor(parent, options = {}) {
    const { width = DEFAULT_SIDE, height = DEFAULT_SIDE, pen = 18 } = options;
    this.onStroke = options.onStroke ?? (() => {});
    this.history = new StrokeHistory(pen);
    this.currentStroke = null;
    this.pointerId = null; // of the pointer that draws; null while the keyboard does
    pads += 1;
    const helpId = `digit-pad-${pads}-help`;
    this.help = createElement("p", { class: "pad-help", id: helpId }, HELP);
    this.liveRegion = createElement("p", { class: "pad-live", "aria-live": "polite" });
    this.ink = new InkCanvas(width, height, {
      role: "application",
      "aria-label": options.label ?? "Drawing pad for one digit",
      "aria-roledescription": "drawing pad",
      "aria-describedby": helpId,
    });
    const frame = createElement("div", { class: "pad-frame" }, this.ink.node);
    frame.style.aspectRatio = `${width} / ${height}`;
    const tools = this.createTools(options.samples ?? {});
    const parts = [frame, tools, this.help, this.liveRegion];
    this.element = createElement("div", { class: "digit-pad" }, ...parts);
    this.element.style.setProperty("--pad-width", `${width}px`);
    parent.append(this.element);
    frame.append(new KeyboardPen(this).cursor);
    listenToPointer(this);
    this.stopWatching = watchAppearance(this.ink.node, () => this.paint());
    this.releaseShortcuts = suppressShortcuts(this.element);
    this.paint();
  }

  get strokes() {
    return this.history.strokes;
  }

  get pen() {
    return this.history.pen;
  }

  createTools(samples) {
    this.undoButton = createButton("Undo", () => this.undo());
    this.clearButton = createButton("Clear", () => this.clear());
    const { width, height } = this.ink;
    const max = Math.max(40, Math.round(Math.min(width, height) / 7));
    const range = { type: "range", min: 2, max, step: 1, value: this.pen };
    this.penSlider = createElement("input", range);
    this.penSlider.addEventListener("input", () => {
      this.history.pen = Number(this.penSlider.value);
      this.paint();
    });
    this.penSlider.addEventListener("change", () => this.onStroke(this.strokes, this.pen));
    const penLabel = createElement("label", {}, "Pen", this.penSlider);
    const tools = [this.undoButton, this.clearButton, penLabel];
    if (Object.keys(samples).length) tools.push(this.createSampleMenu(samples));
    return createElement("div", { class: "pad-tools" }, ...tools);
  }

  createSampleMenu(samples) {
    const options = Object.keys(samples).map((name) =>
      createElement("option", { value: name }, name),
    );
    const prompt = createElement("option", { value: "" }, "Load a sample");
    const attributes = { "aria-label": "Load a sample digit" };
    const select = createElement("select", attributes, prompt, ...options);
    select.addEventListener("change", () => {
      const name = select.value;
      select.value = "";
      if (!samples[name]) return;
      const { strokes, pen } = fitSample(samples[name], this.ink);
      this.change(strokes, `Loaded the sample ${name}.`, pen);
    });
    return select;
  }

  // ------------------------------------------------ the stroke being drawn

  beginStroke(point) {
    this.currentStroke = [point];
    this.ink.takePen(this.pen);
    this.ink.drawLine(this.currentStroke);
  }

  extendStroke(points) {
    const stroke = this.currentStroke;
    const last = stroke.length - 1;
    for (const point of points) {
      const [x, y] = stroke.at(-1);
      if (Math.hypot(point[0] - x, point[1] - y) >= MIN_DISTANCE) stroke.push(point);
    }
    if (stroke.length - 1 > last) this.ink.drawLine(stroke.slice(last));
  }

  finishStroke() {
    const stroke = this.currentStroke;
    if (!stroke) return;
    this.dropStroke();
    const strokes = [...this.strokes, stroke];
    this.change(strokes, `${countStrokes(strokes.length)} drawn.`);
  }

  dropStroke() {
    this.currentStroke = null;
    this.pointerId = null;
    this.element.classList.remove("pen-down");
  }

  // ------------------------------------------------ all strokes

  /** Show these strokes, without undo and without calling `onStroke`. */
  set(strokes, pen) {
    this.dropStroke();
    this.history.set(strokes, pen);
    this.paint();
  }

  change(strokes, message, pen) {
    this.history.change(strokes, pen);
    this.paint();
    this.say(message);
    this.onStroke(this.strokes, this.pen);
  }

  undo() {
    if (this.currentStroke) {
      this.dropStroke();
      this.paint();
      this.say("Stroke discarded.");
    } else if (!this.history.canUndo) {
      this.say("Nothing to undo.");
    } else {
      this.history.undo();
      this.paint();
      this.keepFocus(this.undoButton);
      const { length } = this.strokes;
      this.say(length ? `Undone. ${countStrokes(length)} left.` : "Undone. The pad is empty.");
      this.onStroke(this.strokes, this.pen);
    }
  }

  clear() {
    this.dropStroke();
    if (this.strokes.length) this.change([], "The pad is empty.");
    this.keepFocus(this.clearButton);
  }

  paint() {
    const { strokes, pen, currentStroke } = this;
    this.ink.paint(currentStroke ? [...strokes, currentStroke] : strokes, pen);
    this.penSlider.value = String(pen);
    this.undoButton.disabled = !this.history.canUndo;
    this.clearButton.disabled = strokes.length === 0;
  }

  // A disabled button loses the focus; the canvas takes it.
  keepFocus(button) {
    const { activeElement } = document;
    if (button.disabled && (activeElement === button || activeElement === document.body)) {
      this.ink.node.focus({ preventScroll: true });
    }
  }

  // ------------------------------------------------ screen readers

  say(text) {
    clearTimeout(this.speechTimer);
    this.liveRegion.textContent = text;
  }

  /** Say what `describe` returns after a delay, unless something else is said before. */
  sayLater(describe, delay) {
    clearTimeout(this.speechTimer);
    this.speechTimer = setTimeout(() => this.say(describe()), delay);
  }

  destroy() {
    clearTimeout(this.speechTimer);
    this.stopWatching();
    this.releaseShortcuts();
    this.help.remove(); // the page may have moved it elsewhere
    this.element.remove();
  }
}

/** Return a sample scaled to a canvas of this size and centered on it. */
function fitSample(sample, { width, height }) {
  const sampleWidth = sample.width ?? DEFAULT_SIDE;
  const sampleHeight = sample.height ?? DEFAULT_SIDE;
  if (sampleWidth === width && sampleHeight === height) return sample;
  const scale = Math.min(width / sampleWidth, height / sampleHeight);
  const left = (width - scale * sampleWidth) / 2;
  const top = (height - scale * sampleHeight) / 2;
  const fit = ([x, y]) => [round(left + scale * x), round(top + scale * y)];
  return {
    strokes: sample.strokes.map((stroke) => stroke.map(fit)),
    pen: Math.max(1, round(scale * sample.pen)),
  };
}
