// How unlike a digit a drawing is; the formula of course/classifier/novelty.py.

export const LIMIT = 0.5;
const MIN_ERROR = 1e-4;

/** Return the novelty, from 0 to 1.
 *
 *   detector   {weights, bias, half_error}: arrays of digit_novelty.npz
 *   maps       outputs of the classifier's second convolution
 *   logits     scores of the ten classes
 *   error      squared error of the autoencoder's copy */
export function novelty(detector, { maps, logits, error }) {
  const [best, second] = Array.from(logits).sort((a, b) => b - a);
  const total = best + Math.log(logits.reduce((sum, score) => sum + Math.exp(score - best), 0));
  const copyError = Math.max(error, MIN_ERROR);
  const evidence = [...maps, Math.log(copyError), total, best - second];
  const [weights, [bias], [halfError]] = ["weights", "bias", "half_error"].map(
    (name) => detector[name].values,
  );
  const sum = evidence.reduce((a, x, i) => a + x * weights[i], bias);
  return Math.max(1 / (1 + Math.exp(-sum)), copyError / (copyError + halfError));
}
