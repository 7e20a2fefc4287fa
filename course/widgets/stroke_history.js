// The strokes on a drawing pad, its pen width, and what undo restores.
//
// A stroke is a list of points [x, y] on a canvas of width × height units, x to the right, y down,
// regardless of how large it is shown. course.drawing draws the same strokes in Python.

const MAX_UNDO = 200;

export class StrokeHistory {
  constructor(pen) {
    Object.assign(this, { strokes: [], pen, undoStack: [] });
  }

  get canUndo() {
    return this.undoStack.length > 0;
  }

  /** Replace the strokes, and the pen if given; `undo` reverts this. */
  change(strokes, pen) {
    this.undoStack.push({ strokes: this.strokes, pen: pen === undefined ? undefined : this.pen });
    if (this.undoStack.length > MAX_UNDO) this.undoStack.shift();
    this.set(strokes, pen);
  }

  /** Replace the strokes, and the pen if given, without recording it. */
  set(strokes, pen) {
    this.strokes = strokes;
    this.pen = pen ?? this.pen;
  }

  /** Revert the last change; a pen that was chosen by hand since then stays. */
  undo() {
    const { strokes, pen } = this.undoStack.pop();
    this.set(strokes, pen);
  }
}
