// The explorer of lesson 1. Every copy lies ready in one picture; this file cuts out the right one.
//
// In that picture each image has two rows of 28 x 28 tiles, PCA above the autoencoder;
// the first tile of a row is the original, then comes one copy for each code size.

const TILE = 28;
const PIXELS = TILE * TILE;
const PLOT = { width: 700, height: 240, left: 40, right: 596, top: 12, bottom: 210 };
const MARKS = [1, 2, 5, 10, 20, 30, 60, 100];

let explorers = 0;

function number(value) {
  return value >= 99.95 ? value.toFixed(0) : value.toFixed(value >= 9.995 ? 1 : 2);
}

function tile(label) {
  return make("canvas", { width: TILE, height: TILE, role: "img", "aria-label": label });
}

function paintTile(canvas, pictures, column, row) {
  const pen = canvas.getContext("2d");
  pen.drawImage(pictures, column * TILE, row * TILE, TILE, TILE, 0, 0, TILE, TILE);
}

// ---------------------------------------------------------------- the images to choose from

function chooser(model, id) {
  const { names } = model.get("facts");
  const group = make("fieldset", { class: "images" }, make("legend", {}, "Image to copy"));
  const radios = names.map((name) => {
    const radio = make("input", { type: "radio", name: id, value: name, "aria-label": name });
    const label = make("label", { title: name }, radio, tile(name));
    label.lastChild.setAttribute("aria-hidden", "true");
    radio.addEventListener("change", () => {
      model.set("image", name);
      model.save_changes();
    });
    group.append(label);
    return radio;
  });
  return {
    node: group,
    paint() {
      for (const radio of radios) radio.checked = radio.value === model.get("image");
    },
    paintTiles(pictures) {
      radios.forEach((radio, i) => paintTile(radio.nextSibling, pictures, 0, 2 * i));
    },
  };
}

// ---------------------------------------------------------------- original, code, copies

function station(title, kind) {
  const picture = kind === "code" ? make("div", { class: "cells" }) : tile(title);
  const words = make("span", { class: "words" });
  const node = make("div", { class: `station ${kind}` }, make("b", {}, title), picture, words);
  return { node, picture, words };
}

function line(model) {
  const { sizes, names, pca_each: pca, autoencoder_each: autoencoder } = model.get("facts");
  const original = station("Original", "original");
  const code = station("Code", "code");
  const copies = [station("PCA’s copy", "pca"), station("Autoencoder’s copy", "autoencoder")];
  const most = sizes[sizes.length - 1];
  const cells = Array.from({ length: most }, () => make("i"));
  code.picture.append(...cells);
  original.words.textContent = `${PIXELS} numbers`;
  const arrow = () => make("span", { class: "arrow", "aria-hidden": "true" }, "→");
  const node = make("div", { class: "line" });
  node.append(original.node, arrow(), code.node, arrow(), ...copies.map((copy) => copy.node));
  return {
    node,
    paint() {
      const size = model.get("code_size");
      const [at, row] = [sizes.indexOf(size), names.indexOf(model.get("image"))];
      cells.forEach((cell, i) => cell.classList.toggle("used", i < size));
      code.words.textContent = size === 1 ? "1 number" : `${size} numbers`;
      original.picture.setAttribute("aria-label", `Original: ${names[row]}`);
      for (const [copy, errors] of [
        [copies[0], pca],
        [copies[1], autoencoder],
      ]) {
        copy.words.textContent = `error ${number(errors[row][at])}`;
        copy.picture.setAttribute(
          "aria-label",
          `Copy of ${names[row]} from ${code.words.textContent}`,
        );
      }
    },
    paintTiles(pictures) {
      const [at, row] = [sizes.indexOf(model.get("code_size")), names.indexOf(model.get("image"))];
      paintTile(original.picture, pictures, 0, 2 * row);
      copies.forEach((copy, i) => paintTile(copy.picture, pictures, at + 1, 2 * row + i));
    },
  };
}

// ---------------------------------------------------------------- the curve over the slider

