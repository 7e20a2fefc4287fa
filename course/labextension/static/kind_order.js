// Put lines in order: each line has a choice of its place.
import { readValues } from "./fields.js";
import { addTyped, createSelect, fieldKind } from "./kind_fields.js";

export const order = fieldKind({
  name: "order",
  layout: "list",
  hint: () => "Choose a place for each line.",
  createControl: createSelect,
  addChoice: addTyped,
  choicesOf: (source) =>
    readValues(source).map((_, index) => [String(index + 1), String(index + 1)]),
  /** Let the line that has the chosen place take the old one. */
  change: (values, index, place) =>
    values.map((value, other) => {
      if (other === index) return place;
      return place && value === place ? values[index] : value;
    }),
});
