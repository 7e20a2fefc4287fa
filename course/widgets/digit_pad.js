// The digit canvas: a pad to draw on, and the strip of pictures that shows what becomes of the ink.
//
// `makePad` and `makeStrip` are plain functions of the page; `render` at the end ties them to a kernel.
//
// A stroke is a list of points [x, y] on a canvas of width × height units, x to the right, y down;
// however large it is shown. Pieces are straight with round ends: course.drawing draws the same.

const FAR = 8; // how far an arrow key moves the pen; with Shift, NEAR
const NEAR = 2;
const MOVES = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  Home: [-1, -1],
  PageUp: [1, -1],
  End: [-1, 1],
  PageDown: [1, 1],
};
const HELP =
  "Draw with mouse, pen or finger. With the keyboard: arrow keys move the pen, Home, End, " +
  "Page up and Page down move it slantwise, Space puts it down and lifts it, Backspace takes the " +
  "last stroke back.";

let pads = 0;

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function button(label, click) {
  const node = make("button", { type: "button" }, label);
  node.addEventListener("click", click);
  return node;
}

const round = (value) => Math.round(value * 10) / 10;
const count = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

// JupyterLab takes keys (d d deletes a cell, Ctrl+Backspace merges two) unless the focused element
// says no. What runs cells and saves must still reach it, but nothing that changes the notebook.
const CHANGING = "azxm"; // with Ctrl: select all cells, undo in the notebook, cut, merge
function guardKeys(root) {
  const guard = (event) => {
    if (!root.contains(event.target)) return;
    const { key } = event;
    const held = event.ctrlKey || event.metaKey;
    const runs = key === "Enter" && (held || event.shiftKey || event.altKey);
    const forLab = runs || (held && key.length === 1 && !CHANGING.includes(key.toLowerCase()));
    event.target.toggleAttribute("data-lm-suppress-shortcuts", !forLab);
  };
  window.addEventListener("keydown", guard, true);
  return () => window.removeEventListener("keydown", guard, true);
}

// ---------------------------------------------------------------- the pad

