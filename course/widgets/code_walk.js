// The explorer of lesson 5. The sliders say where in the space of codes we are; the kernel
// decodes that code and sends two images back: the decoded code, and the mixed pixels.

const SIDE = 28;
const PIXELS = SIDE * SIDE;

let walks = 0;

function tile() {
  return make("canvas", { width: SIDE, height: SIDE, role: "img" });
}

function paintTile(canvas, view, index) {
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(SIDE, SIDE);
  for (let i = 0; i < PIXELS; i += 1) {
    const ink = 255 - view.getUint8(index * PIXELS + i); // dark ink on white paper
    image.data.set([ink, ink, ink, 255], 4 * i);
  }
  pen.putImageData(image, 0, 0);
}

// ---------------------------------------------------------------- choosing the two ends

function chooser(model, id, key, title) {
  const select = make("select", { id: `${id}-${key}` });
  model.get("names").forEach((name, i) => select.append(make("option", { value: i }, name)));
  select.addEventListener("change", () => {
    model.set(key, Number(select.value));
    model.save_changes();
  });
  const picture = tile();
  const label = make("label", { for: `${id}-${key}` }, title);
  return {
    node: make("div", { class: "end" }, label, picture, select),
    paint() {
      const chosen = model.get(key);
      select.value = String(chosen);
      picture.setAttribute("aria-label", `${title}: ${model.get("names")[chosen]}`);
      paintTile(picture, model.get("pictures"), chosen);
    },
  };
}

// ---------------------------------------------------------------- what lies between

function result(model) {
  const [decoded, mixed] = [tile(), tile()];
  const node = make(
    "div",
    { class: "between" },
    make("figure", { class: "decoded" }, decoded, make("figcaption", {}, "Mixed codes")),
    make("figure", {}, mixed, make("figcaption", {}, "Mixed pixels")),
  );
  return {
    node,
    paint() {
      const where = place(model);
      decoded.setAttribute("aria-label", `The mixed code decoded: ${where}`);
      mixed.setAttribute("aria-label", `The mixed pixels: ${where}`);
      if (model.get("shown").byteLength < 2 * PIXELS) return;
      paintTile(decoded, model.get("shown"), 0);
      paintTile(mixed, model.get("shown"), 1);
    },
  };
}

function place(model) {
  const names = model.get("names");
  const turned = model.get("push")
    ? `, number ${model.get("number")} turned by ${signed(model.get("push"))} spreads`
    : "";
  return (
    `${model.get("way")} % of the way from ${names[model.get("first")]} ` +
    `to ${names[model.get("second")]}${turned}`
  );
}

function signed(value) {
  return (value < 0 ? "−" : "+") + Math.abs(value).toFixed(1);
}

// ---------------------------------------------------------------- sliders

function slider(model, id, key, title, range, words) {
  const input = make("input", { id: `${id}-${key}`, type: "range", ...range });
  const output = make("output", { for: `${id}-${key}`, "aria-live": "off" }); // the slider says it
  input.addEventListener("input", () => {
    model.set(key, Number(input.value));
    model.save_changes();
  });
  const label = make("label", { for: `${id}-${key}` }, title);
  return {
    nodes: [label, input, output],
    paint() {
      const value = model.get(key);
      if (Number(input.value) !== value) input.value = value;
      input.setAttribute("aria-valuetext", words(value));
      output.textContent = words(value);
    },
  };
}

function render({ model, el }) {
  const id = `code-walk-${(walks += 1)}`;
  const root = make("div", {
    class: "explorer code-walk",
    role: "group",
    "aria-label": "Walk between codes",
  });
  const ends = [chooser(model, id, "first", "From"), chooser(model, id, "second", "To")];
  const between = result(model);
  const sliders = [
    slider(model, id, "way", "On the way", { min: 0, max: 100, step: 1 }, (way) => `${way} %`),
    slider(
      model,
      id,
      "number",
      "Number of the code",
      { min: 1, max: model.get("size"), step: 1 },
      (number) => `number ${number}`,
    ),
    slider(
      model,
      id,
      "push",
      "Turned by",
      { min: -3, max: 3, step: 0.1 },
      (push) => `${signed(push)} spreads`,
    ),
  ];
  const reset = make("button", { type: "button" }, "Back to the start");
  reset.addEventListener("click", () => {
    model.set({ way: 0, push: 0 });
    model.save_changes();
  });
  const words = make("p", { "aria-live": "polite" });
  const row = make("div", { class: "row" }, ends[0].node, between.node, ends[1].node);
  const grid = make("div", { class: "sliders" }, ...sliders.flatMap((each) => each.nodes));
  root.append(row, grid, reset, words);
  el.append(root);

  let speaking;
  const say = () => {
    words.textContent = `${place(model)}.`;
  };
  const paint = () => {
    for (const part of [...ends, between, ...sliders]) part.paint();
    clearTimeout(speaking); // while a slider moves, a screen reader hears the slider
    speaking = setTimeout(say, 150);
  };
  paint();
  say();
  const heard = ["first", "second", "way", "number", "push", "shown"]
    .map((key) => `change:${key}`)
    .join(" ");
  model.on(heard, paint);
  const release = guardKeys(root);
  return () => {
    clearTimeout(speaking);
    model.off(heard, paint);
    release();
  };
}

export default { render };
