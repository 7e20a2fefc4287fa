// The order in which the options of a question are shown. It depends on the student and on the
// question, so that neighbors can't compare places; the cell's text keeps the author's order.

const LAST =
  /^[\s*_]*(?:all|none|both|neither) of (?:the (?:above|others|other options)|these|those|them)[\s*_.!]*$/i;

/** Return the indices of the options as they are to be shown; "all of the above" stays last. */
export function shownOrder(options, seed) {
  const random = createRandom(seed);
  const order = [...options.keys()];
  for (let end = order.length - 1; end > 0; end--) {
    const other = Math.floor(random() * (end + 1));
    [order[end], order[other]] = [order[other], order[end]];
  }
  const isLast = (index) => LAST.test(options[index].body);
  return [...order.filter((index) => !isLast(index)), ...order.filter(isLast)];
}

/** Return a generator of numbers from 0 to 1 (mulberry32), seeded with a text's FNV-1a hash. */
export function createRandom(text) {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    state = Math.imul(state ^ byte, 0x01000193);
  }
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
