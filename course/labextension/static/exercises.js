// The exercises of a notebook: which cell a test belongs to, whether it passes, and help with it.
import { HelpView } from "./help.js";
import { testState } from "./progress.js";
import { addView } from "./view_widget.js";

const textOf = ({ text, data }) => [text ?? data?.["text/plain"] ?? ""].flat().join("");

/** Return the tests among the cells, [{model, index, exercise, exerciseIndex, isGraded, state,
 * failure}]; see testState in progress.js. The check of an optional exercise is not graded.
 * `failure` is the output that says what is wrong; an exercise that is still open has none. */
export function readTests(cells) {
  return cells.flatMap((model, index) => {
    if (model.type !== "code") return [];
    const [nbgrader, course] = ["nbgrader", "course"].map((key) => model.getMetadata(key));
    const isGraded = Boolean(nbgrader?.grade && !nbgrader.solution);
    if (!isGraded && course?.check !== true) return [];
    const outputs = model.outputs?.toJSON() ?? [];
    const [count, source] = [model.executionCount, model.sharedModel.getSource()];
    const state = testState({ outputs, count, source });
    const failed = outputs.map(textOf).findIndex((text) => text.startsWith("✗ "));
    const failure = failed < 0 ? null : model.outputs.get(failed);
    const exerciseIndex = exerciseAbove(cells, index);
    const exercise = cells[exerciseIndex];
    return [{ model, index, exercise, exerciseIndex, isGraded, state, failure }];
  });
}

function exerciseAbove(cells, index) {
  const isExercise = ({ type }, nbgrader) => type === "code" && nbgrader?.solution;
  return cells
    .slice(0, index)
    .findLastIndex((model) => isExercise(model, model.getMetadata("nbgrader")));
}

/** Hints and worked solutions, if the server has any; a class's server has none. */
export class ExerciseHelp {
  constructor(panel, { Widget, post }) {
    Object.assign(this, { panel, Widget, post });
    this.views = new WeakMap(); // cell -> its HelpView
    this.failures = new WeakMap(); // test's model -> its last failure
    this.triedSources = new WeakMap(); // exercise's model -> its source at the last failure
  }

  /** Count tries and draw the help of each test. */
  async refresh(tests) {
    const newFailures = tests.filter((test) => this.isNewFailure(test));
    if (!tests.length) return;
    this.steps ??= this.ask().then(({ steps }) => steps ?? {});
    const steps = await this.steps;
    for (const test of tests) {
      const count = steps[test.exercise?.getMetadata("nbgrader").grade_id];
      if (!count || this.panel.isDisposed) continue;
      if (newFailures.includes(test)) this.countTry(test.exercise);
      this.draw(test, count);
    }
  }

  /** Return whether the test has failed since the last refresh, with another answer than before. */
  isNewFailure({ model, exercise, failure }) {
    const isFirst = !this.failures.has(model);
    if (this.failures.get(model) === failure) return false;
    this.failures.set(model, failure);
    if (!failure || !exercise) return false;
    const source = exercise.sharedModel.getSource();
    const isOther = this.triedSources.get(exercise) !== source;
    this.triedSources.set(exercise, source);
    return isOther && !isFirst;
  }

  /** Tries are kept in the notebook, so that they still count tomorrow. */
  countTry(exercise) {
    const course = exercise.getMetadata("course");
    exercise.setMetadata("course", { ...course, tries: triesOf(exercise) + 1 });
  }

  async draw({ model, index, exercise, state }, steps) {
    const cell = this.panel.content.widgets[index];
    await cell?.ready; // far from the window, a cell is only a placeholder
    if (cell?.model !== model || cell.isDisposed) return;
    if (!this.views.has(cell)) {
      const name = exercise.getMetadata("nbgrader").grade_id;
      const actions = { ask: (step) => this.ask(name, `${step}`) };
      const view = new HelpView(steps, actions);
      view.node.dataset.name = name;
      actions.render = addView(this, cell, cell.layout, view);
      this.views.set(cell, view);
    }
    this.views.get(cell).update({ passed: state === "passed", tries: triesOf(exercise) });
  }

  async ask(exercise = "", step = "") {
    const content = { path: this.panel.context.path, exercise, step };
    return this.post("course/help", content)
      .then((response) => response.json())
      .catch(() => ({ message: "the server didn’t answer" }));
  }
}

const triesOf = (exercise) => Number(exercise.getMetadata("course")?.tries) || 0;
