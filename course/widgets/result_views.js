// How the digit pad and the digit page show the preprocessing steps and the probabilities.

import { createElement, paintPixels, toBytes } from "./shared.js";

/** Return the theme's [paper, ink] as RGB values, for an element inside the pad or the strip. */
export function themeColors(element) {
  const style = getComputedStyle(element);
  return ["--pad-paper", "--pad-ink"].map((name) => {
    const hex = style.getPropertyValue(name).trim().replace("#", "");
    return [0, 2, 4].map((start) => Number.parseInt(hex.slice(start, start + 2), 16));
  });
}

/** The pictures of all preprocessing steps, each with a few facts about its numbers. */
export class StageStrip {
  constructor(parent) {
    this.element = createElement("ol", { class: "pad-strip", "aria-label": "Preprocessing steps" });
    this.staleNote = createElement(
      "p",
      { class: "pad-stale", hidden: "" },
      "These pictures show the previous drawing.",
    );
    this.explanations = createElement("ol", { start: "0" });
    const more = createElement(
      "details",
      { class: "pad-more" },
      createElement("summary", {}, "What each step does"),
      this.explanations,
      createElement(
        "p",
        {},
        "Below each picture: its shape, data type, and smallest and largest value.",
      ),
    );
    parent.append(this.element, this.staleNote, more);
  }

  /** Show what course.drawing.stage_strip() returns. */
  show(preprocessed) {
    this.preprocessed = preprocessed;
    const { stages } = preprocessed;
    const names = stages.map(({ name }) => name).join();
    if (names !== this.names) this.createItems(stages);
    this.names = names;
    const colors = themeColors(this.element);
    for (const [i, stage] of stages.entries()) paintItem(this.items[i], stage, colors);
    for (const [i, { name }] of stages.entries()) {
      if (name === "canvas") markBoundingBox(this.items[i].frame, stages[i], preprocessed.box);
    }
  }

  createItems(stages) {
    this.items = stages.map(createItem);
    this.element.replaceChildren(...this.items.map(({ node }) => node));
    const explanations = stages.map(({ name, sentence }) =>
      createElement("li", {}, createElement("b", {}, name), ` ${sentence}`),
    );
    this.explanations.replaceChildren(...explanations);
  }

  /** Fade the pictures, and say so, while they don't belong to the drawing. */
  setStale(isStale) {
    this.element.classList.toggle("stale", isStale);
    this.staleNote.hidden = !isStale || !this.preprocessed;
  }

  /** Paint anew, after a change of theme. */
  repaint() {
    if (this.preprocessed) this.show(this.preprocessed);
  }
}

function createItem(stage, index) {
  const label = `Picture after step ${index}: ${stage.name}`;
  const picture = createElement("canvas", { role: "img", "aria-label": label });
  const frame = createElement("span", { class: "shown" }, picture);
  const facts = createElement("span", { class: "facts" });
  const name = createElement("b", {}, stage.name);
  const attributes = { class: stage.rows === 1 ? "strip-row" : "" };
  return { node: createElement("li", attributes, frame, name, facts), picture, frame, facts };
}

function paintItem({ node, picture, facts }, stage, [paper, ink]) {
  paintPixels(picture, toBytes(stage.pixels), stage.columns, stage.rows, paper, ink);
  if (stage.rows > 1) {
    // All frames are squares of the same size; a picture fills its frame in one direction.
    const side = Math.max(stage.rows, stage.columns);
    picture.style.width = `${(100 * stage.columns) / side}%`;
    picture.style.height = `${(100 * stage.rows) / side}%`;
  }
  node.title = stage.sentence; // listed below as well, for those without a mouse
  const texts = [stage.shape, stage.dtype, stage.range];
  facts.replaceChildren(...texts.map((text) => createElement("span", {}, text)));
}

/** Draw the ink's bounding box, given as shares of the canvas, over the picture. */
function markBoundingBox(frame, { rows, columns }, [top, left, bottom, right]) {
  frame.querySelector(".red-box")?.remove();
  const title = "Bounding box (not part of the image)";
  const box = createElement("i", { class: "red-box", title });
  const side = Math.max(rows, columns);
  const [width, height] = [(100 * columns) / side, (100 * rows) / side];
  box.style.left = `${(100 - width) / 2 + left * width}%`;
  box.style.top = `${(100 - height) / 2 + top * height}%`;
  box.style.width = `${(right - left) * width}%`;
  box.style.height = `${(bottom - top) * height}%`;
  frame.append(box);
}

/** One bar per digit. */
export class ProbabilityBars {
  constructor(parent) {
    this.element = createElement("div", { class: "pad-bars", role: "img" });
    this.bars = Array.from({ length: 10 }, (_, digit) => {
      const bar = createElement("span", { class: "bar" });
      const label = createElement("b", {}, String(digit));
      this.element.append(createElement("span", { class: "digit" }, bar, label));
      return bar;
    });
    parent.append(this.element);
  }

  show(probabilities) {
    const highest = Math.max(...probabilities);
    const best = highest > 0 ? probabilities.indexOf(highest) : -1;
    for (const [digit, bar] of this.bars.entries()) {
      const percent = 100 * probabilities[digit];
      bar.style.height = `${Math.max(2, percent)}%`;
      bar.parentNode.classList.toggle("best", digit === best);
      bar.parentNode.title = `${digit}: ${percent.toFixed(1)}%`;
    }
    const likely = [...probabilities.entries()]
      .filter(([, probability]) => probability >= 0.01)
      .sort(([, a], [, b]) => b - a)
      .map(([digit, probability]) => `${digit}: ${Math.round(100 * probability)} percent`);
    this.element.setAttribute("aria-label", `Probabilities. ${likely.join(", ")}`);
  }
}
