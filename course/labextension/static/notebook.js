// One open notebook: finds its questions, keeps copies equal, counts, saves, asks the server.
import { make, makeButton, Question } from "./question.js";
import { follow, parse, ticksOf } from "./text.js";

const SOON = 400; // milliseconds from a click to the disk, so that a run of clicks is one save
const ticks = (source) => [...ticksOf(source)].join();
const no = (message) => ({ verdict: "failed", message });

/** What a cell is to us: a name, a kind ("quiz" or "prediction") and a source; or nothing. */
function read(model, index) {
  const course = model.type === "markdown" && model.getMetadata("course");
  const kind = ["quiz", "prediction"].find((one) => course?.[one] instanceof Object);
  if (!kind) return [];
  const name = model.getMetadata("nbgrader")?.grade_id ?? model.id;
  const source = model.sharedModel.getSource();
  return [{ name, kind, multiple: course[kind].multiple === true, model, index, source }];
}

export class QuizNotebook {
  constructor(panel, { Widget, post }) {
    Object.assign(this, { panel, Widget, post });
    this.views = new WeakMap(); // cell -> its Question
    this.known = new WeakMap(); // cell's model -> the source when last looked at
    this.onDisk = new WeakMap(); // cell's model -> the ticks in the file
    this.meter = make("progress", "course-meter");
    this.meter.setAttribute("aria-hidden", "true"); // the words beside it say the same
    this.count = make("span", "course-count");
    this.count.setAttribute("role", "status");
    this.next = makeButton("Next open question", () => this.jump());
    const node = make("div", "course-progress", this.meter, this.count, this.next);
    this.bar = new Widget({ node });
    panel.contentHeader.addWidget(this.bar);
    const save = panel.context.save.bind(panel.context);
    const next = () => panel.isDisposed || save(); // one by one: two at once look like two people
    panel.context.save = () => (this.last = Promise.resolve(this.last).then(next, next));
    panel.context.saveState.connect((_, state) => this.onSave(state));
    panel.content.model.contentChanged.connect(this.later, this);
    this.later();
  }

  /** A run of changes, such as the output of a cell, costs one look. */
  later() {
    this.waiting ??= setTimeout(() => this.panel.isDisposed || this.refresh());
  }

  get questions() {
    return [...this.panel.content.model.cells].flatMap(read);
  }

  refresh() {
    this.waiting = clearTimeout(this.waiting);
    this.keepEqual();
    for (const one of this.questions) {
      if (!this.known.has(one.model)) this.onDisk.set(one.model, ticks(one.source));
      this.known.set(one.model, one.source);
      this.draw(one);
    }
    const graded = this.questions.filter(({ kind }) => kind === "quiz");
    this.open = graded.filter((one) => ["blank", "many"].includes(this.stateOf(one)));
    const value = graded.length - this.open.length;
    const text = `${value} of ${graded.length} answered`;
    if (this.count.textContent !== text) this.count.textContent = text;
    Object.assign(this.meter, { value, max: graded.length || 1 });
    this.next.hidden = !this.open.length;
    this.bar.setHidden(!graded.length);
  }

  /** Jupyter copies a cell together with its name; all copies hold the same answer. */
  keepEqual() {
    for (const { model, name, multiple } of this.questions) {
      const source = model.sharedModel.getSource(); // a copy may have followed just now
      if ((this.known.get(model) ?? source) === source) continue;
      for (const copy of this.questions) {
        if (copy.model === model || copy.name !== name) continue;
        const next = follow(copy.source, source, multiple);
        if (ticks(next) !== ticks(copy.source)) copy.model.sharedModel.setSource(next);
        this.known.set(copy.model, copy.model.sharedModel.getSource());
      }
    }
  }

  stateOf({ model, multiple, source }) {
    const count = ticksOf(source).size;
    if (!count || (count > 1 && !multiple)) return count ? "many" : "blank";
    return this.onDisk.get(model) === ticks(source) ? "saved" : "unsaved";
  }

  async draw({ model, index, ...role }) {
    const cell = this.panel.content.widgets[index];
    await cell?.ready; // far from the window it is an empty place until then
    if (cell?.model !== model || cell.isDisposed) return;
    if (!this.views.has(cell)) this.views.set(cell, this.place(cell, role));
    const source = model.sharedModel.getSource();
    const listed = parse(source).options.length > 0;
    cell.toggleClass("course-drawn", listed);
    if (!listed || !cell.rendered) return;
    this.views.get(cell).update(source, this.stateOf({ ...role, model, source }));
  }

  place(cell, { name, kind, multiple }) {
    const { Widget, panel } = this;
    const rendermime = cell._rendermime ?? panel.content.rendermime; // the cell's knows its images
    let texts = [];
    const render = (node, markdown) => {
      const text = rendermime.createRenderer("text/markdown");
      texts = [...texts.filter((one) => view.node.contains(one.node)), text];
      node.append(text.node);
      if (host.isAttached) text.processMessage(Widget.Msg.AfterAttach); // formulas wait for it
      text.renderModel({ data: { "text/markdown": markdown }, metadata: {}, trusted: false });
    };
    const answer = (source) => {
      cell.model.sharedModel.setSource(source);
      this.refresh();
      clearTimeout(this.saving);
      this.saving = setTimeout(() => this.save(), SOON);
    };
    const does = { render, answer, check: () => this.check(name, cell.model) };
    const view = new Question({ kind, multiple, readOnly: cell.readOnly }, does);
    view.node.dataset.name = name;
    const host = new Widget({ node: view.node });
    host.processMessage = (message) => {
      Widget.prototype.processMessage.call(host, message);
      if (/attach|detach/.test(message.type)) texts.forEach((text) => text.processMessage(message));
    };
    cell.inputArea.layout.addWidget(host);
    cell.renderedChanged.connect(() => this.later());
    return view;
  }

  async save() {
    const { context } = this.panel;
    const late = ({ model, source }) => this.onDisk.get(model) !== ticks(source);
    if (context.isDisposed || !context.canSave || !this.questions.some(late)) return;
    await context.save().catch(() => {}); // if it fails, Jupyter itself says why
  }

  onSave(state) {
    if (state === "started") this.sent = this.questions;
    if (state.startsWith("completed"))
      for (const { model, source } of this.sent ?? []) this.onDisk.set(model, ticks(source));
    this.later();
  }

  async check(question, model) {
    const answer = model.sharedModel.getSource();
    if (!ticks(answer)) return no("Choose an answer first.");
    await this.save();
    const about = { path: this.panel.context.path, question, answer };
    const reply = this.post("course/check", about).then((one) => one.json());
    const told = await reply.catch(() => null);
    if (!told) return no("Not checked: the server gave no answer. Yours stays in the notebook.");
    if (!told.verdict) return no(`Not checked: ${told.message}.`);
    const saved = told.verdict !== "saved" || this.onDisk.get(model) === ticks(answer);
    return saved ? told : no("Your answer is not saved yet. Save the notebook, then check again.");
  }

  async jump() {
    const { content } = this.panel;
    const next = this.open.find(({ index }) => index > content.activeCellIndex) ?? this.open[0];
    const cell = content.widgets[next.index];
    content.activeCellIndex = next.index;
    await content.scrollToItem(next.index);
    cell.rendered = true;
    await this.draw(next);
    this.views.get(cell).focus();
  }
}
