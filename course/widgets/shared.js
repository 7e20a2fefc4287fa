// What all widgets and the digit page share.

/** Return an HTML element with these attributes and children. */
export function createElement(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export function createButton(label, onClick) {
  const button = createElement("button", { type: "button" }, label);
  button.addEventListener("click", onClick);
  return button;
}

/** Append an SVG element, with text inside if there is any, and return it. */
export function appendSvg(parent, tag, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

/** Return an empty SVG image of this size, with an accessible name. */
export function createSvg(width, height, label) {
  const attributes = { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label };
  return appendSvg(new DocumentFragment(), "svg", attributes);
}

let groups = 0; // radio buttons with the same name form one group

/** Return radio buttons, [value, label] each, that show and set a trait of the model. */
export function createRadioGroup(model, trait, legend, options) {
  const node = createElement("fieldset", {}, createElement("legend", {}, legend));
  groups += 1;
  const name = `${trait}-group-${groups}`;
  const radios = options.map(([value, label]) => {
    const radio = createElement("input", { type: "radio", name, value });
    radio.addEventListener("change", () => saveTraits(model, { [trait]: value }));
    node.append(createElement("label", {}, radio, label));
    return { value, radio };
  });
  const paint = (selected = model.get(trait)) => {
    for (const { value, radio } of radios) radio.checked = value === selected;
  };
  return { node, radios, paint };
}

/** Set traits of a widget's model and send them to Python. */
export function saveTraits(model, traits) {
  model.set(traits);
  model.save_changes();
}

/** Return bytes that came as base64 or in a buffer as Uint8Array. */
export function toBytes(data) {
  if (typeof data === "string") return Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
  return new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength);
}

const WHITE = [255, 255, 255];
const BLACK = [0, 0, 0];

/** Paint an image of `columns` × `rows` pixels; 0 is paper, 255 is ink, missing values are paper. */
export function paintPixels(canvas, bytes, columns, rows, paper = WHITE, ink = BLACK) {
  canvas.width = columns;
  canvas.height = rows;
  const image = new ImageData(columns, rows);
  for (let i = 0; i < columns * rows; i += 1) {
    const share = (bytes[i] ?? 0) / 255;
    for (let channel = 0; channel < 3; channel += 1) {
      image.data[4 * i + channel] = paper[channel] + (ink[channel] - paper[channel]) * share;
    }
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// JupyterLab reacts to keys (d d deletes a cell, Ctrl+Backspace merges two) unless the focused
// element has this attribute. Shortcuts that run cells or save still reach JupyterLab; those that
// change the notebook don't.
const SUPPRESS = "data-lm-suppress-shortcuts";
const BLOCKED_WITH_CTRL = "azxm"; // select all cells, undo in the notebook, cut, merge

/** Keep JupyterLab from acting on keys pressed inside `root`; return a function that stops this. */
export function suppressShortcuts(root) {
  const onKeydown = (event) => {
    if (!root.contains(event.target)) return;
    const { key } = event;
    const ctrl = event.ctrlKey || event.metaKey;
    const runs = key === "Enter" && (ctrl || event.shiftKey || event.altKey);
    const blocked = key.length > 1 || BLOCKED_WITH_CTRL.includes(key.toLowerCase());
    event.target.toggleAttribute(SUPPRESS, !runs && !(ctrl && !blocked));
  };
  window.addEventListener("keydown", onKeydown, true);
  return () => window.removeEventListener("keydown", onKeydown, true);
}
