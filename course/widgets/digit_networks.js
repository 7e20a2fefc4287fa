// The digit classifier and the digit autoencoder in the browser; their weights are the course's.
// See course/classifier/network.py and course/autoencoder/frozen.py.

import { roundHalfEven } from "./gray_image.js";
import { LIMIT, novelty } from "./novelty.js";
import { loadArrays } from "./npz.js";

const WINDOW = 5;
const STRIDE = 2;
const ERROR_LIMIT = 6.8; // these three: course/deployment/scoring.py
const MAX_ERROR_PER_INK = 0.25;
const MIN_ROWS = 8;
const INK = 0.3;

export const relu = (x) => Math.max(x, 0);
const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const gelu = (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const linear = (x) => x;

/** Return activate(x · kernel + bias). */
export function dense(x, kernel, bias, activate) {
  const width = kernel.shape[1];
  const sums = Float64Array.from(bias.values);
  for (let i = 0; i < x.length; i += 1) {
    if (x[i] === 0) continue;
    const row = i * width;
    for (let j = 0; j < width; j += 1) sums[j] += x[i] * kernel.values[row + j];
  }
  return sums.map(activate);
}

/** Convolve a square image of several channels with 5 × 5 windows and a stride of 2. */
function convolve(x, side, kernel, bias) {
  const [, , inputs, outputs] = kernel.shape;
  const size = Math.floor((side - WINDOW) / STRIDE) + 1;
  const result = new Float64Array(size * size * outputs);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const sums = result.subarray((row * size + column) * outputs).subarray(0, outputs);
      sums.set(bias.values);
      for (let window = 0; window < WINDOW * WINDOW; window += 1) {
        const y = row * STRIDE + Math.floor(window / WINDOW);
        const start = (y * side + column * STRIDE + (window % WINDOW)) * inputs;
        for (let input = 0; input < inputs; input += 1) {
          const value = x[start + input];
          const weights = (window * inputs + input) * outputs;
          for (let j = 0; value && j < outputs; j += 1)
            sums[j] += value * kernel.values[weights + j];
        }
      }
      for (let j = 0; j < outputs; j += 1) sums[j] = relu(sums[j]);
    }
  }
  return result;
}

const layer = (arrays, i) => [arrays[`kernel_${i}`], arrays[`bias_${i}`]];

function featureMaps(arrays, image) {
  const first = convolve(image, 28, ...layer(arrays, 0));
  return convolve(first, 12, ...layer(arrays, 1));
}

const hiddenFromMaps = (arrays, maps) => dense(maps, ...layer(arrays, 2), relu);

/** Return the outputs of the classifier's last hidden layer for an image of 784 numbers. */
export const hiddenLayer = (arrays, image) => hiddenFromMaps(arrays, featureMaps(arrays, image));

const classScores = (arrays, hidden) => dense(hidden, ...layer(arrays, 3), linear);

/** Return the ten probabilities for outputs of the last hidden layer. */
export const classProbabilities = (arrays, hidden) => softmax(classScores(arrays, hidden));

function softmax(sums) {
  const highest = Math.max(...sums);
  const powers = Array.from(sums, (sum) => Math.exp(sum - highest));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

function reconstruct(arrays, image) {
  const count = Object.keys(arrays).filter((name) => name.startsWith("kernel_")).length;
  let values = image;
  for (let i = 0; i < count; i += 1) {
    const activate = i === count - 1 ? sigmoid : i === count / 2 - 1 ? linear : gelu;
    values = dense(values, arrays[`kernel_${i}`], arrays[`bias_${i}`], activate);
  }
  return values;
}

/** Return whether both networks know such digits, and the image has a digit's shape. */
function looksLikeADigit(image, error, isNew) {
  const ink = image.reduce((sum, share) => sum + share * share, 0);
  const rows = [...image.keys()].filter((i) => image[i] > INK).map((i) => Math.floor(i / 28));
  const isTall = rows.length > 0 && rows.at(-1) - rows[0] + 1 >= MIN_ROWS;
  return isTall && !isNew && error <= MAX_ERROR_PER_INK * ink;
}

/** Load both networks; return functions of 784 numbers: `probabilities` and `read`. */
export async function loadNetworks(address) {
  const classifier = await loadArrays(`${address}digit_classifier.npz`);
  let others = null; // 5 MB: the autoencoder and the novelty detector, for the first reading
  const probabilities = (image) => classProbabilities(classifier, hiddenLayer(classifier, image));

  async function read(image) {
    others ??= Promise.all(
      ["digit_autoencoder.npz", "digit_novelty.npz"].map((name) => loadArrays(address + name)),
    );
    const [autoencoder, detector] = await others;
    const copy = reconstruct(autoencoder, image);
    const maps = featureMaps(classifier, image);
    const logits = classScores(classifier, hiddenFromMaps(classifier, maps));
    const shares = softmax(logits);
    const squares = copy.map((share, i) => (image[i] - share) ** 2);
    const error = roundHalfEven(10_000 * squares.reduce((a, b) => a + b, 0)) / 10_000;
    const unlike = novelty(detector, { maps, logits, error });
    return {
      digit: shares.indexOf(Math.max(...shares)),
      probabilities: shares,
      reconstruction: Array.from(copy, (share) => roundHalfEven(255 * share) / 255),
      error,
      error_limit: ERROR_LIMIT,
      novelty: unlike,
      looks_like_a_digit: looksLikeADigit(image, error, unlike > LIMIT),
    };
  }
  return { probabilities, read };
}
