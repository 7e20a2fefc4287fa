// The explorer of lesson 3: two linked maps. Codes and pictures come from Python, once; this file
// draws them and finds neighbors.

import { createDescription } from "./explorer.js";
import { arrowStep, drawMarker, resetCanvas, strokePath } from "./markers.js";
import {
  createButton,
  createElement,
  paintPixels,
  saveTraits,
  suppressShortcuts,
  toBytes,
} from "./shared.js";

const SIDE = 344; // of a map, in CSS pixels
const MARGIN = 14; // around the points of a map
const POINTER_RADIUS = 26; // how far from the pointer a point may be to be chosen
const NEIGHBORS = 5;
const TILE = 28;
const SAVE_DELAY_MS = 250; // so that Python hears only where the pointer rests

// ---------------------------------------------------------------- points and neighbors

/** Scale 2-D codes to the map. The outermost half percent moves to the edge, because a single
 * outlier would squeeze all other points together. */
function scaleToMap(codes) {
  const count = codes.length / 2;
  const [xs, ys] = [0, 1].map((axis) => {
    const values = Float32Array.from({ length: count }, (_, i) => codes[2 * i + axis]);
    const sorted = values.slice().sort();
    const low = sorted[Math.floor(0.005 * (count - 1))];
    const high = sorted[Math.ceil(0.995 * (count - 1))];
    return values.map((value) => Math.min(1, Math.max(0, (value - low) / (high - low || 1))));
  });
  const size = SIDE - 2 * MARGIN;
  return Array.from(xs, (x, i) => [MARGIN + size * x, MARGIN + size * (1 - ys[i])]);
}

const distance = ([x1, y1], [x2, y2]) => (x1 - x2) ** 2 + (y1 - y2) ** 2; // squared

function nearestNeighbors(codes, shown, i) {
  const codeOf = (index) => [codes[2 * index], codes[2 * index + 1]];
  const center = codeOf(i);
  const nearest = []; // [squared distance, index], nearest first
  for (const j of shown) {
    if (j === i) continue;
    const candidate = distance(codeOf(j), center);
    if (nearest.length === NEIGHBORS && candidate >= nearest.at(-1)[0]) continue;
    let position = nearest.length;
    while (position > 0 && nearest[position - 1][0] > candidate) position -= 1;
    nearest.splice(position, 0, [candidate, j]);
    if (nearest.length > NEIGHBORS) nearest.pop();
  }
  return nearest.map(([, j]) => j);
}

/** Return the most frequent label of the neighbors; in a tie, the one that occurs first. */
function majorityLabel(neighbors, labels) {
  const votes = new Map();
  for (const j of neighbors) votes.set(labels[j], (votes.get(labels[j]) ?? 0) + 1);
  let winner = -1;
  for (const [label, count] of votes) if (count > (votes.get(winner) ?? 0)) winner = label;
  return winner;
}

/** Return the shown points and, for each map, their neighbors and which are classified right. */
function findNeighbors(model, maps) {
  const { labels } = model.get("content");
  const hidden = new Set(model.get("hidden"));
  const shown = [...labels.keys()].filter((i) => !hidden.has(labels[i]));
  const neighbors = maps.map(
    ({ codes }) => new Map(shown.map((i) => [i, nearestNeighbors(codes, shown, i)])),
  );
  const right = neighbors.map(
    (lists) => new Set(shown.filter((i) => majorityLabel(lists.get(i), labels) === labels[i])),
  );
  return { shown, neighbors, right };
}

// ---------------------------------------------------------------- one map

class MapView {
  constructor(model, title, codes) {
    const { labels, styles, thing } = model.get("content");
    Object.assign(this, { model, codes, points: scaleToMap(codes), shown: [] });
    this.styleOf = (i) => styles[labels[i]];
    this.canvas = createElement("canvas", {
      class: "plane",
      tabindex: 0,
      role: "application",
      "aria-roledescription": "map",
      "aria-label": `Map by ${title}. The arrow keys move to the next ${thing} in that direction.`,
    });
    this.background = document.createElement("canvas"); // all points, without the chosen one
    this.accuracy = createElement("span");
    const heading = createElement("b", {}, title);
    const caption = createElement("figcaption", {}, heading, " ", this.accuracy);
    this.node = createElement("figure", {}, caption, this.canvas);
  }

  paintBackground(shown) {
    this.shown = shown;
    const context = resetCanvas(this.background, SIDE);
    context.globalAlpha = 0.85;
    const radius = this.points.length > 500 ? 3.4 : 4.6;
    for (const i of shown) drawMarker(context, this.styleOf(i), this.points[i], radius);
  }

