// The explorer of lesson 3: two linked maps. Places and pictures come from Python, once; this file
// draws them and finds neighbours.

const SIDE = 344; // CSS pixels of a map
const EDGE = 14; // left free around the points
const REACH = 26; // how near the pointer must come
const NEIGHBOURS = 5;
const TILE = 28;
const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// ---------------------------------------------------------------- markers, as in the figures

const polygon = (corners) => (pen, x, y, r) => {
  corners.forEach(([a, b], i) =>
    i ? pen.lineTo(x + r * a, y + r * b) : pen.moveTo(x + r * a, y + r * b),
  );
  pen.closePath();
};
const turned = (corners, quarters) =>
  corners.map(
    ([a, b]) =>
      [
        [a, b],
        [-b, a],
        [-a, -b],
        [b, -a],
      ][quarters],
  );
const UP = [
  [0, -1.15],
  [1.05, 0.85],
  [-1.05, 0.85],
];
const T = 0.4;
const PLUS = [
  [-T, -1.1],
  [T, -1.1],
  [T, -T],
  [1.1, -T],
  [1.1, T],
  [T, T],
  [T, 1.1],
  [-T, 1.1],
  [-T, T],
  [-1.1, T],
  [-1.1, -T],
  [-T, -T],
];
const STAR = Array.from({ length: 10 }, (_, i) => {
  const [angle, far] = [(i * Math.PI) / 5 - Math.PI / 2, i % 2 ? 0.52 : 1.3];
  return [far * Math.cos(angle), far * Math.sin(angle)];
});
const MARKERS = {
  o: (pen, x, y, r) => pen.arc(x, y, r, 0, 2 * Math.PI),
  s: polygon([
    [-0.9, -0.9],
    [0.9, -0.9],
    [0.9, 0.9],
    [-0.9, 0.9],
  ]),
  "^": polygon(UP),
  D: polygon([
    [0, -1.2],
    [1.2, 0],
    [0, 1.2],
    [-1.2, 0],
  ]),
  v: polygon(turned(UP, 2)),
  P: polygon(PLUS),
  X: polygon(PLUS.map(([a, b]) => [(a - b) * Math.SQRT1_2, (a + b) * Math.SQRT1_2])),
  "*": polygon(STAR),
  "<": polygon(turned(UP, 3)),
  ">": polygon(turned(UP, 1)),
};

function mark(pen, style, x, y, r) {
  pen.beginPath();
  MARKERS[style.marker](pen, x, y, r);
  pen.fillStyle = style.color;
  pen.fill();
  pen.strokeStyle = "#222";
  pen.lineWidth = 0.6;
  pen.stroke();
}

function sharp(canvas, width, height) {
  const dense = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * dense);
  canvas.height = Math.round(height * dense);
  const pen = canvas.getContext("2d");
  pen.setTransform(dense, 0, 0, dense, 0, 0);
  return pen;
}

// ---------------------------------------------------------------- places and neighbours

// From codes to pixels. A lone point far out would press all others together, so the outermost
// half percent is moved to the edge.
function spread(codes) {
  const count = codes.length / 2;
  const scaled = [0, 1].map((k) => {
    const values = Float32Array.from({ length: count }, (_, i) => codes[2 * i + k]);
    const sorted = values.slice().sort();
    const low = sorted[Math.floor(0.005 * (count - 1))];
    const high = sorted[Math.ceil(0.995 * (count - 1))];
    return values.map((value) => Math.min(1, Math.max(0, (value - low) / (high - low || 1))));
  });
  return Array.from({ length: count }, (_, i) => [
    EDGE + (SIDE - 2 * EDGE) * scaled[0][i],
    EDGE + (SIDE - 2 * EDGE) * (1 - scaled[1][i]),
  ]);
}

function nearest(codes, shown, i) {
  const [x, y] = [codes[2 * i], codes[2 * i + 1]];
  const best = []; // [distance, point], nearest first
  for (const j of shown) {
    if (j === i) continue;
    const away = (codes[2 * j] - x) ** 2 + (codes[2 * j + 1] - y) ** 2;
    if (best.length === NEIGHBOURS && away >= best[NEIGHBOURS - 1][0]) continue;
    let at = best.length;
    while (at > 0 && best[at - 1][0] > away) at -= 1;
    best.splice(at, 0, [away, j]);
    if (best.length > NEIGHBOURS) best.pop();
  }
  return best.map(([, j]) => j);
}

function vote(neighbours, labels) {
  const votes = new Map();
  for (const j of neighbours) votes.set(labels[j], (votes.get(labels[j]) || 0) + 1);
  let winner = -1;
  for (const [label, count] of votes) if (count > (votes.get(winner) || 0)) winner = label;
  return winner; // in a tie the class of the nearest
}

