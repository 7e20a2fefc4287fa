// Markers of classes on canvases, the same as in the figures.

const LINE_COLOR = "#222";

const polygon = (corners) => (context, x, y, radius) => {
  for (const [dx, dy] of corners) context.lineTo(x + radius * dx, y + radius * dy);
  context.closePath();
};
function rotate(corners, quarters) {
  if (quarters === 0) return corners;
  const turned = corners.map(([x, y]) => [-y, x]);
  return rotate(turned, quarters - 1);
}
const repeatOnAllSides = (corners) => [0, 1, 2, 3].flatMap((quarters) => rotate(corners, quarters));
const TRIANGLE = [
  [0, -1.15],
  [1.05, 0.85],
  [-1.05, 0.85],
];
const ARM = [
  [-0.4, -0.4],
  [-0.4, -1.1],
  [0.4, -1.1],
];
const PLUS = repeatOnAllSides(ARM);
const SQUARE = repeatOnAllSides([[-0.9, -0.9]]);
const DIAMOND = repeatOnAllSides([[0, -1.2]]);
const STAR = Array.from({ length: 10 }, (_, i) => {
  const [angle, radius] = [(i * Math.PI) / 5 - Math.PI / 2, i % 2 ? 0.52 : 1.3];
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
});
const MARKERS = {
  o: (context, x, y, radius) => context.arc(x, y, radius, 0, 2 * Math.PI),
  s: polygon(SQUARE),
  "^": polygon(TRIANGLE),
  D: polygon(DIAMOND),
  v: polygon(rotate(TRIANGLE, 2)),
  P: polygon(PLUS),
  X: polygon(PLUS.map(([x, y]) => [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2])),
  "*": polygon(STAR),
  "<": polygon(rotate(TRIANGLE, 3)),
  ">": polygon(rotate(TRIANGLE, 1)),
};

/** Draw the marker of a class, as `class_style` in Python describes it. */
export function drawMarker(context, { marker, color }, [x, y], radius) {
  context.beginPath();
  MARKERS[marker](context, x, y, radius);
  context.fillStyle = color;
  context.fill();
  strokePath(context, 0.6);
}

export function strokePath(context, width, color = LINE_COLOR) {
  context.lineWidth = width;
  context.strokeStyle = color;
  context.stroke();
}

/** Clear a canvas, give it as many pixels as the screen shows, and return its context. */
export function resetCanvas(canvas, side) {
  const density = window.devicePixelRatio || 1;
  canvas.width = Math.round(side * density);
  canvas.height = Math.round(side * density);
  const context = canvas.getContext("2d");
  context.setTransform(density, 0, 0, density, 0, 0);
  return context;
}

const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Return the step, [right, down], that an arrow key asks for, and keep the page from scrolling. */
export function arrowStep(event) {
  const step = ARROWS[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  event.preventDefault();
  return step;
}
