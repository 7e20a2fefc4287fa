// One open notebook: finds its questions, syncs copies, counts answers, saves, asks the server.
import { holdInView, onUserInput } from "./anchor_links.js";
import { ProgressBar } from "./bar.js";
import { ExerciseHelp, readTests } from "./exercises.js";
import { kindOf } from "./kinds.js";
import { isOwn, personalized } from "./pool.js";
import { readOriginals, readQuestions, stateOf } from "./progress.js";
import { QuestionView } from "./question.js";
import { putBack, readRestored } from "./restore.js";
import { askForReport, showReport } from "./validate.js";
import { addView } from "./view_widget.js";

const SAVE_DELAY_MS = 400; // so that several clicks in a row are saved once
const POLL_MS = 100;
const DUE_MS = 5 * 60 * 1000; // the due date may change, and time passes
const failure = (message) => ({ verdict: "failed", message });

/** Return a cell's question, [{name, kind, form, multiple, model, index, source}], or [] if it has none. */
function readQuestion(model, index) {
  const course = model.type === "markdown" && model.getMetadata("course");
  const kind = ["quiz", "prediction"].find((name) => course?.[name] instanceof Object);
  if (!kind) return [];
  const name = model.getMetadata("nbgrader")?.grade_id ?? model.id;
  const source = model.sharedModel.getSource();
  const [form, multiple] = [kindOf(course), course[kind].multiple === true];
  return [{ name, kind, form, multiple, model, index, source }];
}

/** Return what progress.js needs to know about a cell. */
function describe(model) {
  const [nbgrader, course] = ["nbgrader", "course"].map((key) => model.getMetadata(key));
  const source = model.sharedModel.getSource();
  return { type: model.type, id: model.id, nbgrader, course, source };
}

export class QuizNotebook {
  constructor(panel, { Widget, post, get, openDialog, homeLink, seed = "", student = "" }) {
    Object.assign(this, { panel, Widget, post, get, openDialog, homeLink, seed, student });
    this.help = new ExerciseHelp(panel, { Widget, post });
    this.views = new WeakMap(); // cell -> its QuestionView
    this.lastSources = new WeakMap(); // cell's model -> its source at the last refresh
    this.savedAnswers = new WeakMap(); // cell's model -> the answer in the file
    this.createBar();
    const save = panel.context.save.bind(panel.context);
    // JupyterLab takes two saves at once for a conflict with somebody else's change.
    const saveNext = () => panel.isDisposed || save();
    panel.context.save = () => {
      this.lastSave = Promise.resolve(this.lastSave).then(saveNext, saveNext);
      return this.lastSave;
    };
    panel.context.saveState.connect((_, state) => this.onSaveState(state));
    panel.content.model.contentChanged.connect(this.scheduleRefresh, this);
    this.scheduleRefresh();
  }

  createBar() {
    const actions = {
      goToNext: () => this.goToNext(),
      restore: (question) => this.restore(question.name),
      validate: () => this.validate(),
    };
    this.progress = new ProgressBar(actions, this.homeLink ? [this.homeLink()] : []);
    this.bar = new this.Widget({ node: this.progress.node });
    this.progress.onResize = () => this.bar.parent?.fit();
    this.panel.contentHeader.addWidget(this.bar);
    this.showDeadline();
  }

  /** Show when the assignment is due, and again from time to time. */
  async showDeadline() {
    const query = `course/deadline?path=${encodeURIComponent(this.panel.context.path)}`;
    const deadline = await this.get?.(query).catch(() => null);
    if (this.panel.isDisposed || !deadline) return;
    this.progress.showDeadline(deadline);
    setTimeout(() => this.showDeadline(), DUE_MS);
  }

  /** Refresh once after a burst of changes, such as the output of a running cell. */
  scheduleRefresh() {
    this.refreshTimer ??= setTimeout(() => this.panel.isDisposed || this.refresh());
  }

  get questions() {
    return [...this.panel.content.model.cells].flatMap(readQuestion);
  }

  get cells() {
    return [...this.panel.content.model.cells].map(describe);
  }

