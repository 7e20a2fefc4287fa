// Reading and writing the task list that is a question, exactly as course/quiz/text.py does.
// One table of cases, tests/browser/task_lists.json, holds the two together.

const BOX =
  /^([ \t]*)([-*+•]|\p{Nd}{1,3}[.)])[ \t]*(?:\[(?:[ \t\u00a0]*([xX✓✔☑☒×✗]))?[ \t\u00a0]*\]|([☐☑☒]))([ \t]*)(?!\()([^\n]*)$/u;
const FENCE = /^[ \t]*(`{3,}|~{3,})/;
const QUOTE = /^[ \t]*>/;

const linesOf = (source) => source.replace(/\r\n?/g, "\n").split("\n");
const joined = (lines) => lines.join("\n").trim();

/** The width of an indentation in columns; a tab reaches to the next multiple of four. */
const widthOf = (indent) =>
  [...indent].reduce((width, one) => width + (one === "\t" ? 4 - (width % 4) : 1), 0);

/** The lines that hold a box, leaving out those inside fenced code. */
function boxesOf(lines) {
  const boxes = [];
  let fence = "";
  lines.forEach((line, number) => {
    const [opened, text, box] = [line.match(FENCE), line.trim(), line.match(BOX)];
    if (opened && !fence) fence = opened[1];
    else if (opened && text.startsWith(fence) && !text.replaceAll(fence[0], "")) fence = "";
    else if (!fence && box) {
      const [, indent, bullet, tick, drawn, gap, body] = box;
      boxes.push({ number, indent, bullet, gap, body, ticked: (tick ?? drawn ?? "☐") !== "☐" });
    }
  });
  return boxes;
}

/** Read a question: its prompt, and of each option its box, its text (`body`), and what stands
 * beside it until the next one (`aside`): a quoted explanation, and text that is no option's. */
export function parse(source) {
  const lines = linesOf(source);
  const boxes = boxesOf(lines);
  const options = boxes.map(({ number, indent, body, ticked }, index) => {
    const [inside, because, rest] = [[], [], []];
    for (const line of lines.slice(number + 1, boxes[index + 1]?.number)) {
      const quoted = QUOTE.test(line);
      const flush = line.trim() && widthOf(line.match(/^\s*/)[0]) <= widthOf(indent);
      if (rest.length || (flush && !quoted)) rest.push(line);
      else (quoted ? because : inside).push(quoted ? line.trim() : line);
    }
    const margin = Math.min(
      ...inside.filter((line) => line.trim()).map((line) => line.search(/\S/)),
    );
    const text = [body.trim(), ...inside.map((line) => line.slice(margin))];
    return { ticked, body: joined(text), aside: joined([...because, "", ...rest]) };
  });
  return { prompt: joined(lines.slice(0, boxes[0]?.number)), options };
}

/** The source with exactly the options of these indices ticked; all else stays, to the letter. */
export function mark(source, ticks) {
  const lines = linesOf(source);
  boxesOf(lines).forEach(({ number, indent, bullet, gap, body }, index) => {
    lines[number] = `${indent}${bullet} [${ticks.has(index) ? "x" : " "}]${gap || " "}${body}`;
  });
  return lines.join(source.includes("\r\n") ? "\r\n" : "\n");
}

/** The indices of the ticked options. */
export const ticksOf = (source) =>
  new Set(parse(source).options.flatMap(({ ticked }, index) => (ticked ? [index] : [])));

/** A copy's source, answered as `leader` is. An option that only the copy holds keeps its box. */
export function follow(source, leader, multiple) {
  const lead = new Map(parse(leader).options.map(({ body, ticked }) => [body, ticked]));
  const keep = multiple || ![...lead.values()].includes(true);
  const own = parse(source).options;
  const chosen = own.map(({ body, ticked }) => lead.get(body) ?? (ticked && keep));
  return mark(source, new Set([...chosen.keys()].filter((index) => chosen[index])));
}
