// The network explorer of lesson 4: draws the chosen layers and looks up their measured error.

import {
  appendSvg,
  createElement,
  createRadioGroup,
  createSvg,
  suppressShortcuts,
} from "./shared.js";

const LEGENDS = { first: "first layer", second: "second layer", code: "code" };

function layerWidths(model) {
  const first = model.get("first");
  const encoder = [784, first, first ? model.get("second") : 0].filter((width) => width > 0);
  return [...encoder, model.get("code"), ...[...encoder].reverse()];
}

const countParameters = (widths) =>
  widths.slice(1).reduce((sum, units, i) => sum + widths[i] * units + units, 0);

function drawNetwork(widths) {
  const svg = createSvg(720, 190, `Bars for the layers ${widths.join(", ")}`);
  const gap = 640 / (widths.length - 1);
  const layers = widths.map((units, i) => ({
    x: 40 + i * gap,
    height: Math.max(4, 140 * Math.sqrt(units / 1000)),
    units,
  }));
  const code = (widths.length - 1) / 2;
  for (const [i, next] of layers.slice(1).entries()) {
    const { x, height } = layers[i];
    const corners = [
      [x + 9, 80 - height / 2],
      [next.x - 9, 80 - next.height / 2],
      [next.x - 9, 80 + next.height / 2],
      [x + 9, 80 + height / 2],
    ];
    appendSvg(svg, "polygon", { class: "between", points: corners.join(" ") });
  }
  for (const [i, { x, height, units }] of layers.entries()) {
    const name = i === code ? "layer code" : "layer";
    const box = { x: x - 9, y: 80 - height / 2, width: 18, height };
    appendSvg(svg, "rect", { ...box, class: name });
    appendSvg(svg, "text", { x, y: 80 + height / 2 + 6, class: "units" }, units);
  }
  return svg;
}

function describe(model, widths) {
  const { networks, pca } = model.get("content");
  const [first, code] = [model.get("first"), model.get("code")];
  const second = first ? model.get("second") : 0;
  const network = networks.find(([a, b, c]) => a === first && b === second && c === code);
  const shapes = widths.map((units) => `(n, ${units})`).join(" → ");
  return (
    `${countParameters(widths).toLocaleString("en")} parameters. n images flow as ${shapes}. ` +
    `Measured test error ${network[3].toFixed(2)}; PCA with a code of ${code}: ` +
    `${pca[code].toFixed(2)}.`
  );
}

function render({ model, el }) {
  const { choices, images, test_images: testImages, epochs } = model.get("content");
  const picture = createElement("div");
  const description = createElement("p", { "aria-live": "polite" });
  const note = createElement(
    "p",
    { class: "note" },
    `Errors: squared, summed over the 784 pixels, mean over ${testImages.toLocaleString("en")} ` +
      `test images; trained once on ${images.toLocaleString("en")} images for ${epochs} epochs.`,
  );
  const groups = Object.entries(choices).map(([trait, values]) => {
    const options = values.map((value) => [value, value === 0 ? "none" : String(value)]);
    return { trait, ...createRadioGroup(model, trait, LEGENDS[trait], options) };
  });
  const controls = createElement("div", { class: "controls" }, ...groups.map(({ node }) => node));
  const paint = () => {
    const first = model.get("first");
    for (const { trait, radios, paint: paintGroup } of groups) {
      const needsFirst = trait === "second" && !first;
      paintGroup(needsFirst ? 0 : model.get(trait));
      for (const { value, radio } of radios) radio.disabled = needsFirst && value !== 0;
    }
    const widths = layerWidths(model);
    picture.replaceChildren(drawNetwork(widths));
    description.textContent = describe(model, widths);
  };
  for (const trait of Object.keys(choices)) model.on(`change:${trait}`, paint);
  const attributes = { class: "explorer network-explorer" };
  const root = createElement("div", attributes, controls, picture, description, note);
  el.append(root);
  paint();
  return suppressShortcuts(root);
}

export default { render };
