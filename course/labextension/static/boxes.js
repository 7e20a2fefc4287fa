// Recognizes the boxes and ticks of a task list exactly as course/quiz/boxes.py does. The cases in
// tests/browser/task_list_cases.json keep the two in agreement.

export const INVISIBLE =
  "\\u00ad\\u034f\\u061c\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2064\\u2066-\\u206f\\ufe00-\\ufe0f\\ufeff";
const BLANK = `[ \\t\\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000${INVISIBLE}]`;
const BULLET = "\\\\?[\\-*+•‣◦⁃∙·●‐‑‒–—−－]|\\p{Nd}{1,3}\\\\?[.)．）]";
const OPEN = "\\\\?[\\[［【〔⟦]";
const CLOSE = "\\\\?[\\]］】〕⟧]";
const LETTERS = "xXхХχΧⅹⅩｘＸҳҲⲭⲬ𝐱𝐗𝑥𝑋𝒙𝑿𝓍𝒳𝔁𝓧𝔵𝔛𝕩𝕏𝖝𝖃𝗑𝖷𝘅𝗫𝘹𝘟𝙭𝙓𝚡𝚇☒🗷";
const CHECKS = "✓✔☑✅🗸🗹√";
const CROSSES = "×✕✖✗✘❌❎⨯☓╳🗙🗴🗶";
const KINDS = { letter: LETTERS, check: CHECKS, cross: CROSSES };
const DRAWN_TICKS = "☑☒✅✓✔✗✘❌❎🗹🗷";
const DRAWN = `☐⬜▢◻${DRAWN_TICKS}`;
const TICK = `[${LETTERS}${CHECKS}${CROSSES}]`;

const BOX = new RegExp(
  `^(${BLANK}*)(${BULLET})${BLANK}*(?:${OPEN}(?:${BLANK}*(${TICK}))?${BLANK}*${CLOSE}` +
    `|([${DRAWN}])[${INVISIBLE}]*)([ \\t]*)(?!\\()([^\\n]*)$`,
  "u",
);
const CODE = /`[^`]*`|\$[^$]*\$/g;
const AT_START = new RegExp(
  `^(?:${BLANK}|>)*((?:${BULLET}|[A-Za-z][.)])${BLANK}*)?` +
    `${OPEN}([^\\[\\]]{0,3})${CLOSE}(?![(\\[:])`,
  "u",
);
const TICK_ANYWHERE = new RegExp(
  `(?<![\\]!])${OPEN}${BLANK}{0,4}${TICK}${BLANK}{0,4}${CLOSE}(?![(\\[:])` +
    `|[${DRAWN_TICKS}]|<input\\b[^>]{0,200}\\bchecked`,
  "iu",
);
const NOTHING = new RegExp(`^${BLANK}*$`, "u");
const MAX_LINE_LENGTH = 10_000;

/** Return the box that a line starts with, {indent, bullet, kind, gap, body}, or null. */
export function readBox(line) {
  const match = line.match(BOX);
  if (!match) return null;
  const [, indent, bullet, tick, drawn, gap, body] = match;
  const kind = Object.keys(KINDS).find((name) => [...KINDS[name]].includes(tick ?? drawn)) ?? "";
  return { indent, bullet, kind, gap, body };
}

/** Return whether a text has something like a ticked box where none is read. */
export function hasStrayTick(text, atStart = true) {
  const prose = text.slice(0, MAX_LINE_LENGTH).replace(CODE, "·");
  const [, bullet, inside = ""] = (atStart && prose.match(AT_START)) || [];
  const isNumber = !bullet && /^\p{Nd}+$/u.test(inside.trim());
  return (!isNumber && !NOTHING.test(inside)) || TICK_ANYWHERE.test(prose);
}
