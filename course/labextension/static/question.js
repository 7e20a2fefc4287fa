// One question on the page: native controls and plain DOM, nothing of Jupyter.
import { mark, parse, ticksOf } from "./text.js";

const STATES = { blank: "Not answered", many: "Tick only one", unsaved: "Unsaved", saved: "Saved" };
let drawn = 0; // radio buttons of one name belong together, so each drawing needs its own

export function make(tag, className, ...children) {
  const node = Object.assign(document.createElement(tag), { className });
  node.append(...children);
  return node;
}

export const makeButton = (label, onclick) =>
  Object.assign(make("button", "course-button", label), { type: "button", onclick });

// Of the shortcuts only running, saving and a few of the page's own leave a control: else "d d" on
// a radio button would delete the question. Jupyter looks for the attribute on the focused element
// while the key is on its way down, so it is set above, at the window.
const guard = ({ target, key, altKey, ctrlKey, metaKey, shiftKey }) => {
  if (!target.closest?.(".course-question, .course-progress")) return;
  const command = ctrlKey || metaKey;
  const runs = key === "Enter" && (command || altKey || shiftKey);
  const saves = command && (shiftKey ? /^[scdf]$/i : /^[sbj]$/i).test(key);
  target.toggleAttribute("data-lm-suppress-shortcuts", !runs && !saves);
};
window.addEventListener("keydown", guard, true);

/** `settings` are kind ("quiz" or "prediction"), multiple and readOnly; `does` is how it reaches
 * out: render(node, markdown), answer(source), and check(), which resolves to a verdict. */
export class Question {
  constructor(settings, does) {
    Object.assign(this, { settings, does });
    this.name = `course-question-${(drawn += 1)}`;
    this.state = make("span", "course-state");
    this.verdict = make("div", "course-verdict");
    for (const region of [this.state, this.verdict]) region.setAttribute("role", "status");
    this.checkButton = makeButton("Check", () => this.check());
    this.checkButton.hidden = settings.kind !== "quiz";
    this.clearButton = makeButton("Clear", () => {
      this.focus();
      does.answer(mark(this.source, new Set()));
    });
    this.node = make("div", "course-question");
    // A double click on the prompt opens the editor, as everywhere; elsewhere it is two clicks.
    const hold = (event) => event.target.closest(".course-prompt") ?? event.stopPropagation();
    this.node.addEventListener("dblclick", hold);
  }

  /** Show this source, and how it stands: one of STATES. What is there stays, with its focus. */
  update(source, state) {
    const bare = mark(source, new Set());
    if (bare !== this.bare) this.draw(source);
    if (source !== this.source) this.verdict.replaceChildren();
    Object.assign(this, { bare, source });
    const ticks = ticksOf(source);
    this.inputs.forEach((input, at) => (input.checked = ticks.has(at) && state !== "many"));
    this.clearButton.hidden = !ticks.size || this.settings.readOnly;
    this.node.dataset.state = state;
    if (this.state.textContent !== STATES[state]) this.state.textContent = STATES[state];
  }

  draw(source) {
    const { prompt, options } = parse(source);
    const { kind, multiple } = this.settings;
    const hint = make("div", "course-hint", multiple ? "Choose all that apply." : "Choose one.");
    if (kind === "prediction") hint.append(" A prediction is kept, not graded.");
    hint.id = `${this.name}-hint`;
    const fieldset = make("fieldset", "course-options", make("legend", "course-prompt"), hint);
    fieldset.setAttribute("aria-describedby", hint.id);
    fieldset.dir = "auto"; // the prompt's first letter decides
    this.does.render(fieldset.firstChild, prompt);
    this.inputs = options.map((option, index) => this.drawOption(fieldset, option, index));
    const foot = make("div", "course-foot", this.checkButton, this.clearButton, this.state);
    this.node.replaceChildren(fieldset, foot, this.verdict);
  }

  drawOption(fieldset, { body, aside }, index) {
    const { multiple, readOnly } = this.settings;
    const [input, text] = [make("input", "course-box"), make("div", "course-text")];
    const type = multiple ? "checkbox" : "radio";
    // MathJax fails in a label, so the text beside the box names it, or its source.
    Object.assign(input, { type, name: this.name, disabled: readOnly, ariaLabel: body });
    text.id = `${this.name}-${index}`;
    input.setAttribute("aria-labelledby", text.id);
    input.addEventListener("change", () => {
      const ticked = [...this.inputs.keys()].filter((number) => this.inputs[number].checked);
      this.does.answer(mark(this.source, new Set(ticked)));
    });
    const row = make("div", "course-option", input, text);
    row.addEventListener("click", ({ target }) => {
      if (target.closest("a, button, input, summary") || !getSelection().isCollapsed) return;
      input.focus();
      input.click();
    });
    fieldset.append(row);
    this.does.render(text, body);
    if (aside) this.does.render(fieldset.appendChild(make("div", "course-aside")), aside);
    return input;
  }

  focus() {
    (this.inputs?.find((input) => input.checked) ?? this.inputs?.[0])?.focus();
  }

  async check() {
    const asked = this.source;
    const reply = await this.does.check();
    if (this.source === asked) this.show(reply); // else the answer is another by now
  }

  show({ verdict, message, explanations = [] }) {
    this.verdict.dataset.verdict = verdict;
    this.verdict.replaceChildren(make("p", "course-message", message));
    for (const { option, text } of explanations) {
      const [chosen, because] = [make("div", "course-chosen"), make("div", "course-because")];
      this.verdict.append(...(explanations.length > 1 ? [chosen, because] : [because]));
      this.does.render(chosen, option);
      this.does.render(because, text);
    }
  }
}