// Options, all of them optional:
//   width, height, pen   of the canvas, in its own units
//   label                its name for those who listen to the page
//   samples              {name: {strokes, pen, width, height}}: drawings to load, and on which canvas
//   onStroke(strokes, pen)   called once when a stroke ends, and on undo, clear and loading
// Returns {element, canvas, help, strokes, pen, set(strokes, pen), undo(), clear(), say(text), destroy()}.
export function makePad(element, options = {}) {
  const { width = 280, height = 280, samples = {}, onStroke = () => {} } = options;
  const id = `digit-pad-${(pads += 1)}`;
  let pen = options.pen ?? 18;
  let strokes = [];
  const past = []; // what undo goes back to: strokes before each change, and the pen if that changed, too
  let current = null; // the stroke being drawn
  let pointer = null; // and the pointer that draws it; null while the keyboard does
  let place = [width / 2, height / 2]; // the keyboard's pen

  const canvas = make("canvas", {
    class: "pad-canvas",
    tabindex: "0",
    role: "application",
    "aria-label": options.label ?? "Drawing pad for one digit",
    "aria-roledescription": "drawing pad",
    "aria-describedby": `${id}-help`,
  });
  const mark = make("span", { class: "pad-mark", "aria-hidden": "true" });
  const frame = make("div", { class: "pad-frame" }, canvas, mark);
  frame.style.aspectRatio = `${width} / ${height}`;
  const live = make("p", { class: "pad-live", "aria-live": "polite" });
  const help = make("p", { class: "pad-help", id: `${id}-help` }, HELP);
  const undoButton = button("Undo", () => undo());
  const clearButton = button("Clear", () => clear());
  const widest = Math.max(40, Math.round(Math.min(width, height) / 7)); // 40 on a canvas of 280
  const thick = make("input", {
    type: "range",
    min: "2",
    max: widest,
    step: "1",
    value: String(pen),
  });
  const tools = make(
    "div",
    { class: "pad-tools" },
    undoButton,
    clearButton,
    make("label", {}, "Pen", thick),
  );
  const names = Object.keys(samples);
  if (names.length) {
    const select = make("select", {}, make("option", { value: "" }, "Load a sample"));
    select.setAttribute("aria-label", "Load a sample digit");
    for (const name of names) select.append(make("option", { value: name }, name));
    select.addEventListener("change", () => {
      const sample = samples[select.value] && fitted(samples[select.value]);
      if (sample) change(sample.strokes, `Loaded the sample ${select.value}.`, sample.pen);
      select.value = "";
    });
    tools.append(select);
  }
  const root = make("div", { class: "digit-pad" }, frame, tools, help, live);
  root.style.setProperty("--pad-width", `${width}px`);
  element.append(root);

  // ------------------------------------------------ ink

  const context = canvas.getContext("2d");

  function trace(points, from = 0) {
    const first = points[from];
    context.beginPath();
    context.moveTo(...first);
    if (points.length - from === 1) context.lineTo(...first); // a dot
    for (const point of points.slice(from + 1)) context.lineTo(point[0], point[1]);
    context.stroke();
  }

  function prepare() {
    const scale = canvas.width / width;
    context.setTransform(scale, 0, 0, canvas.height / height, 0, 0);
    context.lineCap = "round";
    context.lineJoin = "round";
    context.lineWidth = pen;
    context.strokeStyle = getComputedStyle(root).getPropertyValue("--pad-ink").trim();
  }

  function paint() {
    const box = canvas.getBoundingClientRect();
    const sharp = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(box.width * sharp), Math.round(box.height * sharp)];
    // Hidden, as while JupyterLab changes its theme, it keeps its size but not its colours.
    if (w && h && (canvas.width !== w || canvas.height !== h))
      [canvas.width, canvas.height] = [w, h];
    prepare();
    context.clearRect(0, 0, width, height);
    for (const points of current ? [...strokes, current] : strokes) {
      if (points.length) trace(points.map(([x, y]) => [x, y]));
    }
    undoButton.disabled = past.length === 0;
    clearButton.disabled = strokes.length === 0;
  }

  let telling = null; // the timer that will tell the pen's place

  function say(text) {
    clearTimeout(telling); // or an old place would talk over it
    live.textContent = text;
  }

  // ------------------------------------------------ strokes

  // A sample as large on this canvas as on its own, in the middle.
  function fitted(sample) {
    const [w, h] = [sample.width ?? 280, sample.height ?? 280];
    const scale = Math.min(width / w, height / h);
    const [right, down] = [(width - scale * w) / 2, (height - scale * h) / 2];
    const moved = ([x, y]) => [round(right + scale * x), round(down + scale * y)];
    return scale === 1 && right === 0 && down === 0
      ? sample
      : {
          strokes: sample.strokes.map((one) => one.map(moved)),
          pen: Math.max(1, round(scale * sample.pen)),
        };
  }

  function change(next, words, nextPen) {
    past.push({ strokes, pen: nextPen === undefined ? undefined : pen });
    if (past.length > 200) past.shift();
    strokes = next;
    pen = nextPen ?? pen;
    thick.value = String(pen);
    paint();
    if (words) say(words);
    onStroke(strokes, pen);
  }

  function begin(point) {
    current = [point];
    prepare();
    trace(current);
  }

  function extend(points) {
    const from = current.length - 1;
    for (const point of points) {
      const last = current[current.length - 1];
      if (Math.hypot(point[0] - last[0], point[1] - last[1]) >= 0.5) current.push(point);
    }
    if (current.length - 1 > from) trace(current, from);
  }

  function finish() {
    if (!current) return;
    const done = current;
    current = null;
    pointer = null;
    root.classList.remove("pen-down");
    change([...strokes, done], `${count(strokes.length + 1, "stroke")} drawn.`);
  }

  function undo() {
    if (current) {
      // the stroke that is being drawn
      current = null;
      pointer = null;
      root.classList.remove("pen-down");
      paint();
      return say("Stroke given up.");
    }
    const before = past.pop();
    if (!before) return say("Nothing to undo.");
    strokes = before.strokes;
    pen = before.pen ?? pen; // a pen that was chosen by hand stays
    thick.value = String(pen);
    paint();
    keepFocus(undoButton);
    say(
      strokes.length
        ? `Undone. ${count(strokes.length, "stroke")} left.`
        : "Undone. The pad is empty.",
    );
    onStroke(strokes, pen);
  }

  function clear() {
    current = null;
    pointer = null;
    root.classList.remove("pen-down");
    if (strokes.length) change([], "The pad is empty.");
    keepFocus(clearButton);
  }

  // A disabled button drops the focus; the pad is the place to go on.
  function keepFocus(node) {
    if (
      node.disabled &&
      (document.activeElement === node || document.activeElement === document.body)
    ) {
      canvas.focus({ preventScroll: true });
    }
  }

  thick.addEventListener("input", () => {
    pen = Number(thick.value);
    paint();
  });
  thick.addEventListener("change", () => onStroke(strokes, pen));

  // ------------------------------------------------ mouse, pen, finger

  function at(event) {
    const box = canvas.getBoundingClientRect();
    return [
      round(((event.clientX - box.left) * width) / box.width),
      round(((event.clientY - box.top) * height) / box.height),
    ];
  }

  canvas.addEventListener("pointerdown", (event) => {
    // A second finger, and any button but the first, are for other things.
    if (pointer !== null || !event.isPrimary || event.button !== 0) return;
    finish(); // what the keyboard was drawing
    event.preventDefault();
    pointer = event.pointerId;
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    root.classList.remove("by-keyboard");
    begin(at(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (pointer !== event.pointerId || !current) return;
    const events = event.getCoalescedEvents?.() ?? [];
    extend((events.length ? events : [event]).map(at));
  });
  for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(type, (event) => {
      if (pointer === event.pointerId) finish();
    });
  }
  canvas.addEventListener("contextmenu", (event) => {
    if (pointer !== null) event.preventDefault(); // a long touch
  });

  // ------------------------------------------------ keyboard

  function showMark() {
    mark.style.left = `${(100 * place[0]) / width}%`;
    mark.style.top = `${(100 * place[1]) / height}%`;
  }

  function tellPlace() {
    clearTimeout(telling);
    telling = setTimeout(() => {
      const [x, y] = [(100 * place[0]) / width, (100 * place[1]) / height].map(Math.round);
      say(`${current ? "Drawing" : "Pen"} at ${x} percent across, ${y} percent down.`);
    }, 400);
  }

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || pointer !== null) {
      if ((event.ctrlKey || event.metaKey) && event.key === "z") {
        event.preventDefault();
        undo();
      }
      return;
    }
    const move = MOVES[event.key];
    if (move) {
      const step = event.shiftKey ? NEAR : FAR;
      const limit = [width, height];
      place = place.map((value, i) => Math.min(limit[i], Math.max(0, value + step * move[i])));
      if (current) extend([place.map(round)]);
      tellPlace();
    } else if (event.key === " ") {
      if (event.repeat) {
        /* held down: once is enough */
      } else if (current) finish();
      else {
        begin(place.map(round));
        root.classList.add("pen-down");
        say("Pen down.");
      }
    } else if (event.key === "Backspace" || event.key === "Delete") {
      undo();
    } else if (event.key === "Escape" && current) {
      undo();
    } else {
      return;
    }
    event.preventDefault();
    root.classList.add("by-keyboard");
    showMark();
  });
  canvas.addEventListener("focus", () => {
    root.classList.toggle("by-keyboard", canvas.matches(":focus-visible") && pointer === null);
    showMark();
  });
  canvas.addEventListener("blur", () => {
    if (pointer === null) finish();
    root.classList.remove("by-keyboard");
  });

  // ------------------------------------------------ size, sharpness, theme

  const sizes = new ResizeObserver(paint);
  sizes.observe(canvas);
  const themes = new MutationObserver(() => {
    paint();
    requestAnimationFrame(paint);
  });
  themes.observe(document.body, {
    attributes: true,
    attributeFilter: ["data-jp-theme-light", "class"],
  });
  const night = window.matchMedia("(prefers-color-scheme: dark)");
  night.addEventListener("change", paint);
  window.addEventListener("resize", paint); // also when the page is zoomed
  const release = guardKeys(root);
  showMark();
  paint();

  return {
    element: root,
    canvas,
    help,
    tools,
    get strokes() {
      return strokes;
    },
    get pen() {
      return pen;
    },
    set(next, nextPen) {
      current = null;
      pointer = null;
      root.classList.remove("pen-down");
      strokes = next;
      pen = nextPen ?? pen;
      thick.value = String(pen);
      paint();
    },
    undo,
    clear,
    say,
    paint,
    destroy() {
      clearTimeout(telling);
      sizes.disconnect();
      themes.disconnect();
      night.removeEventListener("change", paint);
      window.removeEventListener("resize", paint);
      release();
      help.remove(); // wherever it has been put
      root.remove();
    },
  };
}

