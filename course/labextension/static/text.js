// Reads and writes the task list of a question exactly as course/quiz/text.py does. The cases in
// tests/browser/task_list_cases.json keep the two in agreement.
import { hasStrayTick, readBox } from "./boxes.js";

const FENCE = /^[ \t]*(`{3,}|~{3,})/;
const QUOTE = /^[ \t]*>/;

export const splitLines = (source) => source.replace(/\r\n?/g, "\n").split("\n");
const joinLines = (lines) => lines.join("\n").trim();

/** Return the width of an indentation in columns; a tab extends to the next multiple of four. */
const indentWidth = (indent) =>
  [...indent].reduce((width, char) => width + (char === "\t" ? 4 - (width % 4) : 1), 0);

/** Return for each line whether it belongs to fenced code. */
export function fencedLines(lines) {
  let fence = "";
  return lines.map((line) => {
    const [opening, text] = [line.match(FENCE), line.trim()];
    const isFenced = Boolean(opening || fence);
    if (opening && !fence) fence = opening[1];
    else if (opening && text.startsWith(fence) && !text.replaceAll(fence[0], "")) fence = "";
    return isFenced;
  });
}

/** Return the lines that start with a box, except inside fenced code. */
function findBoxes(lines) {
  const boxes = [];
  for (const [number, isFenced] of fencedLines(lines).entries()) {
    const box = !isFenced && readBox(lines[number]);
    if (box) boxes.push({ number, ...box });
  }
  const kinds = boxes.map(({ kind }) => kind);
  const tickKinds = kinds.includes("check") ? ["letter", "check"] : ["letter", "cross"];
  return boxes.map((box) => ({ ...box, ticked: tickKinds.includes(box.kind) }));
}

/** Return whether marks of several kinds leave open which of them are ticks. Crosses beside one
 * check mark mean no. Crosses beside several check marks or an x, or an x in each box without a
 * check mark, may mean yes or no. */
function areMixed(boxes) {
  const kinds = boxes.map(({ kind }) => kind);
  const [letters, checks, crosses, empty] = ["letter", "check", "cross", ""].map(
    (kind) => kinds.filter((other) => other === kind).length,
  );
  return crosses > 0 ? letters > 0 || checks > 1 : checks > 0 && letters > 0 && !empty;
}

/** Parse a question into its prompt and options; `unclear` if it has marks that may or may not be
 * ticks. Each option has `ticked`, its text (`body`), and
 * what follows it before the next one (`aside`): a quoted explanation and any unindented text. */
export function parse(source) {
  const lines = splitLines(source);
  const boxes = findBoxes(lines);
  const options = boxes.map(({ number, indent, body, ticked }, index) => {
    const [continued, quoted, rest] = [[], [], []];
    for (const line of lines.slice(number + 1, boxes[index + 1]?.number)) {
      const isQuote = QUOTE.test(line);
      const isOutside = line.trim() && indentWidth(line.match(/^\s*/)[0]) <= indentWidth(indent);
      if (rest.length || (isOutside && !isQuote)) rest.push(line);
      else if (isQuote) quoted.push(line.trim());
      else continued.push(line);
    }
    const indents = continued.filter((line) => line.trim()).map((line) => line.search(/\S/));
    const margin = Math.min(...indents);
    const text = [body.trim(), ...continued.map((line) => line.slice(margin))];
    return { ticked, body: joinLines(text), aside: joinLines([...quoted, "", ...rest]) };
  });
  const bodies = new Map(boxes.map(({ number, body }) => [number, body]));
  const isStray = (line, number) =>
    bodies.has(number) ? hasStrayTick(bodies.get(number), false) : hasStrayTick(line);
  const unclear = areMixed(boxes) || lines.some(isStray);
  return { prompt: joinLines(lines.slice(0, boxes[0]?.number)), options, unclear };
}

/** Return the source with exactly the options of these indices ticked and all else unchanged. */
export function mark(source, ticked) {
  const lines = splitLines(source);
  for (const [index, { number, indent, bullet, gap, body }] of findBoxes(lines).entries()) {
    lines[number] = `${indent}${bullet} [${ticked.has(index) ? "x" : " "}]${gap || " "}${body}`;
  }
  return lines.join(source.includes("\r\n") ? "\r\n" : "\n");
}

export const tickedIndices = (source) =>
  new Set(parse(source).options.flatMap(({ ticked }, index) => (ticked ? [index] : [])));

/** Return the source with the ticks of another copy. Options that only this copy has keep theirs,
 * unless one answer is allowed and the other copy has it. */
export function copyTicks(source, other, multiple) {
  const otherTicks = new Map(parse(other).options.map(({ body, ticked }) => [body, ticked]));
  const keepOwn = multiple || ![...otherTicks.values()].includes(true);
  const ticked = parse(source).options.map(
    (option) => otherTicks.get(option.body) ?? (option.ticked && keepOwn),
  );
  return mark(source, new Set([...ticked.keys()].filter((index) => ticked[index])));
}

const plain = (text) => text.normalize("NFC").replace(/\s+/g, " ").trim();

/** Return the texts of a question's options, in a fixed order and without their layout. */
export const optionTexts = (source) =>
  parse(source)
    .options.map(({ body }) => plain(body))
    .sort();

/** Return whether a source has the released prompt and exactly the released options; their order
 * and what is written around them make no difference. */
export function isIntact(source, released) {
  const [own, original] = [source, released].map((text) => plain(parse(text).prompt));
  const options = [source, released].map((text) => JSON.stringify(optionTexts(text)));
  return own.includes(original) && options[0] === options[1];
}