  refresh() {
    this.originals = readOriginals(this.panel.content.model.getMetadata("course"));
    this.personalize();
    this.refreshTimer = clearTimeout(this.refreshTimer);
    this.syncCopies();
    for (const question of this.questions) {
      const { model, source, form } = question;
      if (!this.lastSources.has(model)) this.savedAnswers.set(model, form.answerOf(source));
      this.lastSources.set(model, source);
      this.draw(question);
    }
    const tests = readTests([...this.panel.content.model.cells]);
    for (const { index } of tests) this.panel.content.widgets[index]?.addClass("course-test");
    this.help.refresh(tests);
    this.tests = tests.filter(({ isGraded }) => isGraded);
    this.graded = readQuestions(this.cells, this.originals);
    this.bar.setHidden(!this.progress.update(this.tests, this.graded));
  }

  /** Put the student's variants of question pools into a notebook that shows others, and save it. */
  personalize() {
    const { content, context } = this.panel;
    if (!this.student || !context.canSave || !isOwn(context.path)) return;
    const course = content.model.getMetadata("course");
    const changed = personalized(course, this.cells, this.student);
    if (!changed) return;
    content.model.sharedModel.transact(() => {
      content.model.setMetadata("course", changed.course);
      for (const [index, source] of changed.sources) {
        content.model.sharedModel.getCell(index).setSource(source);
      }
    });
    this.originals = readOriginals(changed.course);
    context.save().catch(() => {}); // JupyterLab itself reports the failure
  }

  /** JupyterLab copies a cell together with its name; give all copies the same answer. */
  syncCopies() {
    for (const { model, name, multiple, form } of this.questions) {
      const source = model.sharedModel.getSource(); // may have changed earlier in this loop
      if ((this.lastSources.get(model) ?? source) === source) continue;
      for (const copy of this.questions) {
        if (copy.model === model || copy.name !== name) continue;
        const updated = form.copyAnswer(copy.source, source, multiple);
        if (form.answerOf(updated) !== form.answerOf(copy.source))
          copy.model.sharedModel.setSource(updated);
        this.lastSources.set(copy.model, copy.model.sharedModel.getSource());
      }
    }
  }

  stateOf({ model, name, multiple, form, source }) {
    const course = { quiz: { multiple, kind: form.name } };
    const cell = { type: "markdown", course, source };
    const state = stateOf(cell, this.originals.get(name));
    if (state !== "answered") return state;
    return this.savedAnswers.get(model) === form.answerOf(source) ? "saved" : "unsaved";
  }

  async draw({ model, index, ...question }) {
    const cell = this.panel.content.widgets[index];
    await cell?.ready; // far from the window, a cell is only a placeholder
    if (cell?.model !== model || cell.isDisposed) return;
    if (!this.views.has(cell)) this.views.set(cell, this.createView(cell, question));
    const source = model.sharedModel.getSource();
    const state = this.stateOf({ ...question, model, source });
    const hasPlace = question.form.hasAnswerPlace(source);
    const isRestorable = state === "damaged" && this.originals.has(question.name);
    cell.toggleClass("course-drawn", hasPlace || isRestorable);
    if ((!hasPlace && !isRestorable) || !cell.rendered) return;
    this.views.get(cell).update(source, state);
  }

  createView(cell, { name, kind, form, multiple }) {
    const answer = (source) => {
      cell.model.sharedModel.setSource(source);
      this.refresh();
      clearTimeout(this.saveTimer);
      this.saveTimer = setTimeout(() => this.save(), SAVE_DELAY_MS);
    };
    const check = () => this.check(name, form, cell.model);
    const actions = { answer, check, restore: () => this.restore(name) };
    const seed = this.seed && `${this.seed} ${name}`;
    const settings = { kind, form, multiple, readOnly: cell.readOnly, seed };
    const view = new QuestionView(settings, actions);
    view.node.dataset.name = name;
    actions.render = addView(this, cell, cell.inputArea.layout, view);
    cell.renderedChanged.connect(() => this.scheduleRefresh());
    return view;
  }

  async save() {
    const { context } = this.panel;
    const isUnsaved = ({ model, form, source }) =>
      this.savedAnswers.get(model) !== form.answerOf(source);
    if (context.isDisposed || !context.canSave || !this.questions.some(isUnsaved)) return;
    await context.save().catch(() => {}); // JupyterLab itself reports the failure
  }

  onSaveState(state) {
    if (state === "started") this.saving = this.questions;
    if (state.startsWith("completed")) {
      for (const { model, form, source } of this.saving ?? []) {
        this.savedAnswers.set(model, form.answerOf(source));
      }
    }
    this.scheduleRefresh();
  }