// ---------------------------------------------------------------- the strip of stages

// `show(steps)` takes what course.drawing.stage_strip() gives; pixels may be bytes or base64.
export function makeStrip(element) {
  const root = make("ol", { class: "pad-strip", "aria-label": "What becomes of the drawing" });
  const old = make("p", { class: "pad-old" }, "These pictures are still of the drawing before.");
  const sentences = make("ol", { start: "0" });
  const more = make(
    "details",
    { class: "pad-more" },
    make("summary", {}, "What each step does"),
    sentences,
    make(
      "p",
      {},
      "Under each picture: its shape, the kind of its numbers, the least and the largest.",
    ),
  );
  element.append(root, old, more);
  old.hidden = true;
  let last = null;

  const bytesOf = (pixels) => {
    if (typeof pixels === "string") return Uint8Array.from(atob(pixels), (c) => c.charCodeAt(0));
    return new Uint8Array(pixels.buffer ?? pixels, pixels.byteOffset ?? 0, pixels.byteLength);
  };

  const colours = () =>
    ["--pad-paper", "--pad-ink"].map((name) => {
      const value = getComputedStyle(root).getPropertyValue(name).trim().replace("#", "");
      return [0, 2, 4].map((i) => parseInt(value.slice(i, i + 2), 16));
    });

  function paintPicture(canvas, stage, [paper, ink]) {
    const bytes = bytesOf(stage.pixels);
    [canvas.width, canvas.height] = [stage.columns, stage.rows];
    const image = new ImageData(stage.columns, stage.rows);
    for (let i = 0; i < bytes.length; i += 1) {
      for (let k = 0; k < 3; k += 1)
        image.data[4 * i + k] = paper[k] + ((ink[k] - paper[k]) * bytes[i]) / 255;
      image.data[4 * i + 3] = 255;
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  function item(stage, index) {
    const picture = make("canvas", {
      role: "img",
      "aria-label": `Picture after step ${index}: ${stage.name}`,
    });
    const shown = make("span", { class: "shown" }, picture);
    const facts = make("span", { class: "facts" });
    const node = make(
      "li",
      { class: stage.rows === 1 ? "row" : "" },
      shown,
      make("b", {}, stage.name),
      facts,
    );
    return { node, picture, shown, facts };
  }

  let items = [];
  function show(steps) {
    last = steps;
    const key = steps.stages.map((stage) => stage.name).join();
    if (key !== root.dataset.key) {
      root.dataset.key = key;
      items = steps.stages.map(item);
      root.replaceChildren(...items.map(({ node }) => node));
      sentences.replaceChildren(
        ...steps.stages.map(({ name, sentence }) =>
          make("li", {}, make("b", {}, name), ` ${sentence}`),
        ),
      );
    }
    const two = colours();
    steps.stages.forEach((stage, i) => {
      const { node, picture, shown, facts } = items[i];
      paintPicture(picture, stage, two);
      const side = Math.max(stage.rows, stage.columns);
      if (stage.rows > 1) {
        // The smaller pictures keep their pixels to be seen; none is larger than its frame.
        picture.style.width = `${(100 * stage.columns) / side}%`;
        picture.style.height = `${(100 * stage.rows) / side}%`;
      }
      node.title = stage.sentence; // also in the list below, for those without a mouse
      facts.replaceChildren(
        ...[stage.shape, stage.dtype, stage.range].map((fact) => make("span", {}, fact)),
      );
      shown.querySelector("i")?.remove();
      if (stage.name === "canvas") {
        const [top, left, bottom, right] = steps.box.map((share) => 100 * share);
        const box = make("i", { class: "red-box", title: "the bounding box, drawn for you alone" });
        const [w, h] = [stage.columns / side, stage.rows / side];
        const [dx, dy] = [50 * (1 - w), 50 * (1 - h)];
        box.style.cssText =
          `left:${dx + left * w}%;top:${dy + top * h}%;` +
          `width:${(right - left) * w}%;height:${(bottom - top) * h}%`;
        shown.append(box);
      }
    });
  }

  // The pictures may stay while there is nothing to prepare, but must not pass for new ones.
  function age(isOld) {
    root.classList.toggle("stale", isOld);
    old.hidden = !isOld || !last;
  }

  return {
    element: root,
    show,
    age,
    repaint: () => {
      if (last) show(last);
    },
  };
}

// ---------------------------------------------------------------- the ten probabilities

export function makeBars(element) {
  const root = make("div", { class: "pad-bars", role: "img" });
  const bars = Array.from({ length: 10 }, (_, digit) => {
    const bar = make("span", { class: "bar" });
    root.append(make("span", { class: "digit" }, bar, make("b", {}, String(digit))));
    return bar;
  });
  element.append(root);
  return {
    element: root,
    show(probabilities) {
      const most = Math.max(...probabilities);
      const best = most > 0 ? probabilities.indexOf(most) : -1;
      bars.forEach((bar, digit) => {
        const share = probabilities[digit] ?? 0;
        bar.style.height = `${Math.max(2, 100 * share)}%`;
        bar.parentNode.classList.toggle("best", digit === best);
        bar.parentNode.title = `${digit}: ${(100 * share).toFixed(1)} %`;
      });
      const said = probabilities
        .map((share, digit) => [share, digit])
        .filter(([share]) => share >= 0.01)
        .sort((a, b) => b[0] - a[0])
        .map(([share, digit]) => `${digit}: ${Math.round(100 * share)} percent`);
      root.setAttribute("aria-label", `Probabilities. ${said.join(", ")}`);
    },
  };
}

// ---------------------------------------------------------------- in a notebook

function choice(name, legend, options, model, trait) {
  const group = make("fieldset", {}, make("legend", {}, legend));
  const radios = options.map(([value, label]) => {
    const radio = make("input", { type: "radio", name, value });
    radio.addEventListener("change", () => {
      model.set(trait, value);
      model.save_changes();
    });
    group.append(make("label", {}, radio, label));
    return radio;
  });
  const paint = () => {
    for (const radio of radios) radio.checked = radio.value === model.get(trait);
  };
  paint();
  return { node: group, paint };
}

function render({ model, el }) {
  const root = make("div", { class: "digit-pad-widget" });
  const left = make("div", { class: "pad-left" });
  const right = make("div", { class: "pad-right" });
  root.append(left, right);
  el.append(root);

  let pad = null;
  const build = () => {
    // anew for another size
    pad?.destroy();
    pad = makePad(left, {
      width: model.get("width"),
      height: model.get("height"),
      pen: model.get("pen"),
      samples: model.get("samples"),
      onStroke(strokes, pen) {
        model.set({ strokes, pen });
        model.save_changes(); // one message a stroke
      },
    });
    pad.set(model.get("strokes"), model.get("pen"));
    root.style.setProperty("--pad-width", `${model.get("width")}px`);
    right.append(pad.help); // where there is room for it
  };

  const id = `${Math.random()}`.slice(2);
  const ways = choice(
    `way-${id}`,
    "Prepare it",
    [
      ["mnist", "MNIST’s way"],
      ["lecture", "the lecture’s way"],
    ],
    model,
    "way",
  );
  const answer = make("output", { class: "pad-answer" });
  const words = make("p", { class: "pad-words", role: "status" });
  const bars = model.get("classifies") ? makeBars(make("div")) : null;
  const reading = make("div", { class: "pad-reading" }, answer);
  if (bars) reading.append(bars.element);
  right.append(ways.node, reading, words);
  build();
  if (!bars) reading.hidden = true;
  const strip = makeStrip(root);
  const kinds = choice(
    `kind-${id}`,
    "Payload for the",
    [
      ["model", "model deployment"],
      ["function", "function deployment"],
    ],
    model,
    "deployment",
  );
  const payload = make("pre", { tabindex: "0", "aria-label": "Generated payload" });
  const details = make(
    "details",
    {},
    make("summary", {}, "Generated payload"),
    kinds.node,
    payload,
  );
  root.append(details);
  const release = guardKeys(root);

  const paintResult = () => {
    const found = model.get("found");
    ways.paint();
    kinds.paint();
    words.textContent = found.words ?? "";
    words.classList.toggle("trouble", Boolean(found.trouble));
    strip.age(!found.stages);
    details.hidden = !found.stages;
    if (bars) {
      answer.textContent = found.digit ?? "?";
      answer.classList.toggle("none", found.digit === undefined);
      answer.setAttribute(
        "aria-label",
        found.digit === undefined ? "Not read" : `Read as ${found.digit}`,
      );
      bars.show(found.probabilities ?? new Array(10).fill(0));
    }
    payload.textContent = found.payload ?? "";
    if (found.stages) strip.show(found);
  };
  const paintStrokes = () => {
    const [strokes, pen] = [model.get("strokes"), model.get("pen")];
    if (strokes !== pad.strokes || pen !== pad.pen) pad.set(strokes, pen);
  };
  const themes = new MutationObserver(strip.repaint);
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  model.on("change:found", paintResult);
  model.on("change:strokes change:pen", paintStrokes);
  model.on("change:width change:height", build);
  paintResult();
  return () => {
    model.off("change:found", paintResult);
    model.off("change:strokes change:pen", paintStrokes);
    model.off("change:width change:height", build);
    themes.disconnect();
    release();
    pad.destroy();
  };
}

export default { render };
