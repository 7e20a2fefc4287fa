// Reads and writes the fields of a question exactly as course/quiz/fields.py does.
// tests/browser/test_fields.py keeps the two in agreement.
import { INVISIBLE } from "./boxes.js";
import { fencedLines, splitLines } from "./text.js";

const EMPTY = "[[ ]]";
const FIELD = /\[\[((?:[^[\]\n]|\[(?!\[)|\](?!\]))*)\]\](?!\()/g;
const QUOTE = /^[ \t]*>/;
const NOTHING = new RegExp(`^[\\s_.…${INVISIBLE}]*$`);
const MAX_CHARS = 200_000;
const MAX_FIELDS = 100;
export const MAX_VALUE_CHARS = 300;

/** Return a value on one line, without space around it; empty if nobody sees anything in it. */
export const cleaned = (value) => (NOTHING.test(value) ? "" : value.replace(/\s+/g, " ").trim());

/** Replace each field by what write(value, index) returns; undefined leaves it. Quoted lines below
 * a field are explanations, and code has no fields. */
function replaceFields(source, write) {
  const lines = splitLines(source.slice(0, MAX_CHARS));
  let count = 0;
  for (const [number, isFenced] of fencedLines(lines).entries()) {
    if (isFenced || (count && QUOTE.test(lines[number]))) continue;
    lines[number] = lines[number].replace(FIELD, (field, value) => {
      count += 1;
      return write(cleaned(value), count - 1) ?? field;
    });
  }
  return lines;
}

/** Return the values of a source's fields. */
export function readValues(source) {
  const values = [];
  replaceFields(source, (value) => void values.push(value));
  return values.slice(0, MAX_FIELDS);
}

/** Return the source with these values in its fields; further fields stay as they are. */
export function fill(source, values) {
  const write = (_, index) => {
    if (index >= values.length) return undefined;
    // Brackets in a value could end the field; wide ones are compared like others.
    const wide = values[index].replaceAll("[", "［").replaceAll("]", "］");
    const value = [...cleaned(wide)].slice(0, MAX_VALUE_CHARS).join("");
    return value ? `[[${value}]]` : EMPTY;
  };
  return replaceFields(source, write).join(source.includes("\r\n") ? "\r\n" : "\n");
}

/** Return the source with all its fields empty. */
export const emptied = (source) => fill(source, Array(MAX_FIELDS).fill(""));

/** Return the source with a mark in place of each field that no text has, to draw controls. */
export const withMarks = (source) =>
  replaceFields(source, (_, index) => `\ue000${index}\ue001`).join("\n");

export const MARK = /\ue000(\d+)\ue001/;

/** Return a question on one line without values, to compare copies. */
export function skeleton(source) {
  const lines = splitLines(source.slice(0, MAX_CHARS));
  const isFenced = fencedLines(lines);
  const text = lines.map((line, n) => (isFenced[n] ? line : line.replace(FIELD, EMPTY)));
  return text.join("\n").normalize("NFC").replace(/\s+/g, " ").trim();
}
