// The two plots of train.js: where the codes of test digits are, and how the error falls.

import { arrowStep, drawMarker, resetCanvas, strokePath } from "./widgets/markers.js";
import { appendSvg, createElement, createSvg, paintPixels } from "./widgets/shared.js";

const SIDE = 344; // of the plane of codes, in CSS pixels
const PLOT = { width: 344, height: 250, left: 34, right: 334, top: 14, bottom: 218 };
const MARK_COLOR = "#d55e00";
const PAPER = "#fbfaf7";
const MARGIN = 1.15; // room around the codes
const OUTLIERS = 0.02; // the share of coordinates that may lie beyond the edge
const FOLLOW = 0.15; // how fast the plane follows the codes, so that it doesn't jump
const START = { center: [0, 0], reach: 1 };
const KEY_STEP = 0.05; // of half the plane
const LEAST_EPOCHS = 10; // that the error plot has room for
const ERRORS = [20, 70]; // the lowest and the highest in the plot
const ERROR_TICKS = [20, 30, 40, 50, 60];

const formatNumber = (value) => value.toFixed(1).replace("-", "−");

/** Return the part of the plane that shows nearly all codes: its center, and how far it reaches. */
function frameCodes(codes) {
  const ranges = [0, 1].map((axis) => {
    const values = codes.filter((_, i) => i % 2 === axis).sort();
    const at = (share) => values[Math.round(share * (values.length - 1))];
    return [at(OUTLIERS), at(1 - OUTLIERS)];
  });
  const center = ranges.map(([low, high]) => (low + high) / 2);
  const reach = (MARGIN * Math.max(...ranges.map(([low, high]) => high - low))) / 2;
  return Number.isFinite(reach) ? { center, reach: Math.max(reach, 1e-3) } : START;
}

/** Return the frame that lies a part of the way from one frame to another. */
function approach(from, to, share) {
  const mix = (a, b) => a + share * (b - a);
  const center = from.center.map((value, axis) => mix(value, to.center[axis]));
  return { center, reach: mix(from.reach, to.reach) };
}

function drawPlane(canvas, { codes, labels, styles, frame, place }) {
  const context = resetCanvas(canvas, SIDE);
  const toPixels = (x, y) => [(SIDE / 2) * (1 + x), (SIDE / 2) * (1 - y)];
  for (const [i, label] of labels.entries()) {
    const shares = frame.center.map((middle, axis) => (codes[2 * i + axis] - middle) / frame.reach);
    drawMarker(context, styles[label], toPixels(...shares), 4);
  }
  const center = toPixels(...place);
  for (const [width, color] of Object.entries({ 5: PAPER, 2.5: MARK_COLOR })) {
    context.beginPath();
    context.arc(...center, 9, 0, 2 * Math.PI);
    strokePath(context, Number(width), color);
  }
}

/** The plane of codes; `onMark` is called with the code at the mark, which the arrow keys move. */
export function createCodesView({ labels, styles }, onMark) {
  const attributes = { tabindex: 0, role: "application", "aria-roledescription": "map" };
  const canvas = createElement("canvas", { class: "plane", ...attributes });
  const decoded = createElement("canvas", { class: "decoded", role: "img" });
  const note = createElement("span");
  const caption = createElement("figcaption", {}, createElement("b", {}, "Codes"), " ", note);
  const probe = createElement(
    "div",
    { class: "probe" },
    createElement("b", {}, "Decoded at the mark"),
    decoded,
  );
  let place = [0, 0]; // of the mark, from -1 to 1
  let frame = START;
  let codes = new Float32Array();

  const markedCode = () => place.map((share, axis) => frame.center[axis] + share * frame.reach);
  const draw = () => {
    drawPlane(canvas, { codes, labels, styles, frame, place });
    note.textContent = `of ${labels.length} test digits; ${(2 * frame.reach).toPrecision(2)} from side to side`;
    const [first, second] = markedCode().map(formatNumber);
    canvas.setAttribute(
      "aria-label",
      `The codes of ${labels.length} test digits, described below. The mark is at ` +
        `(${first}, ${second}); the arrow keys move it.`,
    );
    decoded.setAttribute("aria-label", `What the code (${first}, ${second}) decodes to`);
  };
  const mark = () => onMark(markedCode());
  const moveTo = (next) => {
    place = next.map((share) => Math.min(1, Math.max(-1, share)));
    draw();
    mark();
  };
  canvas.addEventListener("keydown", (event) => {
    const step = arrowStep(event);
    if (step) moveTo([place[0] + KEY_STEP * step[0], place[1] - KEY_STEP * step[1]]);
  });
  canvas.addEventListener("pointerdown", (event) => {
    const box = canvas.getBoundingClientRect();
    const share = (distance, size) => (2 * distance) / size - 1;
    moveTo([
      share(event.clientX - box.left, box.width),
      -share(event.clientY - box.top, box.height),
    ]);
  });
  return {
    node: createElement("figure", {}, caption, canvas),
    probe,
    legend: createLegend(styles),
    paint(report, isMoving) {
      codes = report.codes;
      const goal = frameCodes(codes);
      frame = isMoving ? approach(frame, goal, FOLLOW) : goal;
      mark();
      draw();
      this.paintDecoded(report);
    },
    paintDecoded(report) {
      paintPixels(decoded, report.decoded, 28, 28);
    },
  };
}

