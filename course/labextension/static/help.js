// Help with one exercise for self-learners, one step at a time; independent of Jupyter.
import { createButton, createNode } from "./question.js";

const TRIES = 3; // failed tests after which the worked solution may be seen

export class HelpView {
  /** `steps` counts the hints and the solution. `actions` are render(node, markdown) and
   * ask(number), which resolves to {text} or, if there is none, {message}. */
  constructor(steps, actions) {
    Object.assign(this, { hintCount: steps - 1, actions });
    this.hints = createNode("ol", "course-hints");
    this.solution = createNode("div", "course-solution");
    this.note = createNode("span", "course-state");
    this.hintButton = createButton("", () => this.showNextHint());
    this.solutionButton = createButton("", () => this.toggleSolution());
    const foot = createNode("div", "course-foot", this.hintButton, this.solutionButton, this.note);
    const list = createNode("div", "course-steps", this.hints, this.solution);
    for (const region of [list, this.note]) region.setAttribute("role", "status");
    this.solution.hidden = true;
    this.node = createNode("div", "course-help", list, foot);
    this.update({ passed: false, tries: 0 });
  }

  /** Show whether the exercise's test passes, and how often it has failed. */
  update({ passed, tries }) {
    Object.assign(this, { passed, tries });
    const shown = this.hints.children.length;
    const isLocked = !passed && tries < TRIES && this.solution.hidden;
    this.hintButton.textContent = `Hint ${shown + 1} of ${this.hintCount}`;
    this.hintButton.hidden = shown === this.hintCount;
    this.solutionButton.hidden = isLocked;
    this.solutionButton.ariaExpanded = !this.solution.hidden;
    this.solutionButton.textContent = this.solution.hidden
      ? "Show a worked solution"
      : "Hide the worked solution";
    const rule = `Worked solution: once the test passes, or after ${TRIES} tries (${tries} so far)`;
    const note = this.failure || (isLocked && (shown || tries) ? rule : "");
    if (this.note.textContent !== note) this.note.textContent = note;
  }

  async showNextHint() {
    const item = createNode("li", "course-hint-text");
    if (!(await this.fetch(this.hints.children.length + 1, item))) return;
    item.tabIndex = -1;
    this.hints.append(item);
    this.update(this);
    if (this.hintButton.hidden) (this.solutionButton.hidden ? item : this.solutionButton).focus();
  }

  async toggleSolution() {
    const { solution } = this;
    if (!solution.hasChildNodes()) {
      const title = createNode("p", "course-message", "A worked solution");
      const note = createNode("p", "course-note", "Yours may look different and be just as good.");
      const code = createNode("div", "course-code");
      if (!(await this.fetch(this.hintCount + 1, code))) return;
      solution.append(title, code, note);
    }
    solution.hidden = !solution.hidden;
    this.update(this);
  }

  /** Render a step into a node; return whether it could be had. */
  async fetch(number, node) {
    if (this.isBusy) return false;
    this.isBusy = true;
    const { text, message } = await this.actions.ask(number);
    this.isBusy = false;
    this.failure = text ? "" : `No help: ${message}.`;
    if (text) this.actions.render(node, text);
    else this.update(this);
    return Boolean(text);
  }
}
