// Judges what was typed into the fields of a question exactly as course/quiz/kinds does, by the key
// that book/field_keys.py writes as data. tests/browser/test_judge.py keeps the two in agreement.
import { INVISIBLE } from "./quiz/boxes.js";
import { MAX_VALUE_CHARS } from "./quiz/fields.js";

const MAX_NUMBER_CHARS = 80;
const SLACK = 1e-9; // so that 26.2 is within 26.1 ± 0.1
const MAX_DOUBTS = 3;
const RIGHT = { right: true, note: "" };

const DIGITS = "(?:\\d{1,3}(?:[ ,'_\\u2009\\u202f]\\d{3})+(?!\\d)|\\d+)";
const MANTISSA = `[+-]?(?:${DIGITS}(?:[.,]\\d*)?|[.,]\\d+)`;
const EXPONENT = "(?:[eE]([+-]?\\d{1,3})|\\s?[x*×·]\\s?10\\s?\\^\\s?\\(?([+-]?\\d{1,3})\\)?)";
const NUMBER = new RegExp(
  `^(?:[≈~=]\\s?)?(${MANTISSA})(?:/(\\d+))?${EXPONENT}?(?![\\d.,])(.*)$`,
  "su",
);
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺";
const SUPERSCRIPT = new RegExp(`10([⁻⁺]?[${SUPERSCRIPTS.slice(0, 10)}]+)`, "g");
const GROUPED = /^[+-]?\d{1,3},\d{3}$/;
const UNSEEN = new RegExp(`[${INVISIBLE}]`, "g");
const PLACE = /^#?\s*(\d{1,2})\s*(?:[.):]|st|nd|rd|th)?$/;
const LETTER = /^\(?([a-z])[.):]?$/;

const shorten = (text, chars) => [...text].slice(0, chars).join("");
const doubt = (note) => ({ right: null, note });

