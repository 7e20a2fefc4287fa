// How pointers (mouse, pen, finger) and the keyboard draw on a DrawingPad.

import { round } from "./ink_canvas.js";
import { createElement } from "./shared.js";

const LARGE_STEP = 8; // how far a key moves the pen
const SMALL_STEP = 2; // with Shift
const SPEECH_DELAY_MS = 400; // so that a held key doesn't announce every step
const MOVES = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  Home: [-1, -1],
  PageUp: [1, -1],
  End: [-1, 1],
  PageDown: [1, 1],
};

/** Draw with the primary pointer; it owns the stroke from pressing to lifting. */
export function listenToPointer(pad) {
  const { ink, element } = pad;
  const canvas = ink.node;
  canvas.addEventListener("pointerdown", (event) => {
    // A second finger and any button but the first have other uses.
    if (pad.pointerId !== null || !event.isPrimary || event.button !== 0) return;
    pad.finishStroke(); // of the keyboard
    event.preventDefault();
    pad.pointerId = event.pointerId;
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    element.classList.remove("by-keyboard");
    pad.beginStroke(ink.pointAt(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (pad.pointerId !== event.pointerId || !pad.currentStroke) return;
    const events = event.getCoalescedEvents?.() ?? [];
    pad.extendStroke((events.length ? events : [event]).map((each) => ink.pointAt(each)));
  });
  for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(type, (event) => {
      if (pad.pointerId === event.pointerId) pad.finishStroke();
    });
  }
  canvas.addEventListener("contextmenu", (event) => {
    if (pad.pointerId !== null) event.preventDefault(); // after a long touch
  });
}

/** A pen that keys move, put down and lift, with a cursor that shows where it is. */
export class KeyboardPen {
  constructor(pad) {
    this.pad = pad;
    this.limits = [pad.ink.width, pad.ink.height];
    this.position = this.limits.map((limit) => limit / 2);
    this.cursor = createElement("span", { class: "pad-cursor", "aria-hidden": "true" });
    const canvas = pad.ink.node;
    canvas.addEventListener("keydown", (event) => this.onKeydown(event));
    canvas.addEventListener("focus", () => {
      const byKeyboard = canvas.matches(":focus-visible") && pad.pointerId === null;
      pad.element.classList.toggle("by-keyboard", byKeyboard);
      this.placeCursor();
    });
    canvas.addEventListener("blur", () => {
      if (pad.pointerId === null) pad.finishStroke();
      pad.element.classList.remove("by-keyboard");
    });
    this.placeCursor();
  }

  onKeydown(event) {
    const { pad } = this;
    const ctrl = event.ctrlKey || event.metaKey;
    if (ctrl && event.key === "z") pad.undo();
    else if (ctrl || event.altKey || pad.pointerId !== null) return;
    else if (MOVES[event.key]) this.move(MOVES[event.key], event.shiftKey);
    else if (event.key === " ") this.togglePen(event.repeat);
    else if (event.key === "Backspace" || event.key === "Delete") pad.undo();
    else if (event.key === "Escape" && pad.currentStroke) pad.undo();
    else return;
    event.preventDefault();
    if (ctrl) return;
    pad.element.classList.add("by-keyboard");
    this.placeCursor();
  }

  move(direction, isSmall) {
    const step = isSmall ? SMALL_STEP : LARGE_STEP;
    this.position = this.position.map((value, axis) =>
      Math.min(this.limits[axis], Math.max(0, value + step * direction[axis])),
    );
    if (this.pad.currentStroke) this.pad.extendStroke([this.position.map(round)]);
    this.announce();
  }

  togglePen(isRepeat) {
    const { pad } = this;
    if (isRepeat) return; // the key is held down
    if (pad.currentStroke) {
      pad.finishStroke();
      return;
    }
    pad.beginStroke(this.position.map(round));
    pad.element.classList.add("pen-down");
    pad.say("Pen down.");
  }

  percentages() {
    return this.position.map((value, axis) => (100 * value) / this.limits[axis]);
  }

  placeCursor() {
    const [left, top] = this.percentages();
    this.cursor.style.left = `${left}%`;
    this.cursor.style.top = `${top}%`;
  }

  announce() {
    this.pad.sayLater(() => {
      const [x, y] = this.percentages().map(Math.round);
      const action = this.pad.currentStroke ? "Drawing" : "Pen";
      return `${action} at ${x} percent across, ${y} percent down.`;
    }, SPEECH_DELAY_MS);
  }
}
