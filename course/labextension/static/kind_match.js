// Match lines with choices: each line has a choice of their letters.
import { addTyped, createSelect, fieldKind } from "./kind_fields.js";
import { splitLines } from "./text.js";

const CHOICE = /^\s*(?:[-*+]\s+)?(?:\*\*)?([A-Z])[.)](?:\*\*)?\s+(\S.*)$/;
const MAX_CHARS = 60; // of a choice in the list; the whole text stands below

export const match = fieldKind({
  name: "match",
  layout: "list",
  hint: () => "Choose one for each line.",
  createControl: createSelect,
  addChoice: addTyped,
  choicesOf: (source) =>
    splitLines(source).flatMap((line) => {
      const [, letter, text] = line.match(CHOICE) ?? [];
      if (!letter) return [];
      const plain = text.replace(/[*`$\\]/g, "").trim();
      const short = plain.length > MAX_CHARS ? `${plain.slice(0, MAX_CHARS - 1)}…` : plain;
      return [[letter, `${letter}. ${short}`]];
    }),
});
