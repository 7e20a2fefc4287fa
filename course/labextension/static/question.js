// One question on the page, as native controls; independent of Jupyter.
import { createButton, createNode } from "./nodes.js";

export { createButton, createNode };

const STATES = {
  blank: "Not answered",
  incomplete: "Incomplete: something is still empty",
  damaged: "Damaged: its text or its options were changed",
  many: "Choose only one",
  unclear: "Unclear: write [x] to tick an option",
  unsaved: "Unsaved",
  saved: "Saved",
};
let views = 0; // radio buttons with the same name form one group

// Keep JupyterLab from acting on keys pressed in a control: "d d" on a radio button would delete
// the question. Only shortcuts that run cells, save, or belong to the browser pass. JupyterLab
// looks for the attribute on the focused element while the event travels down from the window.
const suppressShortcuts = ({ target, key, altKey, ctrlKey, metaKey, shiftKey }) => {
  if (!target.closest?.(".course-question, .course-progress, .course-help")) return;
  const ctrl = ctrlKey || metaKey;
  const runs = key === "Enter" && (ctrl || altKey || shiftKey);
  const saves = ctrl && (shiftKey ? /^[scdf]$/i : /^[sbj]$/i).test(key);
  target.toggleAttribute("data-lm-suppress-shortcuts", !runs && !saves);
};
window.addEventListener("keydown", suppressShortcuts, true);

export class QuestionView {
  /** `settings` are kind ("quiz" or "prediction"), form (one of kinds.js), multiple, readOnly, and
   * the seed of the order in which a quiz shows its options; without a seed, it is that of the text.
   * `actions` are
   * render(node, markdown), answer(source), restore(), and check(), which resolves to a verdict. */
  constructor(settings, actions) {
    Object.assign(this, { settings, actions });
    views += 1;
    this.name = `course-question-${views}`;
    this.state = createNode("span", "course-state");
    this.verdict = createNode("div", "course-verdict");
    for (const region of [this.state, this.verdict]) region.setAttribute("role", "status");
    this.checkButton = createButton("Check", () => this.check());
    this.restoreButton = createButton("Restore", () => actions.restore());
    this.restoreButton.classList.add("course-restore");
    this.clearButton = createButton("Clear", () => {
      this.focus();
      actions.answer(settings.form.clear(this.source));
    });
    this.node = createNode("div", "course-question");
    // JupyterLab opens the editor on a double click; here only the prompt lets it through.
    this.node.addEventListener("dblclick", (event) => {
      if (!event.target.closest(".course-prompt")) event.stopPropagation();
    });
  }

  /** Show a source and its state, one of STATES; controls that stay the same keep the focus. */
  update(source, state) {
    const { form, kind, readOnly } = this.settings;
    const blank = form.clear(source);
    const isOther = blank !== this.blank;
    if (source !== this.source) this.verdict.replaceChildren();
    Object.assign(this, { blank, source });
    if (isOther) this.draw(source);
    this.controls.show(source, state);
    const isDamaged = state === "damaged";
    this.checkButton.hidden = kind !== "quiz" || isDamaged;
    this.restoreButton.hidden = !isDamaged;
    this.clearButton.hidden = !form.answerOf(source) || readOnly;
    this.node.dataset.state = state;
    if (this.state.textContent !== STATES[state]) this.state.textContent = STATES[state];
  }

  draw(source) {
    this.controls = this.settings.form.draw(this, source);
    const buttons = [this.checkButton, this.restoreButton, this.clearButton];
    const footer = createNode("div", "course-foot", ...buttons, this.state);
    this.node.replaceChildren(this.controls.node, footer, this.verdict);
  }

  /** Return what to do, below the prompt. */
  createHint() {
    const { form, kind } = this.settings;
    const hint = createNode("div", "course-hint", form.hint(this.settings));
    if (kind === "prediction") hint.append(" Predictions are saved, not graded.");
    hint.id = `${this.name}-hint`;
    return hint;
  }

  focus() {
    (this.controls?.focusTarget ?? this.restoreButton).focus();
  }

  async check() {
    const source = this.source;
    const verdict = await this.actions.check();
    if (this.source === source) this.showVerdict(verdict); // else it belongs to an older answer
  }

  showVerdict({ verdict, message, explanations = [] }) {
    this.verdict.dataset.verdict = verdict;
    this.verdict.replaceChildren(createNode("p", "course-message", message));
    for (const { option, text, right } of explanations) {
      const chosen = createNode("div", "course-chosen");
      const name = right ? "correct" : "incorrect";
      const sign = createNode("span", "course-sign", right ? "✓" : "✗");
      sign.setAttribute("role", "img");
      sign.ariaLabel = name;
      chosen.append(sign);
      chosen.dataset.choice = name;
      const explanation = createNode("div", "course-because");
      if (this.settings.multiple || explanations.length > 1) this.verdict.append(chosen);
      this.actions.render(chosen, option);
      if (!text) continue;
      this.verdict.append(explanation);
      this.actions.render(explanation, text);
    }
  }
}