function neighbourhood(model, maps) {
  const { labels } = model.get("content");
  const gone = new Set(model.get("hidden"));
  const shown = labels.map((_, i) => i).filter((i) => !gone.has(labels[i]));
  const near = maps.map(({ codes }) => {
    const lists = new Map();
    for (const i of shown) lists.set(i, nearest(codes, shown, i));
    return lists;
  });
  const right = near.map(
    (lists) => new Set(shown.filter((i) => vote(lists.get(i), labels) === labels[i])),
  );
  return { shown, near, right };
}

// ---------------------------------------------------------------- one map

function drawMap(model, title, codes, thing) {
  const { labels, styles } = model.get("content");
  const points = spread(codes);
  const canvas = make("canvas", {
    tabindex: 0,
    role: "application",
    "aria-roledescription": "map",
    "aria-label": `Map by ${title}. The arrow keys go to the next ${thing} in their direction.`,
  });
  const base = document.createElement("canvas");
  const size = points.length > 500 ? 3.4 : 4.6;
  let state;
  const paintBase = (now) => {
    state = now;
    const pen = sharp(base, SIDE, SIDE);
    pen.globalAlpha = 0.85;
    for (const i of state.shown) mark(pen, styles[labels[i]], ...points[i], size);
  };
  const paint = (number) => {
    const pen = sharp(canvas, SIDE, SIDE);
    pen.drawImage(base, 0, 0, SIDE, SIDE);
    const i = model.get("chosen");
    const lists = state.near[number];
    if (!lists.has(i)) return;
    const [x, y] = points[i];
    pen.beginPath();
    for (const j of lists.get(i)) {
      pen.moveTo(x, y);
      pen.lineTo(...points[j]);
    }
    pen.lineWidth = 1.2;
    pen.strokeStyle = "#222";
    pen.stroke();
    mark(pen, styles[labels[i]], x, y, 6.5);
    for (const j of lists.get(i)) mark(pen, styles[labels[j]], ...points[j], 4.8);
    pen.beginPath();
    pen.arc(x, y, 13, 0, 2 * Math.PI);
    pen.lineWidth = 5;
    pen.strokeStyle = "#fbfaf7";
    pen.stroke();
    pen.lineWidth = 2.5;
    pen.strokeStyle = "#222";
    pen.stroke();
  };
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const scale = SIDE / box.width;
    const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    let [found, least] = [-1, REACH ** 2];
    for (const i of state.shown) {
      const away = (points[i][0] - x) ** 2 + (points[i][1] - y) ** 2;
      if (away < least) [found, least] = [i, away];
    }
    return found;
  };
  const towards = (i, [dx, dy]) => {
    let [found, least] = [-1, Infinity];
    for (const j of state.shown) {
      const [x, y] = [points[j][0] - points[i][0], points[j][1] - points[i][1]];
      const [ahead, aside] = [x * dx + y * dy, Math.abs(x * dy) + Math.abs(y * dx)];
      if (ahead <= 0.5 || aside > ahead) continue;
      const cost = ahead + 1.5 * aside;
      if (cost < least) [found, least] = [j, cost];
    }
    return found;
  };
  const correct = make("span", {});
  const node = make(
    "figure",
    {},
    make("figcaption", {}, make("b", {}, title), " ", correct),
    canvas,
  );
  return { node, canvas, codes, correct, paintBase, paint, at, towards };
}

// ---------------------------------------------------------------- what was kept of the chosen one

function card(model) {
  const { pictures: names, errors, words } = model.get("content");
  const count = model.get("content").labels.length;
  const bytes = new Uint8Array(model.get("pictures").buffer, model.get("pictures").byteOffset);
  const node = make("div", { class: "card" });
  const tiles = names.map((name, k) => {
    const canvas = make("canvas", { width: TILE, height: TILE, role: "img" });
    const caption = make("span", {});
    node.append(make("div", { class: "tile" }, make("b", {}, name), canvas, caption));
    return { name, canvas, caption, start: k * count * TILE * TILE, errors: errors[k - 1] };
  });
  const lists = Object.entries(words).map(([name, texts]) => {
    const text = make("span", {});
    node.append(make("div", { class: "words" }, make("b", {}, name), text));
    return { text, texts };
  });
  return {
    node,
    paint() {
      const i = model.get("chosen");
      for (const { name, canvas, caption, start, errors: each } of tiles) {
        const pen = canvas.getContext("2d");
        const image = pen.createImageData(TILE, TILE);
        const from = start + i * TILE * TILE;
        for (let p = 0; p < TILE * TILE; p += 1) {
          image.data.fill(255 - bytes[from + p], 4 * p, 4 * p + 3);
          image.data[4 * p + 3] = 255;
        }
        pen.putImageData(image, 0, 0);
        caption.textContent = each ? `error ${each[i].toFixed(1)}` : "";
        canvas.setAttribute("aria-label", each ? `${name}, error ${each[i].toFixed(1)}` : name);
      }
      for (const { text, texts } of lists) text.textContent = texts[i];
    },
  };
}

