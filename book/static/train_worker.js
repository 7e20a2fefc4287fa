// Trains the autoencoder of train.js beside the page, so that the page stays responsive.
//
// It takes {command, ...} and posts reports: the codes of the test digits, copies of the examples, and
// the test errors after the last epoch.

import { createRandom, permute, SmallAutoencoder } from "./small_autoencoder.js";
import { loadArrays } from "./widgets/npz.js";

const SIZES = [784, 64, 2, 64, 784];
const PIXELS = SIZES[0];
const BATCH = 40;
const EPOCHS_AT_ONCE = 50; // then training pauses by itself
const FRAME_MS = 60; // between two reports
const NEIGHBORS = 10;

const toShares = (bytes) => Float32Array.from(bytes, (value) => value / 255);
const toBytes = (shares) => Uint8Array.from(shares, (share) => Math.round(255 * share));

class Training {
  constructor({ x_train, x_test, y_test }, examples) {
    this.train = toShares(x_train.values);
    this.test = toShares(x_test.values);
    this.labels = y_test.values;
    this.originals = Uint8Array.from(
      examples.flatMap((i) => [...x_test.values.subarray(i * PIXELS, (i + 1) * PIXELS)]),
    );
    this.examples = toShares(this.originals);
    this.mark = [0, 0];
    this.reset(1);
  }

  reset(seed) {
    this.random = createRandom(seed);
    this.network = new SmallAutoencoder(SIZES, this.random);
    this.epoch = 0;
    this.order = [];
    this.last = this.evaluate();
  }

  /** Take one step; return whether it ends an epoch. */
  step(rate) {
    if (!this.order.length) this.order = [...permute(this.train.length / PIXELS, this.random)];
    const chosen = this.order.splice(0, BATCH);
    const batch = new Float32Array(chosen.length * PIXELS);
    for (const [row, i] of chosen.entries()) {
      batch.set(this.train.subarray(i * PIXELS, (i + 1) * PIXELS), row * PIXELS);
    }
    this.network.step(batch, chosen.length, rate);
    if (this.order.length) return false;
    this.epoch += 1;
    this.last = this.evaluate();
    return true;
  }

  evaluate() {
    const losses = this.network.losses(this.test, this.labels.length);
    const codes = this.network.encode(this.test, this.labels.length);
    return { ...losses, neighbors: neighborShares(codes, this.labels) };
  }

  report(extra) {
    const { network, epoch, last, examples, originals } = this;
    const codes = network.encode(this.test, this.labels.length);
    const copies = network.forward(examples, examples.length / PIXELS).at(-1);
    return {
      epoch,
      epochs: (network.steps * BATCH * PIXELS) / this.train.length,
      steps: network.steps,
      losses: last,
      codes,
      originals,
      copies: toBytes(copies),
      decoded: this.decode(),
      ...extra,
    };
  }

  decode() {
    return toBytes(this.network.decode(Float32Array.from(this.mark), 1));
  }
}

/** Return for each pair of digits which share of the first's nearest neighbors is the second. */
function neighborShares(codes, labels) {
  const counts = Array.from({ length: 10 }, () => new Array(10).fill(0));
  const totals = new Array(10).fill(0);
  for (let i = 0; i < labels.length; i += 1) {
    const nearest = []; // [squared distance, digit], the nearest first
    for (let j = 0; j < labels.length; j += 1) {
      if (i === j) continue;
      const distance =
        (codes[2 * i] - codes[2 * j]) ** 2 + (codes[2 * i + 1] - codes[2 * j + 1]) ** 2;
      if (nearest.length === NEIGHBORS && distance >= nearest.at(-1)[0]) continue;
      const place = nearest.findIndex(([other]) => other > distance);
      nearest.splice(place < 0 ? nearest.length : place, 0, [distance, labels[j]]);
      nearest.length = Math.min(nearest.length, NEIGHBORS);
    }
    for (const [, digit] of nearest) counts[labels[i]][digit] += 1;
    totals[labels[i]] += nearest.length;
  }
  return counts.map((row, digit) => row.map((count) => count / totals[digit]));
}

let training;
let rate;
let currentRun = 0; // 0: none
let runs = 0;

/** Let messages in that came meanwhile. */
const yieldToMessages = () => new Promise((resolve) => setTimeout(resolve));

async function run() {
  runs += 1;
  const ownRun = runs;
  currentRun = ownRun;
  const lastEpoch = training.epoch + EPOCHS_AT_ONCE;
  while (currentRun === ownRun) {
    const end = performance.now() + FRAME_MS;
    let isComplete = false;
    while (!isComplete && performance.now() < end) isComplete = training.step(rate);
    if (training.epoch >= lastEpoch) currentRun = 0;
    self.postMessage(training.report({ isRunning: currentRun > 0, isComplete }));
    await yieldToMessages();
  }
}

function stop() {
  currentRun = 0;
}

const COMMANDS = {
  async load({ address, examples }) {
    training = new Training(await loadArrays(address), examples);
  },
  pause() {
    stop();
    training.last = training.evaluate();
  },
  step() {
    stop();
    training.step(rate);
    training.last = training.evaluate();
  },
  reset({ seed }) {
    stop();
    training.reset(seed);
  },
};

async function obey({ command, ...details }) {
  rate = details.rate ?? rate;
  if (command === "train") {
    await run();
  } else if (command === "rate") {
    // the next step takes it
  } else if (command === "decode") {
    training.mark = details.mark;
    self.postMessage({ decoded: training.decode() });
  } else {
    await COMMANDS[command](details);
    self.postMessage(training.report({ isRunning: false, isComplete: true, command }));
  }
}

self.addEventListener("message", ({ data }) => {
  obey(data).catch((error) => self.postMessage({ error: error.message }));
});
