// An autoencoder that trains in the page while the codes of test digits move.
//
// train_worker.js computes; this file shows its reports and sends it commands.

import { createCodesView, createErrorPlot } from "./train_views.js";
import { createButton, createElement, paintPixels } from "./widgets/shared.js";

const PIXELS = 784;
const SIDE = 28;
const RATES = [0.001, 0.005, 0.02, 0.1];
const USUAL_RATE = 0.005;
const EPOCHS_BETWEEN_SUMMARIES = 10; // a screen reader would otherwise never stop
const EPOCHS_BETWEEN_PICTURES = 10; // for readers who prefer reduced motion

const prefersStillness = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
const formatPercent = (share) => `${Math.round(100 * share)}%`;
const formatEpochs = (count) => (count === 1 ? "1 epoch" : `${count} epochs`);

// ---------------------------------------------------------------- controls

function createControls(send) {
  let seed = 1;
  const rate = createElement("select", { id: "training-rate" });
  for (const value of RATES) {
    rate.append(createElement("option", { value }, value === 0.1 ? "0.1, too large" : `${value}`));
  }
  rate.value = USUAL_RATE;
  rate.addEventListener("change", () => send({ command: "rate", rate: Number(rate.value) }));
  const withRate = (command) => send({ command, rate: Number(rate.value) });
  const train = createButton("Train", () => {
    withRate(train.dataset.running === "yes" ? "pause" : "train");
  });
  const step = createButton("One step", () => withRate("step"));
  const reset = createButton("Start over", () => send({ command: "reset", seed }));
  const other = createButton("Another random start", () => {
    seed += 1;
    send({ command: "reset", seed });
  });
  const label = createElement("label", { for: rate.id }, "Learning rate ");
  const node = createElement("div", { class: "controls" }, train, step, reset, other, label, rate);
  return {
    node,
    buttons: [train, step, reset, other],
    paint(isRunning) {
      train.dataset.running = isRunning ? "yes" : "no";
      train.textContent = isRunning ? "Pause" : "Train";
    },
  };
}

// ---------------------------------------------------------------- originals and copies

function createTiles(labels, examples) {
  const rows = ["Originals", "Copies"].map((title) => {
    const tiles = examples.map((i) => {
      const name = `${title === "Copies" ? "Copy of a" : "A"} ${labels[i]}`;
      return createElement("canvas", { role: "img", "aria-label": name });
    });
    const head = createElement("b", {}, title);
    return { tiles, node: createElement("div", { class: "row" }, head, ...tiles) };
  });
  return {
    node: createElement("div", { class: "tiles" }, ...rows.map(({ node }) => node)),
    paint({ originals, copies }) {
      for (const [k, bytes] of [originals, copies].entries()) {
        for (const [i, tile] of rows[k].tiles.entries()) {
          paintPixels(tile, bytes.subarray(i * PIXELS, (i + 1) * PIXELS), SIDE, SIDE);
        }
      }
    },
  };
}

// ---------------------------------------------------------------- the same as text

/** Say how good copies are, and which digits the codes tell apart. */
function describe({ epoch, steps, losses }, { pca, mean_image: mean }) {
  const { squared, neighbors } = losses;
  if (!Number.isFinite(squared)) {
    return "The numbers have left all bounds: the learning rate is too large. Start over.";
  }
  const own = neighbors.map((row, digit) => row[digit]);
  const average = own.reduce((a, b) => a + b) / own.length;
  const ranked = own.map((_, digit) => digit).sort((a, b) => own[b] - own[a]);
  const worst = ranked.at(-1);
  const others = neighbors[worst].map((share, digit) => (digit === worst ? -1 : share));
  const rival = others.indexOf(Math.max(...others));
  const name = (digit) => `${digit} (${formatPercent(own[digit])})`;
  const compared =
    squared < pca
      ? `less than PCA’s with two numbers, ${pca.toFixed(1)}`
      : squared < mean
        ? `less than the mean image’s ${mean.toFixed(1)}, but more than PCA’s ${pca.toFixed(1)}`
        : `no better than the mean image, ${mean.toFixed(1)}`;
  const when = steps === 0 ? "Before training" : `After ${formatEpochs(epoch)} and ${steps} steps`;
  return (
    `${when}, copies of test digits are off by ${squared.toFixed(1)}: ${compared}. ` +
    `Of the ten codes nearest to a digit’s, ${formatPercent(average)} belong to the same digit. ` +
    `Best apart: ${ranked.slice(0, 3).map(name).join(", ")}. ` +
    `Most mixed: ${name(worst)}, most often with ${rival}.`
  );
}

// ---------------------------------------------------------------- the whole

/** Show the explorer in `place`; `base` is the folder of this file's companions. */
export async function render(place, base) {
  const facts = await fetch(new URL("training/facts.json", base)).then((reply) => reply.json());
  const worker = new Worker(new URL("train_worker.js", base), { type: "module" });
  const send = (message) => worker.postMessage(message);
  const controls = createControls(send);
  const codes = createCodesView(facts, (mark) => send({ command: "decode", mark }));
  const errors = createErrorPlot(facts);
  const tiles = createTiles(facts.labels, facts.examples);
  const progress = createElement("p", { class: "state" });
  const summary = createElement("p", { class: "summary", "aria-live": "polite" });
  const side = createElement("div", {}, errors.node, codes.probe);
  const views = createElement("div", { class: "views" }, codes.node, side);
  const attributes = { role: "group", "aria-label": "Training in this page" };
  const root = createElement("div", { class: "explorer training", ...attributes });
  const still = createElement(
    "p",
    {},
    "You prefer reduced motion: pictures change every 10 epochs.",
  );
  root.append(controls.node, progress, views, codes.legend, tiles.node, summary);
  if (prefersStillness()) controls.node.after(still);
  for (const button of controls.buttons) button.disabled = true;
  place.append(root);

  const show = (report) => {
    const { isRunning, isComplete, epoch, steps, losses } = report;
    controls.paint(isRunning);
    if (report.command === "reset" || report.command === "load") errors.clear();
    if (isComplete) errors.add(report.epochs, losses.squared);
    progress.textContent =
      `Epoch ${epoch}, step ${steps}. Squared error on test digits: ${losses.squared.toFixed(1)}; ` +
      `cross-entropy, which training lowers: ${losses.crossEntropy.toFixed(0)} nats.`;
    const isDue = (period) => !isRunning || (isComplete && epoch % period === 0);
    if (isDue(EPOCHS_BETWEEN_SUMMARIES)) summary.textContent = describe(report, facts);
    if (prefersStillness() && !isDue(EPOCHS_BETWEEN_PICTURES)) return;
    codes.paint(report, isRunning && !prefersStillness());
    errors.paint();
    tiles.paint(report);
  };
  await new Promise((resolve, reject) => {
    worker.addEventListener("error", () => reject(new Error("The worker can’t be started.")));
    worker.addEventListener("message", ({ data }) => {
      if (data.error) reject(new Error(data.error));
      else if (data.codes) show(data);
      else codes.paintDecoded(data);
      resolve();
    });
    const address = new URL("training/digits.npz", base).href;
    send({ command: "load", address, examples: facts.examples, rate: USUAL_RATE });
  });
  for (const button of controls.buttons) button.disabled = false;
  root.dataset.live = "yes";
}
