// The Gibbs explorer of lesson 4. Each step is taken in Python; this file shows it.

const PICTURES = [
  ["before", 28, "image before"],
  ["hidden", 0, "hidden units"],
  ["after", 28, "image after"],
];

function paintPixels(canvas, bytes, side) {
  canvas.width = side;
  canvas.height = side;
  const image = new ImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    const ink = i < bytes.length ? bytes[i] : 0;
    image.data.set([251 - ink * 0.85, 250 - ink * 0.85, 247 - ink * 0.84, 255], 4 * i);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function render({ model, el }) {
  const root = make("div", { class: "explorer gibbs-explorer" });
  const button = (label, click) => {
    const node = make("button", { type: "button" }, label);
    node.addEventListener("click", click);
    return node;
  };
  // Running, the next step is asked for when the last one has come. So a busy kernel is left to its
  // work, and nothing goes on after Stop.
  let running = false;
  let asked = false;
  let timer = null;
  const ask = () => {
    if (asked) return;
    asked = true;
    model.send("step");
  };
  const stop = () => {
    clearTimeout(timer);
    running = false;
    run.textContent = "Run";
  };
  const next = () => {
    asked = false;
    clearTimeout(timer);
    if (running) timer = setTimeout(ask, 200);
  };
  const run = button("Run", () => {
    if (running) return stop();
    running = true;
    run.textContent = "Stop";
    ask();
  });
  const coins = make("input", { type: "checkbox" });
  coins.addEventListener("change", () => {
    stop();
    model.set("sampling", coins.checked);
    model.save_changes();
  });
  const controls = make(
    "div",
    { class: "controls" },
    button("One step", () => {
      stop();
      ask();
    }),
    run,
    button("Start again", () => {
      stop();
      model.send("restart");
    }),
    button("Next image", () => {
      stop();
      model.set("choice", (model.get("choice") + 1) % model.get("choices"));
      model.save_changes();
    }),
    make("label", {}, coins, "toss coins"),
  );
  const shown = make("div", { class: "pictures" });
  const canvases = PICTURES.map(([name, , title]) => {
    const canvas = make("canvas", { role: "img", "aria-label": title });
    shown.append(make("figure", {}, canvas, make("figcaption", {}, title)));
    return [name, canvas];
  });
  const words = make("p", { "aria-live": "polite" });
  root.append(controls, shown, words);
  el.append(root);

  const paint = () => {
    coins.checked = model.get("sampling");
    const pictures = model.get("pictures");
    for (const [i, [name, canvas]] of canvases.entries()) {
      const view = pictures[name];
      const bytes = new Uint8Array(view.buffer ?? view, view.byteOffset ?? 0, view.byteLength);
      paintPixels(canvas, bytes, PICTURES[i][1] || Math.ceil(Math.sqrt(bytes.length)));
      canvas.parentNode.classList.toggle("empty", name !== "before" && model.get("steps") === 0);
    }
    words.setAttribute("aria-live", running ? "off" : "polite"); // a running chain would never stop talking
    words.textContent = model.get("words");
  };
  model.on("change:pictures change:words change:sampling", paint);
  model.on("change:steps", next);
  paint();
  const release = guardKeys(root);
  return () => {
    stop();
    model.off("change:pictures change:words change:sampling", paint);
    model.off("change:steps", next);
    release();
  };
}

export default { render };
