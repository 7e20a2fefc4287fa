// The canvas element of a drawing pad: paints strokes at the screen's resolution.

import { createElement } from "./shared.js";

export const round = (value) => Math.round(value * 10) / 10;

export class InkCanvas {
  constructor(width, height, attributes) {
    Object.assign(this, { width, height });
    this.node = createElement("canvas", { class: "pad-canvas", tabindex: "0", ...attributes });
    this.context = this.node.getContext("2d");
  }

  /** Return where on the canvas, in its own units, a pointer event happened. */
  pointAt(event) {
    const box = this.node.getBoundingClientRect();
    return [
      round(((event.clientX - box.left) * this.width) / box.width),
      round(((event.clientY - box.top) * this.height) / box.height),
    ];
  }

  /** Use this pen and the theme's ink from now on. */
  takePen(pen) {
    const { context, node, width, height } = this;
    context.setTransform(node.width / width, 0, 0, node.height / height, 0, 0);
    context.lineCap = "round";
    context.lineJoin = "round";
    context.lineWidth = pen;
    context.strokeStyle = getComputedStyle(node).getPropertyValue("--pad-ink").trim();
  }

  /** Draw straight lines with round ends from point to point; a single point is a dot. */
  drawLine(points) {
    const { context } = this;
    context.beginPath();
    context.moveTo(...points[0]);
    for (const [x, y] of points.length === 1 ? points : points.slice(1)) context.lineTo(x, y);
    context.stroke();
  }

  /** Paint everything anew. */
  paint(strokes, pen) {
    this.fitScreen();
    this.takePen(pen);
    this.context.clearRect(0, 0, this.width, this.height);
    for (const points of strokes) if (points.length) this.drawLine(points);
  }

  fitScreen() {
    const { node } = this;
    const box = node.getBoundingClientRect();
    const density = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(box.width * density), Math.round(box.height * density)];
    if (!width || !height) return; // hidden, as while JupyterLab changes its theme
    if (node.width !== width || node.height !== height) Object.assign(node, { width, height });
  }
}

/** Call `paint` whenever size, zoom or theme change; return a function that stops this. */
export function watchAppearance(node, paint) {
  const sizes = new ResizeObserver(paint);
  sizes.observe(node);
  const themes = new MutationObserver(() => {
    paint();
    requestAnimationFrame(paint); // JupyterLab hides the page meanwhile
  });
  const attributeFilter = ["data-jp-theme-light", "class"];
  themes.observe(document.body, { attributes: true, attributeFilter });
  const darkMode = window.matchMedia("(prefers-color-scheme: dark)");
  darkMode.addEventListener("change", paint);
  window.addEventListener("resize", paint); // also when the page is zoomed
  return () => {
    sizes.disconnect();
    themes.disconnect();
    darkMode.removeEventListener("change", paint);
    window.removeEventListener("resize", paint);
  };
}
