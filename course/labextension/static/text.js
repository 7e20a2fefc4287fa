// Reads and writes the task list of a question exactly as course/quiz/text.py does. The cases in
// tests/browser/task_list_cases.json keep the two in agreement.

const BOX =
  /^([ \t]*)([-*+•]|\p{Nd}{1,3}[.)])[ \t]*(?:\[(?:[ \t\u00a0]*([xX✓✔☑☒×✗]))?[ \t\u00a0]*\]|([☐☑☒]))([ \t]*)(?!\()([^\n]*)$/u;
const FENCE = /^[ \t]*(`{3,}|~{3,})/;
const QUOTE = /^[ \t]*>/;

const splitLines = (source) => source.replace(/\r\n?/g, "\n").split("\n");
const joinLines = (lines) => lines.join("\n").trim();

/** Return the width of an indentation in columns; a tab extends to the next multiple of four. */
const indentWidth = (indent) =>
  [...indent].reduce((width, char) => width + (char === "\t" ? 4 - (width % 4) : 1), 0);

/** Return the lines that start with a box, except inside fenced code. */
function findBoxes(lines) {
  const boxes = [];
  let fence = "";
  for (const [number, line] of lines.entries()) {
    const [opening, text, box] = [line.match(FENCE), line.trim(), line.match(BOX)];
    if (opening && !fence) fence = opening[1];
    else if (opening && text.startsWith(fence) && !text.replaceAll(fence[0], "")) fence = "";
    else if (!fence && box) {
      const [, indent, bullet, tick, drawn, gap, body] = box;
      boxes.push({ number, indent, bullet, gap, body, ticked: (tick ?? drawn ?? "☐") !== "☐" });
    }
  }
  return boxes;
}

/** Parse a question into its prompt and options. Each option has `ticked`, its text (`body`), and
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
  return { prompt: joinLines(lines.slice(0, boxes[0]?.number)), options };
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
