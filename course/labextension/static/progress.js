// Counts a notebook's exercises and questions exactly as course/server/progress.py does. The cases
// in tests/browser/progress_cases.json keep the two in agreement.
import { kindOf } from "./kinds.js";
import { optionTexts } from "./text.js";

const PASSED = "✓ "; // how the message of course/exercises.py starts
const CHECK = "exercises.check";
const MAX_QUESTIONS = 200;

const isObject = (value) => value instanceof Object && !Array.isArray(value);
const joinText = (text) => [text ?? ""].flat().join("");

/** Return the questions that the release keeps in the notebook's metadata, by name. */
export function readOriginals(course) {
  const questions = Array.isArray(course?.questions) ? course.questions : [];
  const isQuestion = ({ source, metadata }) =>
    typeof source === "string" && metadata?.nbgrader?.grade_id?.at?.(0);
  const usable = questions.filter((cell) => isObject(cell) && isQuestion(cell));
  const named = usable.map((cell) => [cell.metadata.nbgrader.grade_id, cell]);
  return new Map(named.slice(0, MAX_QUESTIONS));
}

/** Return "passed", "failed" or "open", as the outputs of a test say. */
export function testState({ outputs, count, source }) {
  const errors = outputs.filter((output) => output.output_type === "error");
  if (outputs.some((output) => joinText(output.text).startsWith(PASSED))) return "passed";
  if (errors.length) {
    return errors.some((error) => error.ename === "NotImplementedError") ? "open" : "failed";
  }
  // A test without our messages says nothing when it passes.
  return Number.isInteger(count) && !source.includes(CHECK) ? "passed" : "open";
}

/** Return the questions among cells {type, id, nbgrader, course, source}, in the order of the
 * release: [{name, number, state, indices, original}]. A cell that is no question any more is found
 * by its name or id, and at last by its options. */
export function readQuestions(cells, originals) {
  const found = new Map([...originals.keys()].map((name) => [name, []]));
  const namesById = new Map([...originals].map(([name, { id }]) => [id, name]));
  const others = new Map();
  for (const [index, cell] of cells.entries()) {
    let name = cell.nbgrader?.grade_id || cell.id;
    if (!isObject(cell.course?.quiz) && !originals.has(name)) name = namesById.get(cell.id);
    if (name) found.set(name, [...(found.get(name) ?? []), index]);
    else if (cell.type === "markdown") others.set(index, cell);
  }
  const optionsOf = ({ source }) => JSON.stringify(optionTexts(source));
  return [...found].map(([name, own], position) => {
    const original = originals.get(name);
    const isSame = ([, cell]) =>
      optionTexts(original.source).length > 0 && optionsOf(cell) === optionsOf(original);
    const indices = own.length ? own : [...others].filter(isSame).map(([index]) => index);
    const states = indices.map((index) => stateOf(cells[index], original));
    const state = states.includes("damaged") ? "damaged" : (states[0] ?? "damaged");
    return { name, number: position + 1, state, indices, original };
  });
}

/** Return "answered", "blank", "incomplete", "many", "unclear" or "damaged". */
export function stateOf({ type, course, source }, original) {
  const kind = kindOf(original?.metadata.course ?? course);
  const intact = original ? kind.isIntact(source, original.source) : kind.hasAnswerPlace(source);
  if (!intact || !isObject(course?.quiz) || type !== "markdown") return "damaged";
  return kind.stateOf(source, course.quiz.multiple === true);
}

/** Return the learner's progress as one line of text; empty without exercises and questions. */
export function summarize(tests, questions) {
  const count = (all, state) => all.filter((one) => one.state === state).length;
  const damaged = questions.filter(({ state }) => state === "damaged");
  return [
    tests.length && `${count(tests, "passed")} of ${tests.length} exercises pass`,
    questions.length && `${count(questions, "answered")} of ${questions.length} answered`,
    ...damaged.map(({ number }) => `question ${number} is damaged`),
  ]
    .filter(Boolean)
    .join(", ");
}