  /** Paint the map, the chosen point in a ring, and lines to its neighbors. */
  paint(neighborLists) {
    const context = resetCanvas(this.canvas, SIDE);
    context.drawImage(this.background, 0, 0, SIDE, SIDE);
    const chosen = this.model.get("chosen");
    const neighbors = neighborLists.get(chosen);
    if (!neighbors) return; // its class is hidden
    const center = this.points[chosen];
    context.beginPath();
    for (const j of neighbors) {
      context.moveTo(...center);
      context.lineTo(...this.points[j]);
    }
    strokePath(context, 1.2);
    drawMarker(context, this.styleOf(chosen), center, 6.5);
    for (const j of neighbors) drawMarker(context, this.styleOf(j), this.points[j], 4.8);
    context.beginPath();
    context.arc(...center, 13, 0, 2 * Math.PI);
    strokePath(context, 5, "#fbfaf7");
    strokePath(context, 2.5);
  }

  /** Return the shown point with the lowest cost, or -1 if none costs less than `limit`. */
  findPoint(limit, costOf) {
    let [best, lowest] = [-1, limit];
    for (const i of this.shown) {
      const cost = costOf(this.points[i]);
      if (cost < lowest) [best, lowest] = [i, cost];
    }
    return best;
  }

  pointAtPointer(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = SIDE / box.width;
    const pointer = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    return this.findPoint(POINTER_RADIUS ** 2, (point) => distance(point, pointer));
  }

  nextPoint(i, [dx, dy]) {
    const [startX, startY] = this.points[i];
    return this.findPoint(Number.POSITIVE_INFINITY, ([pointX, pointY]) => {
      const [x, y] = [pointX - startX, pointY - startY];
      const [ahead, sideways] = [x * dx + y * dy, Math.abs(x * dy) + Math.abs(y * dx)];
      const inDirection = ahead > 0.5 && sideways <= ahead;
      return inDirection ? ahead + 1.5 * sideways : Number.POSITIVE_INFINITY;
    });
  }

  onChoose(choose) {
    const onPointer = (event) => choose(this.pointAtPointer(event));
    this.canvas.addEventListener("pointermove", onPointer);
    this.canvas.addEventListener("pointerdown", onPointer);
    this.canvas.addEventListener("keydown", (event) => {
      const direction = arrowStep(event);
      if (direction) choose(this.nextPoint(this.model.get("chosen"), direction));
    });
  }
}

function createMaps(model) {
  const { titles, labels } = model.get("content");
  const places = toBytes(model.get("places"));
  const codes = new Float32Array(places.slice().buffer);
  const size = 2 * labels.length;
  return titles.map(
    (title, k) => new MapView(model, title, codes.subarray(size * k, size * (k + 1))),
  );
}

// ---------------------------------------------------------------- details of the chosen example

function createDetails(model) {
  const { pictures: names, errors, words } = model.get("content");
  const count = model.get("content").labels.length;
  const bytes = toBytes(model.get("pictures"));
  const column = (name, kind, ...children) =>
    createElement("div", { class: kind }, createElement("b", {}, name), ...children);
  const tiles = names.map((name, k) => {
    const canvas = createElement("canvas", { width: TILE, height: TILE, role: "img" });
    const caption = createElement("span");
    const node = column(name, "tile", canvas, caption);
    return { node, name, canvas, caption, offset: k * count, errors: errors[k - 1] };
  });
  const texts = Object.entries(words).map(([name, values]) => {
    const text = createElement("span");
    return { node: column(name, "words", text), text, values };
  });
  return {
    node: createElement("div", { class: "card" }, ...[...tiles, ...texts].map(({ node }) => node)),
    paint() {
      const chosen = model.get("chosen");
      for (const { name, canvas, caption, offset, errors: ownErrors } of tiles) {
        const start = (offset + chosen) * TILE * TILE;
        paintPixels(canvas, bytes.subarray(start, start + TILE * TILE), TILE, TILE);
        caption.textContent = ownErrors ? `error ${ownErrors[chosen].toFixed(1)}` : "";
        canvas.setAttribute("aria-label", [name, caption.textContent].filter(Boolean).join(", "));
      }
      for (const { text, values } of texts) text.textContent = values[chosen];
    },
  };
}

