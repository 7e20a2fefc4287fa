// Choose among options: a task list as radio buttons, or as checkboxes if several may be right.
import { createNode } from "./nodes.js";
import { shownOrder } from "./order.js";
import { copyTicks, isIntact, mark, parse, tickedIndices } from "./text.js";

class OptionList {
  /** `view` is the QuestionView that shows it. */
  constructor(view, source) {
    const { prompt, options } = parse(source);
    this.view = view;
    const legend = createNode("legend", "course-prompt");
    const hint = view.createHint();
    this.node = createNode("fieldset", "course-options", legend, hint);
    this.node.setAttribute("aria-describedby", hint.id);
    this.node.dir = "auto"; // taken from the prompt's first letter
    view.actions.render(legend, prompt);
    this.inputs = [];
    this.order = this.orderOf(options);
    for (const index of this.order) this.inputs[index] = this.drawOption(options[index], index);
    this.drawAside(options.at(-1)?.aside); // may be text after the list
    if (!options.length) this.node = createNode("div", "course-text", ...legend.childNodes);
  }

  show(source, state) {
    const ticked = tickedIndices(source);
    for (const [index, input] of this.inputs.entries()) {
      input.checked = ticked.has(index) && !["many", "unclear"].includes(state);
    }
  }

  get focusTarget() {
    const shown = this.order.map((index) => this.inputs[index]);
    return shown.find((input) => input.checked) ?? shown[0];
  }

  orderOf(options) {
    const { kind, seed } = this.view.settings;
    const isExplained = ({ aside }) => aside.startsWith(">"); // in the instructor's notebook
    const isShuffled = kind === "quiz" && seed && !options.some(isExplained);
    return isShuffled ? shownOrder(options, seed) : [...options.keys()];
  }

  drawAside(aside) {
    if (!aside) return;
    this.view.actions.render(this.node.appendChild(createNode("div", "course-aside")), aside);
  }

  drawOption({ body, aside }, index) {
    const { settings, actions, name } = this.view;
    const [input, text] = [createNode("input", "course-box"), createNode("div", "course-text")];
    const type = settings.multiple ? "checkbox" : "radio";
    // MathJax fails inside a label, so the text beside the box, or else its source, names the box.
    Object.assign(input, { type, name, disabled: settings.readOnly, ariaLabel: body });
    text.id = `${name}-${index}`;
    input.setAttribute("aria-labelledby", text.id);
    input.addEventListener("change", () => {
      const ticked = [...this.inputs.keys()].filter((number) => this.inputs[number].checked);
      actions.answer(mark(this.view.source, new Set(ticked)));
    });
    const row = createNode("div", "course-option", input, text);
    row.dataset.index = index; // its place in the text
    row.addEventListener("click", ({ target }) => {
      if (target.closest("a, button, input, summary") || !getSelection().isCollapsed) return;
      input.focus();
      input.click();
    });
    this.node.append(row);
    actions.render(text, body);
    if (index < this.order.length - 1) this.drawAside(aside);
    return input;
  }
}

export const choice = {
  name: "choice",
  todo: "choose one",
  emptyMessage: "Choose an answer first.",
  hint: ({ multiple }) => (multiple ? "Choose all that apply." : "Choose one."),
  hasAnswerPlace: (source) => parse(source).options.length > 0,
  /** Return what identifies an answer; empty if there is none. */
  answerOf: (source) => [...tickedIndices(source)].join(),
  clear: (source) => mark(source, new Set()),
  copyAnswer: copyTicks,
  isIntact,
  stateOf(source, multiple) {
    if (parse(source).unclear) return "unclear";
    const count = tickedIndices(source).size;
    if (!count) return "blank";
    return count > 1 && !multiple ? "many" : "answered";
  },
  draw: (view, source) => new OptionList(view, source),
};
