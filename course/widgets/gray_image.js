// Gray images, and the same arithmetic as in course/drawing, so that the page gets equal pixels.
//
// An image is {rows, columns, data}: one byte per pixel, row by row; 0 is paper, 255 is ink.

/** Round to the nearest whole number, halves to the even one, as NumPy does. */
export function roundHalfEven(value) {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest !== 0.5) return rest < 0.5 ? low : low + 1;
  return low % 2 === 0 ? low : low + 1;
}

const STEPS = 2 ** 20; // see `area` in course/drawing/resize.py
const nearestLevel = (value) => roundHalfEven(roundHalfEven(value * STEPS) / STEPS);

export function createImage(rows, columns) {
  return { rows, columns, data: new Uint8Array(rows * columns) };
}

/** Return the smallest box around all ink, or null if there is none. */
export function boundingBox({ rows, columns, data }) {
  let [top, left, bottom, right] = [rows, columns, 0, 0];
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      if (!data[y * columns + x]) continue;
      top = Math.min(top, y);
      bottom = y + 1;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
    }
  }
  return bottom ? { top, left, bottom, right } : null;
}

/** Copy `image` into a new one of this size, so that its corner comes to (top, left). */
export function place(image, rows, columns, top, left) {
  const framed = createImage(rows, columns);
  for (let y = 0; y < image.rows; y += 1) {
    const row = image.data.subarray(y * image.columns, (y + 1) * image.columns);
    framed.data.set(row, (top + y) * columns + left);
  }
  return framed;
}

export function crop(image, { top, left, bottom, right }) {
  const part = createImage(bottom - top, right - left);
  for (let y = top; y < bottom; y += 1) {
    const row = image.data.subarray(y * image.columns + left, y * image.columns + right);
    part.data.set(row, (y - top) * part.columns);
  }
  return part;
}

/** Return a square with the image in its middle. */
export function square(image) {
  const side = Math.max(image.rows, image.columns);
  const [top, left] = [side - image.rows, side - image.columns].map((gap) => Math.floor(gap / 2));
  return place(image, side, side, top, left);
}

/** Return for each new pixel the old ones that it covers: [first, shares]. */
function coveredPixels(oldSize, newSize) {
  const ratio = oldSize / newSize;
  return Array.from({ length: newSize }, (_, i) => {
    const [start, end] = [i * ratio, (i + 1) * ratio];
    const first = Math.floor(start);
    const shares = [];
    for (let pixel = first; pixel < Math.min(Math.ceil(end), oldSize); pixel += 1) {
      const overlap = Math.min(end, pixel + 1) - Math.max(start, pixel);
      shares.push(Math.max(overlap, 0) * (newSize / oldSize));
    }
    return [first, shares];
  });
}

/** Resize by averaging over the area that each new pixel covers. */
function resizeByArea(image, rows, columns) {
  const narrow = new Float64Array(image.rows * columns);
  for (const [x, [first, shares]] of coveredPixels(image.columns, columns).entries()) {
    for (let y = 0; y < image.rows; y += 1) {
      const start = y * image.columns + first;
      narrow[y * columns + x] = shares.reduce(
        (sum, share, i) => sum + share * image.data[start + i],
        0,
      );
    }
  }
  const small = createImage(rows, columns);
  for (const [y, [first, shares]] of coveredPixels(image.rows, rows).entries()) {
    for (let x = 0; x < columns; x += 1) {
      const sum = shares.reduce((s, share, i) => s + share * narrow[(first + i) * columns + x], 0);
      small.data[y * columns + x] = nearestLevel(sum);
    }
  }
  return small;
}

/** Resize so that the longer side has `side` pixels, keeping the aspect ratio. */
export function fitLongerSide(image, side) {
  const scale = side / Math.max(image.rows, image.columns);
  const [rows, columns] = [image.rows, image.columns].map((size) =>
    Math.max(1, roundHalfEven(size * scale)),
  );
  return resizeByArea(image, rows, columns);
}

/** Return each inside pixel's distance to the nearest pixel that isn't, in pixels. */
export function distances(inside, rows, columns) {
  const far = rows + columns;
  const vertical = new Float64Array(rows * columns); // to the nearest outside pixel of the column
  for (let x = 0; x < columns; x += 1) {
    let gap = far;
    for (let y = 0; y < rows; y += 1) {
      gap = inside[y * columns + x] ? gap + 1 : 0;
      vertical[y * columns + x] = gap;
    }
    gap = far;
    for (let y = rows - 1; y >= 0; y -= 1) {
      gap = inside[y * columns + x] ? gap + 1 : 0;
      vertical[y * columns + x] = Math.min(vertical[y * columns + x], gap);
    }
  }
  const result = new Float64Array(rows * columns);
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      if (inside[y * columns + x])
        result[y * columns + x] = nearest(vertical, y * columns, columns, x);
    }
  }
  return result;
}

/** Return the distance of pixel x of a row, given each column's vertical distance. */
function nearest(vertical, row, columns, x) {
  let best = vertical[row + x] ** 2;
  for (let step = 1; step * step < best; step += 1) {
    if (x - step >= 0) best = Math.min(best, step * step + vertical[row + x - step] ** 2);
    if (x + step < columns) best = Math.min(best, step * step + vertical[row + x + step] ** 2);
  }
  return Math.sqrt(best);
}
