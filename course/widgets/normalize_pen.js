// The line made as thick as in MNIST, relative to the digit's size; see course/drawing/pen.py.

import { boundingBox, createImage, crop, distances, place, roundHalfEven } from "./gray_image.js";

const MNIST_THICKNESS = 2.23;
const MAX_THINNING = 0.3;
const HALF_COVERED = 127;

export function normalizeThickness(alpha) {
  const box = boundingBox(alpha);
  const longest = Math.max(box.bottom - box.top, box.right - box.left);
  const margin = Math.ceil(((MNIST_THICKNESS / (20 - MNIST_THICKNESS)) * longest) / 2) + 2;
  const [rows, columns] = [alpha.rows + 2 * margin, alpha.columns + 2 * margin];
  const framed = place(alpha, rows, columns, margin, margin);
  const inside = depth(framed, (level) => level > HALF_COVERED);
  const outside = depth(framed, (level) => level <= HALF_COVERED);
  const line = thickness(inside, rows, columns);
  // The path of the pen's center stays the same; later the digit's longer side becomes 20.
  const path = Math.max(longest - line, 1);
  const target = (MNIST_THICKNESS * path) / (20 - MNIST_THICKNESS);
  const grow = Math.max((target - line) / 2, -MAX_THINNING * line);
  const moved = createImage(rows, columns);
  for (let i = 0; i < moved.data.length; i += 1) {
    const cover = Math.min(1, Math.max(0, 0.5 + (inside[i] - outside[i]) + grow));
    moved.data[i] = roundHalfEven(255 * cover);
  }
  return crop(moved, boundingBox(moved));
}

/** Return each inside pixel's distance from the edge, and 0 for the others. */
function depth({ rows, columns, data }, isInside) {
  const inside = data.map((level) => (isInside(level) ? 1 : 0));
  return distances(inside, rows, columns).map((distance) => Math.max(distance - 0.5, 0));
}

/** Return twice the median depth of pixels that are deeper inside than their neighbors. */
function thickness(inside, rows, columns) {
  const ridges = [];
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      const value = inside[y * columns + x];
      if (value > 0 && value === neighborhoodMax(inside, rows, columns, y, x)) ridges.push(value);
    }
  }
  if (!ridges.length) return 0;
  ridges.sort((a, b) => a - b);
  const middle = ridges.length >> 1;
  const median = ridges.length % 2 ? ridges[middle] : (ridges[middle - 1] + ridges[middle]) / 2;
  return 2 * median;
}

function neighborhoodMax(values, rows, columns, y, x) {
  let max = 0;
  for (let row = Math.max(0, y - 1); row <= Math.min(rows - 1, y + 1); row += 1) {
    for (let column = Math.max(0, x - 1); column <= Math.min(columns - 1, x + 1); column += 1) {
      max = Math.max(max, values[row * columns + column]);
    }
  }
  return max;
}
