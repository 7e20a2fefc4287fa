// Kinds whose fields are typed: a number, a few words, or several blanks in one text.
import { createInput, fieldKind } from "./kind_fields.js";

const addChoice = () => {}; // whatever was typed can be shown

export const number = fieldKind({
  name: "number",
  layout: "text",
  hint: () => "Type a number.",
  createControl: () => createInput({ inputMode: "decimal", size: 12 }),
  addChoice,
});

export const text = fieldKind({
  name: "text",
  layout: "text",
  hint: () => "Type a word, or a few.",
  createControl: () => createInput({ size: 24 }),
  addChoice,
});

export const blanks = fieldKind({
  name: "blanks",
  layout: "text",
  hint: () => "Fill in every blank.",
  createControl: () => createInput({ size: 12 }),
  addChoice,
});
