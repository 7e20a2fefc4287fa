// One open notebook: finds its questions, syncs copies, counts answers, saves, asks the server.
import { ExerciseHelp, readTests } from "./exercises.js";
import { createButton, createNode, QuestionView } from "./question.js";
import { copyTicks, parse, tickedIndices } from "./text.js";
import { addView } from "./view_widget.js";

const SAVE_DELAY_MS = 400; // so that several clicks in a row are saved once
const ticks = (source) => [...tickedIndices(source)].join();
const failure = (message) => ({ verdict: "failed", message });

/** Return a cell's question, [{name, kind, multiple, model, index, source}], or [] if it has none. */
function readQuestion(model, index) {
  const course = model.type === "markdown" && model.getMetadata("course");
  const kind = ["quiz", "prediction"].find((name) => course?.[name] instanceof Object);
  if (!kind) return [];
  const name = model.getMetadata("nbgrader")?.grade_id ?? model.id;
  const source = model.sharedModel.getSource();
  return [{ name, kind, multiple: course[kind].multiple === true, model, index, source }];
}

export class QuizNotebook {
  constructor(panel, { Widget, post, homeLink, seed = "" }) {
    Object.assign(this, { panel, Widget, post, homeLink, seed });
    this.help = new ExerciseHelp(panel, { Widget, post });
    this.views = new WeakMap(); // cell -> its QuestionView
    this.lastSources = new WeakMap(); // cell's model -> its source at the last refresh
    this.savedTicks = new WeakMap(); // cell's model -> the ticks in the file
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
    this.meter = createNode("progress", "course-meter");
    this.meter.setAttribute("aria-hidden", "true"); // the text beside it says the same
    this.count = createNode("span", "course-count");
    this.count.setAttribute("role", "status");
    this.nextButton = createButton("Next unanswered question", () => this.goToNext());
    const home = this.homeLink ? [this.homeLink()] : [];
    const parts = [...home, this.meter, this.count, this.nextButton];
    const node = createNode("div", "course-progress", ...parts);
    this.bar = new this.Widget({ node });
    this.panel.contentHeader.addWidget(this.bar);
    // JupyterLab sets the bar's height, so it must hear when the parts take more lines.
    const observer = new ResizeObserver(() => this.fitBar());
    for (const part of [node, this.count, this.nextButton]) observer.observe(part);
    this.bar.disposed.connect(() => observer.disconnect());
  }

  fitBar() {
    const { node, parent } = this.bar;
    const boxes = [...node.children].map((part) => part.getBoundingClientRect());
    const shown = boxes.filter(({ height }) => height > 0);
    if (!shown.length || !parent) return;
    const bottom = Math.max(...shown.map((box) => box.bottom));
    const minHeight = `${Math.ceil(bottom - Math.min(...shown.map(({ top }) => top))) + 8}px`;
    if (node.style.minHeight === minHeight) return;
    node.style.minHeight = minHeight;
    parent.fit();
  }

  /** Refresh once after a burst of changes, such as the output of a running cell. */
  scheduleRefresh() {
    this.refreshTimer ??= setTimeout(() => this.panel.isDisposed || this.refresh());
  }

  get questions() {
    return [...this.panel.content.model.cells].flatMap(readQuestion);
  }

  refresh() {
    this.refreshTimer = clearTimeout(this.refreshTimer);
    this.syncCopies();
    for (const question of this.questions) {
      const { model, source } = question;
      if (!this.lastSources.has(model)) this.savedTicks.set(model, ticks(source));
      this.lastSources.set(model, source);
      this.draw(question);
    }
    const graded = this.questions.filter(({ kind }) => kind === "quiz");
    this.unanswered = graded.filter((question) =>
      ["blank", "many", "unclear"].includes(this.stateOf(question)),
    );
    const tests = readTests([...this.panel.content.model.cells]);
    this.help.refresh(tests);
    this.failing = tests.filter(({ passed }) => !passed);
    const passing = tests.length - this.failing.length;
    const answered = graded.length - this.unanswered.length;
    const exercises = tests.length ? `${passing} of ${tests.length} exercises pass` : "";
    const answers = graded.length ? `${answered} of ${graded.length} answered` : "";
    const text = [exercises, answers].filter(Boolean).join(", ");
    if (this.count.textContent !== text) this.count.textContent = text;
    const max = tests.length + graded.length;
    Object.assign(this.meter, { value: passing + answered, max: max || 1 });
    const label = this.unanswered.length ? "Next unanswered question" : "Next open exercise";
    if (this.nextButton.textContent !== label) this.nextButton.textContent = label;
    this.nextButton.hidden = !this.unanswered.length && !this.failing.length;
    this.bar.setHidden(!max);
  }

