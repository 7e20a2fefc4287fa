// One question on the page, as native controls; independent of Jupyter.
import { shownOrder } from "./order.js";
import { mark, parse, tickedIndices } from "./text.js";

const STATES = {
  blank: "Not answered",
  damaged: "Damaged: its text or its options were changed",
  many: "Choose only one",
  unclear: "Unclear: write [x] to tick an option",
  unsaved: "Unsaved",
  saved: "Saved",
};
let views = 0; // radio buttons with the same name form one group

export function createNode(tag, className, ...children) {
  const node = Object.assign(document.createElement(tag), { className });
  node.append(...children);
  return node;
}

export const createButton = (label, onclick) =>
  Object.assign(createNode("button", "course-button", label), { type: "button", onclick });

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
  /** `settings` are kind ("quiz" or "prediction"), multiple, readOnly, and the seed of the order in
   * which a quiz shows its options; without a seed, it is that of the text. `actions` are
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
      actions.answer(mark(this.source, new Set()));
    });
    this.node = createNode("div", "course-question");
    // JupyterLab opens the editor on a double click; here only the prompt lets it through.
    this.node.addEventListener("dblclick", (event) => {
      if (!event.target.closest(".course-prompt")) event.stopPropagation();
    });
  }

  /** Show a source and its state, one of STATES; options that stay the same keep the focus. */
  update(source, state) {
    const blank = mark(source, new Set());
    if (blank !== this.blank) this.draw(source);
    if (source !== this.source) this.verdict.replaceChildren();
    Object.assign(this, { blank, source });
    const ticked = tickedIndices(source);
    for (const [index, input] of this.inputs.entries()) {
      input.checked = ticked.has(index) && !["many", "unclear"].includes(state);
    }
    const isDamaged = state === "damaged";
    this.checkButton.hidden = this.settings.kind !== "quiz" || isDamaged;
    this.restoreButton.hidden = !isDamaged;
    this.clearButton.hidden = !ticked.size || this.settings.readOnly;
    this.node.dataset.state = state;
    if (this.state.textContent !== STATES[state]) this.state.textContent = STATES[state];
  }

  draw(source) {
    const { prompt, options } = parse(source);
    const { kind, multiple } = this.settings;
    const hint = createNode("div", "course-hint");
    hint.textContent = multiple ? "Choose all that apply." : "Choose one.";
    if (kind === "prediction") hint.append(" Predictions are saved, not graded.");
    hint.id = `${this.name}-hint`;
    const legend = createNode("legend", "course-prompt");
    const fieldset = createNode("fieldset", "course-options", legend, hint);
    fieldset.setAttribute("aria-describedby", hint.id);
    fieldset.dir = "auto"; // taken from the prompt's first letter
    this.actions.render(legend, prompt);
    this.inputs = [];
    this.order = this.orderOf(options);
    for (const index of this.order) {
      this.inputs[index] = this.drawOption(fieldset, options[index], index);
    }
    this.drawAside(fieldset, options.at(-1)?.aside); // may be text after the list
    const buttons = [this.checkButton, this.restoreButton, this.clearButton];
    const footer = createNode("div", "course-foot", ...buttons, this.state);
    const text = options.length ? fieldset : createNode("div", "course-text", ...legend.childNodes);
    this.node.replaceChildren(text, footer, this.verdict);
  }

  orderOf(options) {
    const { kind, seed } = this.settings;
    const isExplained = ({ aside }) => aside.startsWith(">"); // in the instructor's notebook
    const isShuffled = kind === "quiz" && seed && !options.some(isExplained);
    return isShuffled ? shownOrder(options, seed) : [...options.keys()];
  }

  drawAside(fieldset, aside) {
    if (aside) this.actions.render(fieldset.appendChild(createNode("div", "course-aside")), aside);
  }

  drawOption(fieldset, { body, aside }, index) {
    const { multiple, readOnly } = this.settings;
    const [input, text] = [createNode("input", "course-box"), createNode("div", "course-text")];
    const type = multiple ? "checkbox" : "radio";
    // MathJax fails inside a label, so the text beside the box, or else its source, names the box.
    Object.assign(input, { type, name: this.name, disabled: readOnly, ariaLabel: body });
    text.id = `${this.name}-${index}`;
    input.setAttribute("aria-labelledby", text.id);
    input.addEventListener("change", () => {
      const ticked = [...this.inputs.keys()].filter((number) => this.inputs[number].checked);
      this.actions.answer(mark(this.source, new Set(ticked)));
    });
    const row = createNode("div", "course-option", input, text);
    row.dataset.index = index; // its place in the text
    row.addEventListener("click", ({ target }) => {
      if (target.closest("a, button, input, summary") || !getSelection().isCollapsed) return;
      input.focus();
      input.click();
    });
    fieldset.append(row);
    this.actions.render(text, body);
    if (index < this.order.length - 1) this.drawAside(fieldset, aside);
    return input;
  }

  focus() {
    const shown = this.order?.map((index) => this.inputs[index]) ?? [];
    (shown.find((input) => input.checked) ?? shown[0] ?? this.restoreButton).focus();
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
      if (this.settings.multiple) this.verdict.append(chosen);
      this.verdict.append(explanation);
      this.actions.render(chosen, option);
      this.actions.render(explanation, text);
    }
  }
}