function createLegend(model) {
  const { names, styles } = model.get("content");
  const buttons = names.map((name, label) => {
    const canvas = createElement("canvas", { "aria-hidden": "true" });
    drawMarker(resetCanvas(canvas, 16), styles[label], [8, 8], 5);
    const button = createButton(name, () => {
      const hidden = new Set(model.get("hidden"));
      if (!hidden.delete(label)) hidden.add(label);
      saveTraits(model, { hidden: [...hidden].sort((a, b) => a - b) });
    });
    button.prepend(canvas);
    return button;
  });
  const attributes = { class: "legend", role: "group", "aria-label": "Classes shown" };
  return {
    node: createElement("div", attributes, ...buttons),
    paint() {
      const hidden = new Set(model.get("hidden"));
      for (const [label, button] of buttons.entries()) {
        button.setAttribute("aria-pressed", String(!hidden.has(label)));
      }
    },
  };
}

function describe(model, { neighbors }) {
  const { labels, names, titles, thing, errors, pictures } = model.get("content");
  const chosen = model.get("chosen");
  const capitalized = thing[0].toUpperCase() + thing.slice(1);
  const title = `${capitalized} ${chosen + 1} of ${labels.length}: ${names[labels[chosen]]}`;
  if (!neighbors[0].has(chosen)) return `${title}. Its class is hidden.`;
  const byMap = titles.map((map, k) => {
    const near = neighbors[k].get(chosen).map((j) => names[labels[j]]);
    const hasError = errors[k] && pictures[k + 1] === map;
    return `by ${map}: ${near.join(", ")}${hasError ? `, error ${errors[k][chosen].toFixed(1)}` : ""}`;
  });
  return `${title}. Labels of its ${NEIGHBORS} nearest neighbors, ${byMap.join("; ")}.`;
}

/** Return buttons that go to the next example that only one of the two maps classifies right. */
function createJumpButtons(model, { shown, right }, choose) {
  const { titles } = model.get("content");
  if (titles.length !== 2) return [];
  return [1, 0].map((k) => {
    const disputed = shown.filter((i) => right[k].has(i) && !right[1 - k].has(i));
    const label = `Next where only ${titles[k]} is right (${disputed.length})`;
    const button = createButton(label, () =>
      choose(disputed.find((i) => i > model.get("chosen")) ?? disputed[0]),
    );
    button.disabled = disputed.length === 0;
    return button;
  });
}

/** Ties the parts of the explorer to the model. */
class CodesMapView {
  constructor(model) {
    this.model = model;
    this.maps = createMaps(model);
    this.legend = createLegend(model);
    this.details = createDetails(model);
    this.description = createDescription(() => describe(this.model, this.state));
    this.jumps = createElement("div", { class: "jumps" });
    const mapNodes = this.maps.map(({ node }) => node);
    this.node = createElement(
      "div",
      { class: "explorer codes-map", role: "group", "aria-label": "Linked maps of codes" },
      this.legend.node,
      createElement("div", { class: "maps" }, ...mapNodes),
      this.description.node,
      this.jumps,
      this.details.node,
    );
    this.choose = this.choose.bind(this);
    for (const map of this.maps) map.onChoose(this.choose);
    this.update();
    this.description.write();
  }

  choose(i) {
    if (i < 0 || i === this.model.get("chosen")) return;
    this.model.set("chosen", i);
    clearTimeout(this.saveTimer);
    this.saveTimer = setTimeout(() => this.model.save_changes(), SAVE_DELAY_MS);
  }

  paint() {
    for (const [k, map] of this.maps.entries()) map.paint(this.state.neighbors[k]);
    this.details.paint();
    this.description.writeSoon();
  }

  /** Find the neighbors anew after the choice of classes has changed. */
  update() {
    this.state = findNeighbors(this.model, this.maps);
    const { shown, right } = this.state;
    for (const [k, map] of this.maps.entries()) {
      map.paintBackground(shown);
      const share = shown.length ? (100 * right[k].size) / shown.length : 0;
      map.accuracy.textContent = `${NEIGHBORS} neighbors: ${Math.round(share)}% right`;
    }
    this.jumps.replaceChildren(...createJumpButtons(this.model, this.state, this.choose));
    this.legend.paint();
    this.paint();
  }

  destroy() {
    this.description.destroy();
    clearTimeout(this.saveTimer);
  }
}

function render({ model, el }) {
  const view = new CodesMapView(model);
  el.append(view.node);
  const paint = () => view.paint();
  const update = () => view.update();
  model.on("change:chosen", paint);
  model.on("change:hidden", update);
  const releaseShortcuts = suppressShortcuts(view.node);
  return () => {
    view.destroy();
    model.off("change:chosen", paint);
    model.off("change:hidden", update);
    releaseShortcuts();
  };
}

export default { render };