  async check(question, form, model) {
    const answer = model.sharedModel.getSource();
    if (!form.answerOf(answer)) return failure(form.emptyMessage);
    await this.save();
    const content = { path: this.panel.context.path, question, answer };
    const reply = await this.post("course/check", content)
      .then((response) => response.json())
      .catch(() => null);
    if (!reply) {
      return failure("Not checked: the server didn’t answer. Your answer stays in the notebook.");
    }
    if (!reply.verdict) return failure(`Not checked: ${reply.message}.`);
    const isSaved =
      reply.verdict !== "saved" || this.savedAnswers.get(model) === form.answerOf(answer);
    if (isSaved) return reply;
    return failure("Your answer is not saved yet. Save the notebook, then check again.");
  }

  /** Go to the next unanswered question, or else to the next exercise whose test does not pass;
   * resolves to whether there is one. */
  async goToNext() {
    const isBelow = ({ indices, index }) =>
      (index ?? indices[0]) > this.panel.content.activeCellIndex;
    const unanswered = this.graded.filter(
      ({ state, indices }) => state !== "answered" && indices.length,
    );
    const failing = this.tests.filter(({ state }) => state !== "passed");
    const open = unanswered.length ? unanswered : failing;
    if (open.length) await this.goTo(open.find(isBelow) ?? open[0]);
    return open.length > 0;
  }

  /** Go to what is open next in a notebook that was just opened, unless the user goes elsewhere. */
  async resume() {
    const { panel } = this;
    let isElsewhere = false;
    onUserInput(panel.node, () => {
      isElsewhere = true;
    });
    await panel.revealed;
    // JupyterLab adds the cells bit by bit, and can't scroll to one that is not there yet.
    while (panel.content.widgets.some(({ node }) => !node.isConnected)) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      if (isElsewhere || panel.isDisposed) return;
    }
    this.refresh();
    if (await this.goToNext()) holdInView(panel.node, panel.content.activeCell.node);
  }

  /** Go to a question, or to the exercise of a test. */
  async goTo({ indices, index, exerciseIndex }) {
    const { content } = this.panel;
    const target = indices ? indices[0] : exerciseIndex < 0 ? index : exerciseIndex;
    content.activeCellIndex = target;
    await content.scrollToItem(target);
    const cell = content.widgets[target];
    const question = this.questions.find((other) => other.index === target);
    if (!question) {
      cell.node.focus();
      return;
    }
    cell.rendered = true;
    await this.draw(question);
    this.views.get(cell).focus();
  }

  /** Bring a damaged question back, with the answer that can still be read. */
  async restore(name) {
    const find = () => this.graded.find((question) => question.name === name);
    const access = { path: this.panel.context.path, post: this.post };
    const { source, message } = await readRestored(find(), this.cells, access);
    if (this.panel.isDisposed) return;
    if (!source) {
      this.progress.say(`Not restored: ${message}.`);
      return;
    }
    this.refresh(); // cells may have moved meanwhile
    putBack(find(), source, this.panel.content.model.sharedModel, this.cells);
    this.refresh();
    const question = find();
    const model = [...this.panel.content.model.cells][question.indices[0]];
    this.savedAnswers.delete(model); // nothing of a new cell is in the file yet
    await this.goTo(question);
    const { answerOf, todo } = kindOf(question.original.metadata.course);
    const rest = answerOf(source) ? "with your answer" : `without an answer: ${todo}`;
    this.progress.say(`Question ${question.number} is restored, ${rest}.`);
    await this.panel.context.save().catch(() => {}); // JupyterLab itself reports the failure
  }

  /** Run the notebook on the server; resolves to a function that shows the result. */
  async validate() {
    const { context } = this.panel;
    const isSaved = await context.save().then(
      () => true,
      () => false, // JupyterLab itself reports the failure
    );
    const result = isSaved && (await askForReport(context.path, this.post));
    return () => result && this.showReport(result);
  }

  /** Show what remains to be done, and do what the learner chooses. */
  async showReport(result) {
    const find = ({ name }) =>
      this.graded.find((question) => question.name === name) ??
      this.tests.find(({ model }) => model.getMetadata("nbgrader").grade_id === name);
    const canRestore = (finding) => Boolean(find(finding)?.original);
    const chosen = await showReport(result, canRestore, this.openDialog);
    const target = chosen && find(chosen);
    if (target?.original && chosen.damaged) await this.restore(target.name);
    else if (target && target.indices?.length !== 0) await this.goTo(target);
  }
}
