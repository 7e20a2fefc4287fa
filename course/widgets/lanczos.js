// Resizing an RGBA canvas with Lanczos's filter, bit by bit as Pillow does it: with premultiplied
// colors, whole numbers, and rounding to bytes after each of the two passes.

import { INK } from "./rasterize.js";

const SUPPORT = 3;
const UNIT = 2 ** 22; // weights are whole multiples of 1 / UNIT

const sinc = (x) => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));
const lanczos = (x) => (x >= -SUPPORT && x < SUPPORT ? sinc(x) * sinc(x / SUPPORT) : 0);
const toByte = (value) => Math.min(255, Math.max(0, Math.floor(value)));

/** Return for each new pixel [first, weights] over the old ones. */
function filterWeights(oldSize, newSize) {
  const scale = oldSize / newSize;
  const filterScale = Math.max(scale, 1);
  return Array.from({ length: newSize }, (_, i) => {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - SUPPORT * filterScale + 0.5));
    const last = Math.min(oldSize, Math.trunc(center + SUPPORT * filterScale + 0.5));
    const weights = [];
    for (let x = first; x < last; x += 1) weights.push(lanczos((x - center + 0.5) / filterScale));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return [
      first,
      weights.map((weight) => {
        const share = (weight / sum) * UNIT;
        return Math.trunc(share < 0 ? share - 0.5 : share + 0.5);
      }),
    ];
  });
}

/** Resize one channel of a square image, {rows, columns, data}. */
function resizeChannel({ rows, columns, data }, side) {
  const weights = filterWeights(columns, side);
  const narrow = new Uint8Array(rows * side);
  for (let y = 0; y < rows; y += 1) {
    for (const [x, [first, shares]] of weights.entries()) {
      let sum = UNIT / 2;
      for (const [i, share] of shares.entries()) sum += share * data[y * columns + first + i];
      narrow[y * side + x] = toByte(sum / UNIT);
    }
  }
  const small = new Uint8Array(side * side);
  for (let x = 0; x < side; x += 1) {
    for (const [y, [first, shares]] of filterWeights(rows, side).entries()) {
      let sum = UNIT / 2;
      for (const [i, share] of shares.entries()) sum += share * narrow[(first + i) * side + x];
      small[y * side + x] = toByte(sum / UNIT);
    }
  }
  return small;
}

function premultiply(color, alpha) {
  const product = color * alpha + 128;
  return ((product >> 8) + product) >> 8;
}

/** Resize a square canvas, whose ink has the color INK; return its alpha and its largest number. */
export function resizeCanvas(alpha, side) {
  const small = { rows: side, columns: side, data: alpha.data.slice() };
  let largest = Math.max(...INK);
  if (alpha.rows !== side) {
    small.data = resizeChannel(alpha, side);
    const colors = INK.map((color) =>
      resizeChannel({ ...alpha, data: alpha.data.map((level) => premultiply(color, level)) }, side),
    );
    largest = 0;
    for (const channel of colors) {
      for (const [i, level] of channel.entries()) {
        const ink = small.data[i];
        const color =
          ink === 0 || ink === 255 ? level : Math.min(255, Math.floor((255 * level) / ink));
        largest = Math.max(largest, color);
      }
    }
  }
  return { small, largest: small.data.reduce((a, b) => Math.max(a, b), largest) };
}
