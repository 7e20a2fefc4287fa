// From strokes to 784 numbers in the browser; equal, pixel by pixel, to course.drawing.preprocess.

import { checkSingleDigit, DrawingError, edgeNotes } from "./check_drawing.js";
import { boundingBox, crop, fitLongerSide, place, square } from "./gray_image.js";
import { resizeCanvas } from "./lanczos.js";
import { normalizeThickness } from "./normalize_pen.js";
import { INK, rasterize } from "./rasterize.js";

const SIDE = 28;
const INNER = 20;
const MIDDLE = 14;
const WORKING_SIZE = 280;
const MAX_SHOWN_SIDE = 96;

/** Return what the server's /preprocess answers: {stages, box, notes, payload}, and `vector`.
 *
 * Throws a DrawingError unless the drawing shows a single digit. */
export function preprocess({ strokes, pen, width, height, way, deployment }) {
  if (!["mnist", "lecture"].includes(way)) throw new DrawingError(`unknown way ${way}`);
  const canvas = rasterize(strokes, { width, height, pen });
  checkSingleDigit(canvas);
  const box = boundingBox(canvas);
  const cut = crop(canvas, box);
  const squared = square(cut);
  const stages = [
    describeCanvas("canvas", canvas, "The canvas: red, green, blue and alpha; alpha is the ink."),
    describeCanvas("box", cut, "The smallest box around the ink."),
    describeCanvas("square", squared, "A square with the digit in the middle."),
    ...(way === "mnist" ? asMnist(squared) : asLecture(squared)),
  ];
  const image = stages.at(-1).image;
  const vector = Float32Array.from(image.data, (level) => level / 255);
  stages.push(describeRow(image), describeNumbers(image, vector));
  const { rows, columns } = canvas;
  return {
    stages: stages.map(({ image: _, ...stage }) => stage),
    box: [box.top / rows, box.left / columns, box.bottom / rows, box.right / columns],
    notes: edgeNotes(canvas),
    payload: deployment === "function" ? functionPayload(squared) : modelPayload(vector),
    vector,
  };
}

function asLecture(squared) {
  const { small, largest } = resizeCanvas(squared, SIDE);
  return [
    describeCanvas("resized", small, "Resized to 28 by 28, edge to edge.", largest),
    describeGray("gray", small, "Only alpha is kept, as gray."),
  ];
}

function asMnist(squared) {
  let work = crop(squared, boundingBox(squared));
  if (Math.max(work.rows, work.columns) > WORKING_SIZE) work = fitLongerSide(work, WORKING_SIZE);
  const even = normalizeThickness(work);
  const small = fitLongerSide(even, INNER);
  return [
    describeGray("gray", squared, "Only alpha is kept, as gray."),
    describeGray("pen", even, "The line made as thick as in MNIST, relative to the size."),
    describeGray("fit", small, "Resized to 20 pixels on the longer side."),
    describeGray("mass", centerByMass(small), "Centered in 28 by 28 by the center of mass."),
  ];
}

function centerByMass(small) {
  const { rows, columns, data } = small;
  let [sum, rowMoment, columnMoment] = [0, 0, 0];
  for (const [i, ink] of data.entries()) {
    sum += ink;
    rowMoment += ink * Math.floor(i / columns);
    columnMoment += ink * (i % columns);
  }
  const start = (moment, size) =>
    Math.min(SIDE - size, Math.max(0, Math.floor(MIDDLE - moment / sum + 0.5)));
  return place(small, SIDE, SIDE, start(rowMoment, rows), start(columnMoment, columns));
}

// ---------------------------------------------------------------- what the page shows of a stage

const shapeText = (...sizes) => sizes.join("\u2009×\u2009");
const rangeText = (low, high) =>
  [low, high].map((n) => String(Number(n.toPrecision(3)))).join(" to ");

function describe(name, sentence, shown, { shape, dtype = "uint8", range, image }) {
  const { rows, columns, data: pixels } = shown;
  return { name, sentence, shape, dtype, range, rows, columns, pixels, image };
}

function shrink(image) {
  const isSmall = image.rows === 1 || Math.max(image.rows, image.columns) <= MAX_SHOWN_SIDE;
  return isSmall ? image : fitLongerSide(image, MAX_SHOWN_SIDE);
}

function describeCanvas(name, image, sentence, largest) {
  const high = largest ?? image.data.reduce((a, b) => Math.max(a, b), Math.max(...INK));
  const shape = shapeText(image.rows, image.columns, 4);
  return describe(name, sentence, shrink(image), { shape, range: rangeText(0, high), image });
}

function describeGray(name, image, sentence) {
  const shape = shapeText(image.rows, image.columns);
  return describe(name, sentence, shrink(image), { shape, range: byteRange(image), image });
}

function byteRange({ data }) {
  return rangeText(
    data.reduce((a, b) => Math.min(a, b)),
    data.reduce((a, b) => Math.max(a, b)),
  );
}

const asRow = (image) => ({ rows: 1, columns: SIDE * SIDE, data: image.data });

function describeRow(image) {
  const facts = { shape: shapeText(1, SIDE * SIDE), range: byteRange(image), image };
  return describe("row", "One row of 784 values.", asRow(image), facts);
}

function describeNumbers(image, vector) {
  const [low, high] = [Math.min(...vector), Math.max(...vector)];
  const facts = { shape: shapeText(1, SIDE * SIDE), dtype: "float32", range: rangeText(low, high) };
  const sentence = "Divided by 255, to range from 0 to 1.";
  return describe("numbers", sentence, asRow(image), { ...facts, image });
}

// ---------------------------------------------------------------- what a deployment gets

function modelPayload(vector) {
  return { values: [Array.from(vector, (share) => Number(share.toFixed(5)))] };
}

function functionPayload({ rows, data }) {
  const pixels = new Uint8Array(4 * data.length);
  for (const [i, ink] of data.entries()) if (ink) pixels.set([...INK, ink], 4 * i);
  return { values: [{ data: Array.from(pixels), height: rows }] };
}