function curve(model) {
  const { sizes, pca, autoencoder, mean_image: mean } = model.get("facts");
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${PLOT.width} ${PLOT.height}`);
  svg.setAttribute("role", "img");
  const [low, high] = [0.7, 45];
  const x = (at) => PLOT.left + ((PLOT.right - PLOT.left) * at) / (sizes.length - 1);
  const y = (error) =>
    PLOT.bottom - ((PLOT.bottom - PLOT.top) * Math.log(error / low)) / Math.log(high / low);
  for (const value of [1, 2, 5, 10, 20]) {
    draw(svg, "line", { x1: PLOT.left, x2: PLOT.right, y1: y(value), y2: y(value), class: "grid" });
    draw(svg, "text", { x: PLOT.left - 8, y: y(value) + 4, class: "tick y" }, String(value));
  }
  for (const size of MARKS) {
    const at = x(sizes.indexOf(size));
    draw(svg, "line", { x1: at, x2: at, y1: PLOT.bottom, y2: PLOT.bottom + 5, class: "grid" });
    draw(svg, "text", { x: at, y: PLOT.bottom + 20, class: "tick" }, String(size));
  }
  draw(svg, "line", { x1: PLOT.left, x2: PLOT.right, y1: y(mean), y2: y(mean), class: "mean" });
  draw(svg, "text", { x: PLOT.right + 8, y: y(mean) + 4, class: "name" }, "mean image");
  const cursor = draw(svg, "line", { y1: PLOT.top, y2: PLOT.bottom, class: "cursor" });
  const lines = [
    [pca, "pca", "PCA", 9],
    [autoencoder, "autoencoder", "autoencoder", -1],
  ];
  const dots = lines.map(([errors, kind, name, down]) => {
    const points = errors.map((error, at) => `${x(at).toFixed(1)},${y(error).toFixed(1)}`);
    draw(svg, "polyline", { points: points.join(" "), class: `curve ${kind}` });
    const end = {
      x: PLOT.right + 8,
      y: y(errors[errors.length - 1]) + down,
      class: `name ${kind}`,
    };
    draw(svg, "text", end, name);
    return kind === "pca"
      ? draw(svg, "rect", { width: 11, height: 11, class: `dot ${kind}` })
      : draw(svg, "circle", { r: 6.5, class: `dot ${kind}` });
  });
  return {
    node: svg,
    paint() {
      const at = sizes.indexOf(model.get("code_size"));
      const here = x(at);
      cursor.setAttribute("x1", here);
      cursor.setAttribute("x2", here);
      dots[0].setAttribute("x", here - 5.5);
      dots[0].setAttribute("y", y(pca[at]) - 5.5);
      dots[1].setAttribute("cx", here);
      dots[1].setAttribute("cy", y(autoencoder[at]));
      svg.setAttribute(
        "aria-label",
        "Error against code size: the more numbers, the smaller the error. " +
          `At ${sizes[at]}: PCA ${number(pca[at])}, autoencoder ${number(autoencoder[at])}.`,
      );
    },
  };
}

function slider(model, id) {
  const { sizes } = model.get("facts");
  const input = make("input", {
    id: `${id}-size`,
    type: "range",
    min: 0,
    max: sizes.length - 1,
    step: 1,
  });
  const label = make("label", { for: `${id}-size` }, "Code size");
  const show = make("output", { for: `${id}-size`, "aria-live": "off" }); // the slider says it
  input.addEventListener("input", () => model.set("code_size", sizes[Number(input.value)]));
  input.addEventListener("change", () => model.save_changes());
  // The thumb's middle runs from the first to the last point of the curve.
  const share = (length) => `${(100 * length) / PLOT.width}%`;
  input.style.marginLeft = `calc(${share(PLOT.left)} - 10px)`;
  input.style.width = `calc(${share(PLOT.right - PLOT.left)} + 20px)`;
  return {
    nodes: [input, make("div", { class: "size" }, label, show)],
    paint() {
      const size = model.get("code_size");
      input.value = sizes.indexOf(size);
      input.setAttribute("aria-valuetext", size === 1 ? "1 number" : `${size} numbers`);
      show.textContent = String(size);
    },
  };
}

// ---------------------------------------------------------------- the same in words

function sentence(model) {
  const facts = model.get("facts");
  const [size, name] = [model.get("code_size"), model.get("image")];
  const at = facts.sizes.indexOf(size);
  const [pca, net] = [facts.pca[at], facts.autoencoder[at]];
  const first =
    `${PIXELS} → ${size}: ${number(PIXELS / size)} times fewer numbers. ` +
    `Over all 296 test digits PCA’s copies are off by ${number(pca)}, ` +
    `the autoencoder’s by ${number(net)}`;
  if (name === "a face" || name === "a star") {
    return `${first}. But ${name} is no digit: both look for digits in it.`;
  }
  if (size === 1) return `${first}. One number cannot even say which of ten digits it is.`;
  if (net < pca) return `${first}: ${(pca / net).toFixed(1)} times less.`;
  return `${first}: with so much room, PCA copies better.`;
}

async function render({ model, el }) {
  const id = `code-size-${(explorers += 1)}`;
  const root = make("div", {
    class: "explorer code-size",
    role: "group",
    "aria-label": "Code-size explorer",
  });
  const images = chooser(model, id);
  const stations = line(model);
  const plot = curve(model);
  const range = slider(model, id);
  const words = make("p", { "aria-live": "polite" });
  const heading = make("div", { class: "heading" }, "Squared error, test digits");
  root.append(images.node, stations.node, heading, plot.node, ...range.nodes, words);
  el.append(root);

  let speaking;
  let pictures;
  const paint = () => {
    for (const part of [images, stations, plot, range]) part.paint();
    if (pictures) stations.paintTiles(pictures);
    clearTimeout(speaking); // while the slider moves, a screen reader hears the slider
    speaking = setTimeout(() => {
      words.textContent = sentence(model);
    }, 150);
  };
  paint();
  words.textContent = sentence(model);
  model.on("change:code_size change:image", paint);
  const release = guardKeys(root);

  pictures = await createImageBitmap(new Blob([model.get("pictures")], { type: "image/png" }));
  images.paintTiles(pictures);
  stations.paintTiles(pictures);

  return () => {
    clearTimeout(speaking);
    model.off("change:code_size change:image", paint);
    release();
    pictures.close();
  };
}

export default { render };
