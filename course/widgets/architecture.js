// The network explorer of lesson 4: draws the chosen layers and looks up their measured error.

const TITLES = { first: "first layer", second: "second layer", code: "code" };

function widths(model) {
  const first = model.get("first");
  const down = [784, first, first ? model.get("second") : 0].filter((width) => width > 0);
  return [...down, model.get("code"), ...[...down].reverse()];
}

const parameters = (chain) =>
  chain.slice(1).reduce((sum, units, i) => sum + chain[i] * units + units, 0);

function picture(chain) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 720 190");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `Bars for the layers ${chain.join(", ")}`);
  const gap = 640 / (chain.length - 1);
  const height = (units) => Math.max(4, 140 * Math.sqrt(units / 1000));
  const at = chain.map((units, i) => ({ x: 40 + i * gap, h: height(units), units }));
  const code = (chain.length - 1) / 2;
  for (const [i, { x, h }] of at.entries()) {
    if (i + 1 === at.length) break;
    const next = at[i + 1];
    draw(svg, "polygon", {
      class: "between",
      points: [
        [x + 9, 80 - h / 2],
        [next.x - 9, 80 - next.h / 2],
        [next.x - 9, 80 + next.h / 2],
        [x + 9, 80 + h / 2],
      ]
        .map((p) => p.join(","))
        .join(" "),
    });
  }
  for (const [i, { x, h, units }] of at.entries()) {
    draw(svg, "rect", {
      x: x - 9,
      y: 80 - h / 2,
      width: 18,
      height: h,
      class: i === code ? "layer code" : "layer",
    });
    draw(svg, "text", { x, y: 80 + h / 2 + 17, class: "units" }, units);
  }
  return svg;
}

function render({ model, el }) {
  const { choices, networks, pca, images, epochs } = model.get("content");
  const root = make("div", { class: "explorer network-explorer" });
  const controls = make("div", { class: "controls" });
  const place = make("div");
  const words = make("p", { "aria-live": "polite" });
  const note = make(
    "p",
    { class: "note" },
    `Errors: squared, summed over the 784 pixels, mean over the 10,000 test images of MNIST; ` +
      `trained once on ${images.toLocaleString("en")} images for ${epochs} epochs.`,
  );
  const group = `network-${Math.random().toString(36).slice(2)}`;
  const inputs = [];
  for (const [trait, values] of Object.entries(choices)) {
    const set = make("fieldset", {}, make("legend", {}, TITLES[trait]));
    for (const value of values) {
      const input = make("input", { type: "radio", name: `${group}-${trait}`, value });
      input.addEventListener("change", () => {
        model.set(trait, value);
        model.save_changes();
      });
      inputs.push([trait, value, input]);
      set.append(make("label", {}, input, value === 0 ? "none" : String(value)));
    }
    controls.append(set);
  }
  const paint = () => {
    const chain = widths(model);
    const first = model.get("first");
    for (const [trait, value, input] of inputs) {
      input.checked = value === (trait === "second" && !first ? 0 : model.get(trait));
      if (trait === "second") input.disabled = !first && value !== 0;
    }
    place.replaceChildren(picture(chain));
    const second = first ? model.get("second") : 0;
    const code = model.get("code");
    const found = networks.find(([a, b, c]) => a === first && b === second && c === code);
    const shapes = chain.map((units) => `(n, ${units})`).join(" → ");
    words.textContent =
      `${parameters(chain).toLocaleString("en")} parameters. n images flow as ${shapes}. ` +
      `Measured test error ${found[3].toFixed(2)}; PCA with a code of ${code}: ${pca[code].toFixed(2)}.`;
  };
  for (const trait of Object.keys(choices)) model.on(`change:${trait}`, paint);
  root.append(controls, place, words, note);
  el.append(root);
  paint();
  return guardKeys(root);
}

export default { render };