function legend(model) {
  const { names, styles } = model.get("content");
  const node = make("div", { class: "legend", role: "group", "aria-label": "Classes shown" });
  const buttons = names.map((name, number) => {
    const canvas = make("canvas", { "aria-hidden": "true" });
    const button = make("button", { type: "button" }, canvas, name);
    mark(sharp(canvas, 16, 16), styles[number], 8, 8, 5);
    button.addEventListener("click", () => {
      const gone = new Set(model.get("hidden"));
      if (!gone.delete(number)) gone.add(number);
      model.set(
        "hidden",
        [...gone].sort((a, b) => a - b),
      );
      model.save_changes();
    });
    node.append(button);
    return button;
  });
  return {
    node,
    paint() {
      const gone = new Set(model.get("hidden"));
      buttons.forEach((button, number) =>
        button.setAttribute("aria-pressed", String(!gone.has(number))),
      );
    },
  };
}

function sentence(model, maps, state) {
  const { labels, names, titles, thing, errors, pictures } = model.get("content");
  const i = model.get("chosen");
  const which = `${thing[0].toUpperCase()}${thing.slice(1)} ${i + 1} of ${labels.length}: ${names[labels[i]]}`;
  if (!state.near[0].has(i)) return `${which}. Its class is hidden.`;
  const told = titles.map((title, k) => {
    const around = state.near[k]
      .get(i)
      .map((j) => names[labels[j]])
      .join(", ");
    const copy = errors[k] && pictures[k + 1] === title ? `, error ${errors[k][i].toFixed(1)}` : "";
    return `by ${title}: ${around}${copy}`;
  });
  return `${which}. Labels of its ${NEIGHBOURS} nearest neighbours, ${told.join("; ")}.`;
}

function render({ model, el }) {
  const { titles, labels, thing } = model.get("content");
  const raw = model.get("places");
  const count = labels.length;
  const all = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength));
  const maps = titles.map((title, k) =>
    drawMap(model, title, all.subarray(2 * count * k, 2 * count * (k + 1)), thing),
  );
  const classes = legend(model);
  const kept = card(model);
  const words = make("p", { "aria-live": "polite" });
  const jumps = make("div", { class: "jumps" });
  const root = make("div", {
    class: "explorer codes-map",
    role: "group",
    "aria-label": "Linked maps of codes",
  });
  root.append(
    classes.node,
    make("div", { class: "maps" }, ...maps.map((map) => map.node)),
    words,
    jumps,
    kept.node,
  );
  el.append(root);

  let state, speaking, saving;
  const choose = (i) => {
    if (i < 0 || i === model.get("chosen")) return;
    model.set("chosen", i);
    clearTimeout(saving); // Python hears of it when the hand rests
    saving = setTimeout(() => model.save_changes(), 250);
  };
  const say = () => {
    words.textContent = sentence(model, maps, state);
  };
  const paint = () => {
    maps.forEach((map, k) => map.paint(k));
    kept.paint();
    clearTimeout(speaking);
    speaking = setTimeout(say, 150);
  };
  const follow = () => {
    state = neighbourhood(model, maps);
    for (const [k, map] of maps.entries()) {
      map.paintBase(state);
      const share = state.shown.length ? (100 * state.right[k].size) / state.shown.length : 0;
      map.correct.textContent = `${NEIGHBOURS} neighbours: ${Math.round(share)} % right`;
    }
    jumps.replaceChildren(...(maps.length === 2 ? [1, 0].map(jump) : []));
    classes.paint();
    paint();
  };
  // From one disagreement of the two maps to the next.
  const jump = (k) => {
    const only = state.shown.filter((i) => state.right[k].has(i) && !state.right[1 - k].has(i));
    const text = `Next where only ${titles[k]} is right (${only.length})`;
    const button = make("button", { type: "button" }, text);
    button.disabled = only.length === 0;
    button.addEventListener("click", () => {
      choose(only.find((i) => i > model.get("chosen")) ?? only[0]);
    });
    return button;
  };
  for (const map of maps) {
    map.canvas.addEventListener("pointermove", (event) => choose(map.at(event)));
    map.canvas.addEventListener("pointerdown", (event) => choose(map.at(event)));
    map.canvas.addEventListener("keydown", (event) => {
      if (!ARROWS[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      choose(map.towards(model.get("chosen"), ARROWS[event.key]));
    });
  }
  follow();
  say();
  model.on("change:chosen", paint);
  model.on("change:hidden", follow);
  const release = guardKeys(root);
  return () => {
    clearTimeout(speaking);
    clearTimeout(saving);
    model.off("change:chosen", paint);
    model.off("change:hidden", follow);
    release();
  };
}

export default { render };
