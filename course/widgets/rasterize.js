// Strokes to ink, as course/drawing/ink.py draws them: straight lines with round ends.

import { createImage, roundHalfEven } from "./gray_image.js";

export const INK = [0, 114, 178]; // red, green, blue of the canvas; alpha is the ink

/** Return the ink's coverage of each pixel, 0 to 255. */
export function rasterize(strokes, { width = 280, height = 280, pen = 18 } = {}) {
  const squared = new Float64Array(width * height).fill(Number.POSITIVE_INFINITY);
  for (const stroke of strokes) {
    if (!stroke.length) continue;
    const ends = stroke.length > 1 ? stroke.slice(1) : stroke;
    for (const [i, end] of ends.entries()) addSegment(squared, width, height, stroke[i], end, pen);
  }
  const image = createImage(height, width);
  for (let i = 0; i < squared.length; i += 1) {
    // Coverage falls from 1 to 0 within one pixel, which anti-aliases the edge.
    const cover = Math.min(1, Math.max(0, pen / 2 + 0.5 - Math.sqrt(squared[i])));
    image.data[i] = roundHalfEven(255 * cover);
  }
  return image;
}

/** Update the pixels' squared distances to the path with another segment, in place. */
function addSegment(squared, width, height, start, end, pen) {
  const reach = pen / 2 + 1;
  const range = (axis, size) => [
    Math.min(size, Math.max(0, Math.floor(Math.min(start[axis], end[axis]) - reach))),
    Math.min(size, Math.max(0, Math.ceil(Math.max(start[axis], end[axis]) + reach))),
  ];
  const [[left, right], [top, bottom]] = [range(0, width), range(1, height)];
  const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
  const length = dx * dx + dy * dy;
  for (let row = top; row < bottom; row += 1) {
    const y = row + (0.5 - start[1]);
    for (let column = left; column < right; column += 1) {
      const x = column + (0.5 - start[0]);
      const along = length ? x * (dx / length) + y * (dy / length) : 0;
      const share = Math.min(1, Math.max(0, along));
      const [awayX, awayY] = [x - share * dx, y - share * dy];
      const i = row * width + column;
      squared[i] = Math.min(squared[i], awayX * awayX + awayY * awayY);
    }
  }
}
