// The kinds of question; a new one is a module here and one in course/quiz/kinds.
import { choice } from "./kind_choice.js";
import { match } from "./kind_match.js";
import { order } from "./kind_order.js";
import { blanks, number, text } from "./kind_typed.js";

const KINDS = new Map(Object.entries({ choice, number, text, blanks, order, match }));

/** Return the kind of a question by its name; students can edit it, so an unknown one is a choice. */
export const kindNamed = (name) => KINDS.get(name) ?? choice;

/** Return the kind of a question by the cell's course metadata. */
export const kindOf = (course) => kindNamed((course?.quiz ?? course?.prediction)?.kind);