function createLegend(styles) {
  const items = styles.map((look, digit) => {
    const canvas = createElement("canvas", { "aria-hidden": "true" });
    drawMarker(resetCanvas(canvas, 16), look, [8, 8], 5);
    return createElement("span", {}, canvas, String(digit));
  });
  return createElement("div", { class: "legend" }, ...items);
}

/** The test error over the epochs, beside the errors of the mean image and of PCA. */
export function createErrorPlot({ pca, mean_image: mean }) {
  const caption = createElement("figcaption", {}, createElement("b", {}, "Squared error"));
  const node = createElement("figure", {}, caption);
  let errors = []; // [epochs, error]
  const y = (error) => {
    const [low, high] = ERRORS;
    const share = (Math.min(Math.max(error, low), high) - low) / (high - low);
    return PLOT.bottom - (PLOT.bottom - PLOT.top) * share;
  };
  return {
    node,
    clear() {
      errors = [];
    },
    add(epochs, error) {
      if (errors.at(-1)?.[0] !== epochs) errors.push([epochs, error]);
    },
    paint() {
      const last = errors.at(-1);
      const label = `Squared error over ${errors.length - 1} measurements: from ${errors[0][1].toFixed(1)} to ${last[1].toFixed(1)}`;
      const svg = createSvg(PLOT.width, PLOT.height, label);
      const most = Math.max(LEAST_EPOCHS, Math.ceil(last[0]));
      const x = (epochs) => PLOT.left + ((PLOT.right - PLOT.left) * epochs) / most;
      drawAxes(svg, most, x, y);
      for (const [error, name] of [
        [mean, "mean image"],
        [pca, "PCA, two numbers"],
      ]) {
        const [y1, y2] = [y(error), y(error)];
        appendSvg(svg, "line", { x1: PLOT.left, x2: PLOT.right, y1, y2, class: "reference" });
        appendSvg(svg, "text", { x: PLOT.right, y: y1 - 5, class: "name" }, name);
      }
      const finite = errors.filter(([, error]) => Number.isFinite(error));
      const points = finite.map(
        ([epochs, error]) => `${x(epochs).toFixed(1)},${y(error).toFixed(1)}`,
      );
      appendSvg(svg, "polyline", { points: points.join(" "), class: "curve" });
      const [cx, cy] = (points.at(-1) ?? "0,0").split(",");
      appendSvg(svg, "circle", { cx, cy, r: 5, class: "dot" });
      node.replaceChildren(caption, svg);
    },
  };
}

function drawAxes(svg, most, x, y) {
  const { left, right, bottom } = PLOT;
  for (const error of ERROR_TICKS) {
    const height = y(error);
    appendSvg(svg, "line", { x1: left, x2: right, y1: height, y2: height, class: "grid" });
    appendSvg(svg, "text", { x: left - 6, y: height + 4, class: "tick y" }, String(error));
  }
  for (const epochs of [0, most / 2, most]) {
    appendSvg(
      svg,
      "text",
      { x: x(epochs), y: bottom + 18, class: "tick" },
      String(Math.round(epochs)),
    );
  }
  appendSvg(svg, "text", { x: (left + right) / 2, y: bottom + 30, class: "tick" }, "epochs");
}
