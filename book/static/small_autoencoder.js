// An autoencoder that trains in the browser: the network, loss and optimizer of course/backprop.py.
// The hidden units are tanh, the code in the middle is linear, and the output is a sigmoid.

const UNROLL = 4; // rows of a matrix at a time: fewer loads and stores, about three times the speed

/** Return a function that returns random numbers in [0, 1), the same ones for the same seed. */
export function createRandom(seed) {
  let state = seed >>> 0; // mulberry32
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function drawNormal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Return the numbers from 0 to `count` - 1 in random order. */
export function permute(count, random) {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Add weights · x to the sums of one example; zeros, most of a digit's pixels, cost nothing. */
function addProduct(sums, offset, units, x, start, inputs, weights) {
  const rows = new Uint32Array(UNROLL);
  const values = new Float64Array(UNROLL);
  let filled = 0;
  for (let i = 0; i <= inputs; i += 1) {
    const value = i < inputs ? x[start + i] : 0;
    if (value !== 0) {
      rows[filled] = i * units;
      values[filled] = value;
      filled += 1;
    }
    if (filled < UNROLL && i < inputs) continue;
    values.fill(0, filled);
    rows.fill(0, filled);
    const [r0, r1, r2, r3] = rows;
    const [v0, v1, v2, v3] = values;
    for (let j = 0; j < units; j += 1) {
      sums[offset + j] +=
        v0 * weights[r0 + j] + v1 * weights[r1 + j] + v2 * weights[r2 + j] + v3 * weights[r3 + j];
    }
    filled = 0;
  }
}

/** Write the gradient of the weights, x transposed times the errors, for `count` examples. */
function weightGradient(gradient, x, inputs, errors, units, count) {
  gradient.fill(0);
  for (let row = 0; row < count; row += UNROLL) {
    const value = (offset, i) => (row + offset < count ? x[(row + offset) * inputs + i] : 0);
    const place = (offset) => Math.min(row + offset, count - 1) * units;
    const [e0, e1, e2, e3] = [place(0), place(1), place(2), place(3)];
    for (let i = 0; i < inputs; i += 1) {
      const [v0, v1, v2, v3] = [value(0, i), value(1, i), value(2, i), value(3, i)];
      if (v0 === 0 && v1 === 0 && v2 === 0 && v3 === 0) continue;
      const start = i * units;
      for (let j = 0; j < units; j += 1) {
        gradient[start + j] +=
          v0 * errors[e0 + j] + v1 * errors[e1 + j] + v2 * errors[e2 + j] + v3 * errors[e3 + j];
      }
    }
  }
}

/** Write the errors of the layer below: the errors times the weights transposed. */
function errorsBelow(below, inputs, errors, units, weights, count) {
  for (let row = 0; row < count; row += 1) {
    const start = row * units;
    for (let i = 0; i < inputs; i += 2) {
      const first = i * units;
      const second = Math.min(i + 1, inputs - 1) * units;
      let [a, b] = [0, 0];
      for (let j = 0; j < units; j += 1) {
        const error = errors[start + j];
        a += error * weights[first + j];
        b += error * weights[second + j];
      }
      below[row * inputs + i] = a;
      if (i + 1 < inputs) below[row * inputs + i + 1] = b;
    }
  }
}

export class SmallAutoencoder {
  /** Sizes are those of all layers, such as [784, 64, 2, 64, 784]; weights as in Glorot and Bengio. */
  constructor(sizes, random) {
    this.sizes = sizes;
    this.steps = 0;
    this.layers = sizes.slice(1).map((units, i) => {
      const inputs = sizes[i];
      const spread = Math.sqrt(2 / (inputs + units));
      const weights = Float32Array.from(
        { length: inputs * units },
        () => spread * drawNormal(random),
      );
      const arrays = [weights, new Float32Array(units)];
      const likeThem = () => arrays.map(({ length }) => new Float32Array(length));
      return { inputs, units, arrays, slopes: likeThem(), means: likeThem(), squares: likeThem() };
    });
    this.code = this.layers.length / 2;
  }

  /** Return the outputs of the layers from `first` to `last`; `x` holds `count` inputs. */
  forward(x, count, first = 0, last = this.layers.length) {
    const outputs = [x];
    for (let number = first; number < last; number += 1) {
      const { inputs, units, arrays } = this.layers[number];
      const [weights, biases] = arrays;
      const sums = new Float32Array(count * units);
      const input = outputs.at(-1);
      for (let row = 0; row < count; row += 1) {
        sums.set(biases, row * units);
        addProduct(sums, row * units, units, input, row * inputs, inputs, weights);
      }
      this.activate(number, sums);
      outputs.push(sums);
    }
    return outputs;
  }

  activate(number, sums) {
    if (number === this.code - 1) return;
    const isOutput = number === this.layers.length - 1;
    for (let i = 0; i < sums.length; i += 1) {
      sums[i] = isOutput ? 1 / (1 + Math.exp(-sums[i])) : Math.tanh(sums[i]);
    }
  }

  encode(x, count) {
    return this.forward(x, count, 0, this.code).at(-1);
  }

  decode(codes, count) {
    return this.forward(codes, count, this.code).at(-1);
  }

  /** Return the squared error and the cross-entropy, summed over pixels, averaged over examples. */
  losses(x, count) {
    const y = this.forward(x, count).at(-1);
    let [squared, crossEntropy] = [0, 0];
    for (let i = 0; i < y.length; i += 1) {
      squared += (y[i] - x[i]) ** 2;
      const [on, off] = [Math.max(y[i], 1e-38), Math.max(1 - y[i], 1e-38)];
      crossEntropy -= x[i] * Math.log(on) + (1 - x[i]) * Math.log(off);
    }
    return { squared: squared / count, crossEntropy: crossEntropy / count };
  }

  /** Take one step of Adam down the cross-entropy of a batch. */
  step(x, count, rate) {
    const outputs = this.forward(x, count);
    let errors = outputs.at(-1).map((value, i) => (value - x[i]) / count);
    for (let number = this.layers.length - 1; number >= 0; number -= 1) {
      const { inputs, units, arrays, slopes } = this.layers[number];
      const below = outputs[number];
      weightGradient(slopes[0], below, inputs, errors, units, count);
      slopes[1].fill(0);
      for (let i = 0; i < errors.length; i += 1) slopes[1][i % units] += errors[i];
      if (number === 0) break;
      const next = new Float32Array(count * inputs);
      errorsBelow(next, inputs, errors, units, arrays[0], count);
      if (number !== this.code) {
        for (let i = 0; i < next.length; i += 1) next[i] *= 1 - below[i] ** 2;
      }
      errors = next;
    }
    this.descend(rate);
  }

  descend(rate) {
    this.steps += 1;
    const [meanScale, squareScale] = [1 - 0.9 ** this.steps, 1 - 0.999 ** this.steps];
    for (const { arrays, slopes, means, squares } of this.layers) {
      for (const [k, array] of arrays.entries()) {
        const [slope, mean, square] = [slopes[k], means[k], squares[k]];
        for (let i = 0; i < array.length; i += 1) {
          mean[i] += 0.1 * (slope[i] - mean[i]);
          square[i] += 0.001 * (slope[i] ** 2 - square[i]);
          const size = Math.sqrt(square[i] / squareScale) + 1e-8;
          array[i] -= (rate * mean[i]) / meanScale / size;
        }
      }
    }
  }
}
