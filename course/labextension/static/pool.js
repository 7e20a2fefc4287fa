// Shows a student's own variant of each question pool, as course/quiz/personalize.py does.
// tests/browser/test_pools.py keeps the two in agreement.
import { kindOf } from "./kinds.js";
import { createRandom } from "./order.js";
import { readOriginals } from "./progress.js";

const MAX_VARIANTS = 50;
const INSTRUCTORS = ["source", "release", "submitted", "autograded", "feedback"];

/** Return which variant of a question a student has, from 0. */
export const draw = (question, student, count) =>
  Math.floor(createRandom(`${student} ${question}`)() * count);

/** Return the variants of a question from progress.js, [] if it has none; students can edit them. */
function variantsOf({ variants }) {
  const isUsable =
    Array.isArray(variants) &&
    variants.length > 1 &&
    variants.length <= MAX_VARIANTS &&
    variants.every((text) => typeof text === "string");
  return isUsable ? variants : [];
}

/** Return whether a cell shows another variant of a question from progress.js than its own. */
export function isOtherVariant(source, original) {
  const isIn = (text) => kindOf(original.metadata.course).isIntact(source, text);
  return !isIn(original.source) && variantsOf(original).some(isIn);
}

/** Return whether a notebook is a student's own: nobody else's and no release may change. */
export const isOwn = (path) => !path.split(/[/:]/).some((part) => INSTRUCTORS.includes(part));

/** Return what must change in a notebook: {course, sources}, its metadata and a [index, source] pair
 * for each cell that shows somebody else's variant without an answer; or null. `cells` are those
 * of progress.js. */
export function personalized(course, cells, student) {
  const originals = readOriginals(course);
  const own = new Map();
  for (const [name, original] of originals) {
    const variants = variantsOf(original);
    if (variants.length) own.set(name, variants[draw(name, student, variants.length)]);
  }
  const sources = [...cells.entries()].flatMap(([index, { nbgrader, course, source }]) => {
    const [name, kind] = [nbgrader?.grade_id, kindOf(course)];
    if (!own.has(name) || kind.stateOf(source, true) !== "blank") return [];
    if (kind.isIntact(source, own.get(name))) return [];
    const texts = variantsOf(originals.get(name)).map((text) => text.trim());
    const other = texts.find((text) => text && source.includes(text));
    return other ? [[index, source.replace(other, () => own.get(name).trim())]] : [];
  });
  const isCurrent = [...own].every(([name, source]) => originals.get(name).source === source);
  if (isCurrent && !sources.length) return null;
  const questions = course.questions.map((question) => {
    const name = question?.metadata?.nbgrader?.grade_id;
    return own.has(name) && originals.get(name) === question
      ? { ...question, source: own.get(name) }
      : question;
  });
  return { course: { ...course, questions }, sources };
}
