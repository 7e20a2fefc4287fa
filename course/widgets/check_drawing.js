// Whether a drawing can be read as a single digit; the rules of course/drawing/checks.py.

import { boundingBox, crop, distances, place } from "./gray_image.js";

const EMPTY = "The canvas is empty. Draw one digit, 0 to 9.";
const FULL =
  "Every pixel has ink. Make the background transparent (alpha 0): the ink is read from the alpha " +
  "channel.";
const DOT = "That is a dot, not a digit. Draw larger, or with a thinner pen.";
const MIN_SIZE = 8;
const MAX_THICKNESS = 0.62;
const MAX_GAP = 0.15;
const MIN_SECOND_DIGIT = 0.7;
const MAX_PIECES = 200;

/** The drawing isn't a readable single digit; the message says what to change. */
export class DrawingError extends Error {}

export function checkSingleDigit(alpha) {
  if (alpha.data.every((level) => level > 0)) throw new DrawingError(FULL);
  if (!alpha.data.some((level) => level > 127)) throw new DrawingError(EMPTY);
  const part = crop(alpha, boundingBox(alpha));
  const longest = Math.max(part.rows, part.columns);
  const framed = place(part, part.rows + 2, part.columns + 2, 1, 1);
  const inside = framed.data.map((level) => (level > 127 ? 1 : 0));
  const thickness =
    2 * distances(inside, framed.rows, framed.columns).reduce((a, b) => Math.max(a, b), 0);
  if (longest < MIN_SIZE || thickness > MAX_THICKNESS * longest) throw new DrawingError(DOT);
  const digits = countDigits(inside, framed.columns, MAX_GAP * part.rows);
  if (digits > 1) {
    throw new DrawingError(
      `There seem to be ${digits} digits. Draw a single one, with its strokes close together.`,
    );
  }
}

/** Return a warning for each drawing whose ink touches an edge. */
export function edgeNotes({ rows, columns, data }) {
  const hasInk = { upper: false, lower: false, left: false, right: false };
  for (let x = 0; x < columns; x += 1) {
    hasInk.upper ||= data[x] > 0;
    hasInk.lower ||= data[(rows - 1) * columns + x] > 0;
  }
  for (let y = 0; y < rows; y += 1) {
    hasInk.left ||= data[y * columns] > 0;
    hasInk.right ||= data[(y + 1) * columns - 1] > 0;
  }
  const names = Object.keys(hasInk).filter((name) => hasInk[name]);
  if (!names.length) return [];
  return [`The ink touches the ${names.join(" and ")} edge; part of the digit may be cut off.`];
}

/** Count groups of ink more than `maxGap` pixels apart, without flat or small ones. */
function countDigits(inside, columns, maxGap) {
  const boxes = pieceBoxes(inside, columns);
  if (boxes.length > MAX_PIECES) {
    const pieces = boxes.length.toLocaleString("en");
    throw new DrawingError(
      `The ink consists of ${pieces} pieces, not of lines. Draw one digit with a pen.`,
    );
  }
  let groups = [];
  while (boxes.length) {
    const box = boxes.pop();
    const near = groups.filter((other) => gap(box, other) <= maxGap);
    if (near.length) {
      groups = groups.filter((other) => !near.includes(other));
      boxes.push([box, ...near].reduce(union));
    } else {
      groups.push(box);
    }
  }
  const heights = groups.map(({ top, bottom }) => bottom - top);
  return heights.filter((height) => height >= MIN_SECOND_DIGIT * Math.max(...heights)).length;
}

/** Return the bounding boxes of connected pieces; pixels that share a corner are connected. */
function pieceBoxes(inside, columns) {
  const rest = inside.slice();
  const boxes = [];
  for (let start = 0; start < rest.length; start += 1) {
    if (!rest[start]) continue;
    rest[start] = 0;
    const box = {
      top: Number.POSITIVE_INFINITY,
      left: Number.POSITIVE_INFINITY,
      bottom: 0,
      right: 0,
    };
    const open = [start];
    while (open.length) {
      const i = open.pop();
      const [y, x] = [Math.floor(i / columns), i % columns];
      Object.assign(box, union(box, { top: y, left: x, bottom: y + 1, right: x + 1 }));
      // A frame without ink surrounds the drawing, so neighbors exist.
      for (const step of [
        -columns - 1,
        -columns,
        -columns + 1,
        -1,
        1,
        columns - 1,
        columns,
        columns + 1,
      ]) {
        if (!rest[i + step]) continue;
        rest[i + step] = 0;
        open.push(i + step);
      }
    }
    boxes.push(box);
  }
  return boxes;
}

const union = (a, b) => ({
  top: Math.min(a.top, b.top),
  left: Math.min(a.left, b.left),
  bottom: Math.max(a.bottom, b.bottom),
  right: Math.max(a.right, b.right),
});

/** Return the larger of the horizontal and vertical gaps; 0 or less if the boxes touch. */
const gap = (a, b) =>
  Math.max(
    Math.max(a.top, b.top) - Math.min(a.bottom, b.bottom),
    Math.max(a.left, b.left) - Math.min(a.right, b.right),
  );