/** Return a text in the form used for comparison, without differences in typography. */
function normalized(text) {
  const folded = text.replace(UNSEEN, "").normalize("NFKC").toUpperCase().toLowerCase();
  const plain = folded.replace(/[‘’]/g, "'").replace(/[“”]/g, '"').replaceAll("–", "-");
  const words = plain.replace(/(?<!\\)(?:\*\*|__|\*|`)/g, "").replace(/\s+/g, " ");
  return words.trim().replace(/[.;, ]+$/, "");
}

/** Return what a text may mean as a number, the likeliest first, and its unit; null for none. */
function readNumber(text) {
  if ([...text].length > MAX_NUMBER_CHARS) return null;
  const lower = (powers) => [...powers].map((sign) => "0123456789-+"[SUPERSCRIPTS.indexOf(sign)]);
  const raised = text.replace(SUPERSCRIPT, (_, powers) => `10^${lower(powers).join("")}`);
  const plain = raised.normalize("NFKC").replace(/[−–]/g, "-").trim();
  const [, mantissa, divisor = "1", exponent, power, unit] = plain.match(NUMBER) ?? [];
  if (!mantissa) return null;
  const values = readings(mantissa.replace(/[ '_]/g, "")).map(
    (digits) => Number(`${digits}e${exponent ?? power ?? 0}`) / Number(divisor),
  );
  return values.every(Number.isFinite) ? { values, unit: unit.trim() } : null;
}

/** A comma may group thousands or stand for the point. */
function readings(mantissa) {
  if (!mantissa.includes(",")) return [mantissa];
  const [grouped, decimal] = [mantissa.replaceAll(",", ""), mantissa.replaceAll(",", ".")];
  if (GROUPED.test(mantissa) && !/^[+-]?0,/.test(mantissa)) return [grouped, decimal];
  return [mantissa.split(",").length === 2 && !mantissa.includes(".") ? decimal : grouped];
}

const unitOf = (text) => text.replace(/\s/g, "").replace(/\.+$/, "");

function judgeNumber(value, keys, after) {
  const number = readNumber(value);
  if (!number) return doubt(`“${shorten(value, MAX_NUMBER_CHARS)}” can't be read as a number.`);
  const isSame = (unit, own) => unitOf(unit) === unitOf(own);
  let { values, unit } = number;
  if (keys.every(([, , own]) => !own)) {
    if (unit && !normalized(after).startsWith(normalized(unit))) {
      return doubt(`It isn't clear what “${unit}” means behind the number.`);
    }
    unit = "";
  } else if (!unit) {
    return { right: false, note: "The unit is missing." };
  } else if (!keys.some(([, , own]) => isSame(unit, own))) {
    return doubt(`The unit “${unit}” isn't one that the key knows.`);
  }
  const hits = values.map((reading) =>
    keys.some(([wanted, tolerance, own]) => {
      const slack = SLACK * Math.max(Math.abs(wanted), 1e-300);
      return isSame(unit, own) && Math.abs(reading - wanted) <= tolerance + slack;
    }),
  );
  if (!hits[0] && hits.includes(true)) {
    return doubt(`The comma in “${value}” may group thousands or stand for a point.`);
  }
  return { right: hits[0], note: "" };
}

const withoutArticle = (text) => text.replace(/^(?:the|an?) /, "");

function acceptsText(value, { exact, pattern, plain }) {
  if (exact !== undefined) return value.trim() === exact;
  const own = normalized(shorten(value, MAX_VALUE_CHARS));
  if (pattern === undefined) return own === plain || withoutArticle(own) === withoutArticle(plain);
  const whole = new RegExp(`^(?:${pattern})$`, "is");
  return whole.test(own) || whole.test(withoutArticle(own));
}

function readPlace(value) {
  const [, place] = value.toLowerCase().trim().match(PLACE) ?? [];
  return place === undefined ? null : Number(place);
}

function judgePlace(value, wanted) {
  const place = readPlace(value);
  if (place === null) return doubt(`“${shorten(value, 40)}” isn't a place in the order.`);
  return { right: place === wanted, note: "" };
}

function judgeLetter(value, wanted, choices) {
  let [, letter = ""] = value.toLowerCase().trim().match(LETTER) ?? [];
  letter = letter.toUpperCase();
  if (!Object.hasOwn(choices, letter)) {
    const same = Object.keys(choices).filter((own) => choices[own] === normalized(value));
    if (same.length !== 1) return doubt(`“${shorten(value, 40)}” is none of the choices.`);
    [letter] = same;
  }
  return { right: letter === wanted, note: "" };
}

/** Return {right, note}; right is null for a doubt. */
function judge(value, { accepts, after }, choices) {
  if (accepts.numbers) return judgeNumber(value, accepts.numbers, after);
  if (accepts.letter) return judgeLetter(value, accepts.letter, choices);
  if (accepts.place !== undefined) return judgePlace(value, accepts.place);
  return { right: accepts.texts.some((text) => acceptsText(value, text)), note: "" };
}

/** Return which fields have a place that another one has, too. */
function haveTwins(values) {
  const places = values.map(readPlace);
  return places.map((place) => places.filter((other) => other === place).length > 1);
}

/** Judge the values of all fields: {verdict, message, results}, with a result {value, right, remark}
 * for each field; `remark` is the index of what the author says about a wrong value, or -1. */
export function judgeFields({ kind, choices, fields }, values) {
  const typed = values.map((value) => shorten(value, MAX_VALUE_CHARS));
  const judged = fields.map((field, index) => {
    const value = typed[index];
    if (value === field.key) return RIGHT;
    return value ? judge(value, field, choices) : { right: false, note: "" };
  });
  const doubts = judged.filter(({ right }) => right === null).map(({ note }) => note);
  if (typed.some((value, index) => value !== values[index])) {
    doubts.unshift(`An answer is longer than ${MAX_VALUE_CHARS} characters.`);
  }
  if (doubts.length) {
    return { verdict: "unclear", message: doubts.slice(0, MAX_DOUBTS).join(" "), results: [] };
  }
  const notes = judged.map(({ note }) => note).filter(Boolean);
  const twins = kind === "order" ? haveTwins(typed) : [];
  const results = fields.map(({ remarks, after }, index) => {
    const value = typed[index];
    const right = judged[index].right && !twins[index];
    const isMeant = ({ accepts }) => judge(value, { accepts, after }, choices).right;
    return { value, right, remark: right || !value ? -1 : remarks.findIndex(isMeant) };
  });
  const count = results.filter(({ right }) => right).length;
  if (judged.some(({ right }, index) => right && twins[index]))
    notes.push("A place is given twice.");
  const isRight = count === fields.length;
  const parts = [isRight ? "Correct." : "Not quite."];
  if (!isRight && fields.length > 1) parts.push(`${count} of ${fields.length} are right.`);
  parts.push(...new Set(notes));
  return { verdict: isRight ? "right" : "wrong", message: parts.join(" "), results };
}

/** Return how a value is named when it is explained: in a list, with its line. */
export function shownAnswer(kind, value, { after }) {
  if (kind !== "order" && kind !== "match") return value;
  return `${value.replace(/[.)]+$/, "")}: ${after.trim()}`;
}