  /** JupyterLab copies a cell together with its name; give all copies the same answer. */
  syncCopies() {
    for (const { model, name, multiple } of this.questions) {
      const source = model.sharedModel.getSource(); // may have changed earlier in this loop
      if ((this.lastSources.get(model) ?? source) === source) continue;
      for (const copy of this.questions) {
        if (copy.model === model || copy.name !== name) continue;
        const updated = copyTicks(copy.source, source, multiple);
        if (ticks(updated) !== ticks(copy.source)) copy.model.sharedModel.setSource(updated);
        this.lastSources.set(copy.model, copy.model.sharedModel.getSource());
      }
    }
  }

  stateOf({ model, multiple, source }) {
    const count = tickedIndices(source).size;
    if (parse(source).unclear) return "unclear";
    if (!count) return "blank";
    if (count > 1 && !multiple) return "many";
    return this.savedTicks.get(model) === ticks(source) ? "saved" : "unsaved";
  }

  async draw({ model, index, ...question }) {
    const cell = this.panel.content.widgets[index];
    await cell?.ready; // far from the window, a cell is only a placeholder
    if (cell?.model !== model || cell.isDisposed) return;
    if (!this.views.has(cell)) this.views.set(cell, this.createView(cell, question));
    const source = model.sharedModel.getSource();
    const hasOptions = parse(source).options.length > 0;
    cell.toggleClass("course-drawn", hasOptions);
    if (!hasOptions || !cell.rendered) return;
    this.views.get(cell).update(source, this.stateOf({ ...question, model, source }));
  }

  createView(cell, { name, kind, multiple }) {
    const answer = (source) => {
      cell.model.sharedModel.setSource(source);
      this.refresh();
      clearTimeout(this.saveTimer);
      this.saveTimer = setTimeout(() => this.save(), SAVE_DELAY_MS);
    };
    const actions = { answer, check: () => this.check(name, cell.model) };
    const seed = this.seed && `${this.seed} ${name}`;
    const settings = { kind, multiple, readOnly: cell.readOnly, seed };
    const view = new QuestionView(settings, actions);
    view.node.dataset.name = name;
    actions.render = addView(this, cell, cell.inputArea.layout, view);
    cell.renderedChanged.connect(() => this.scheduleRefresh());
    return view;
  }

  async save() {
    const { context } = this.panel;
    const isUnsaved = ({ model, source }) => this.savedTicks.get(model) !== ticks(source);
    if (context.isDisposed || !context.canSave || !this.questions.some(isUnsaved)) return;
    await context.save().catch(() => {}); // JupyterLab itself reports the failure
  }

  onSaveState(state) {
    if (state === "started") this.saving = this.questions;
    if (state.startsWith("completed")) {
      for (const { model, source } of this.saving ?? []) this.savedTicks.set(model, ticks(source));
    }
    this.scheduleRefresh();
  }

  async check(question, model) {
    const answer = model.sharedModel.getSource();
    if (!ticks(answer)) return failure("Choose an answer first.");
    await this.save();
    const content = { path: this.panel.context.path, question, answer };
    const reply = await this.post("course/check", content)
      .then((response) => response.json())
      .catch(() => null);
    if (!reply) {
      return failure("Not checked: the server didn’t answer. Your answer stays in the notebook.");
    }
    if (!reply.verdict) return failure(`Not checked: ${reply.message}.`);
    const isSaved = reply.verdict !== "saved" || this.savedTicks.get(model) === ticks(answer);
    if (isSaved) return reply;
    return failure("Your answer is not saved yet. Save the notebook, then check again.");
  }

  /** Go to the next unanswered question, or else to the next exercise whose test does not pass. */
  async goToNext() {
    const { content } = this.panel;
    const isBelow = ({ index }) => index > content.activeCellIndex;
    if (!this.unanswered.length) {
      const { index, exerciseIndex } = this.failing.find(isBelow) ?? this.failing[0];
      content.activeCellIndex = exerciseIndex < 0 ? index : exerciseIndex;
      await content.scrollToItem(content.activeCellIndex);
      content.widgets[content.activeCellIndex].node.focus();
      return;
    }
    const next = this.unanswered.find(isBelow) ?? this.unanswered[0];
    const cell = content.widgets[next.index];
    content.activeCellIndex = next.index;
    await content.scrollToItem(next.index);
    cell.rendered = true;
    await this.draw(next);
    this.views.get(cell).focus();
  }
}
