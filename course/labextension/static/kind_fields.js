// What the kinds of question have in common whose answer is written into fields of the text.
import { emptied, fill, MARK, readValues, skeleton, withMarks } from "./fields.js";
import { createNode } from "./nodes.js";
import { splitLines } from "./text.js";

/** The text of a question with a control in place of each field. */
class FieldText {
  /** `kind` has createControl(label, choices, change), see `fieldKind`. */
  constructor(view, source, kind) {
    Object.assign(this, { view, kind, controls: [] });
    const lines = splitLines(withMarks(source));
    const first = lines.findIndex((line) => MARK.test(line));
    const end = lines.slice(0, first).findLastIndex((line) => !line.trim()); // of the prompt
    const [prompt, text] = [lines.slice(0, Math.max(end, 0)), lines.slice(Math.max(end, 0))];
    const body = createNode("div", `course-fields course-fields-${kind.layout}`);
    body.id = `${view.name}-fields`;
    this.node = createNode("fieldset", "course-options");
    this.node.dir = "auto"; // taken from the prompt's first letter
    if (prompt.length) {
      const legend = createNode("legend", "course-prompt");
      this.node.append(legend);
      view.actions.render(legend, prompt.join("\n").trim());
    } else {
      this.node.setAttribute("aria-labelledby", body.id);
    }
    const hint = view.createHint();
    this.node.append(hint, body);
    this.node.setAttribute("aria-describedby", hint.id);
    this.drawn = Promise.resolve(view.actions.render(body, text.join("\n").trim())).then(() => {
      this.drawControls(body, text, kind.choicesOf?.(source));
      this.show(view.source);
    });
  }

  drawControls(body, lines, choices) {
    const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
    let node = walker.nextNode();
    while (node) {
      const found = node.data.match(MARK);
      if (found) {
        const rest = node.splitText(found.index);
        rest.data = rest.data.slice(found[0].length);
        const index = Number(found[1]);
        this.controls[index] = this.createControl(index, lines, choices);
        rest.before(this.controls[index]);
        walker.currentNode = rest;
        node = rest;
      } else {
        node = walker.nextNode();
      }
    }
  }

  createControl(index, lines, choices) {
    const { settings, name } = this.view;
    const mark = `\ue000${index}\ue001`;
    const line = lines.find((other) => other.includes(mark)) ?? "";
    const control = this.kind.createControl(choices ?? []);
    control.classList.add("course-field");
    control.disabled = settings.readOnly;
    control.name = `${name}-${index}`;
    control.ariaLabel = labelOf(line, mark);
    const event = control.localName === "select" ? "change" : "input";
    control.addEventListener(event, () => {
      const values = readValues(this.view.source);
      const changed = this.kind.change?.(values, index, control.value);
      values[index] = control.value;
      this.view.actions.answer(fill(this.view.source, changed ?? values));
    });
    return control;
  }

  show(source) {
    const values = readValues(source);
    for (const [index, control] of this.controls.entries()) {
      if (!control) continue;
      const value = values[index] ?? "";
      // Who types has a space at the end that the text does not keep.
      const isSame = readValues(fill("[[ ]]", [control.value]))[0] === value;
      if (isSame) continue;
      if (control.localName === "select") this.kind.addChoice(control, value);
      control.value = value;
    }
  }

  get focusTarget() {
    return (
      this.controls.find((control) => control && !control.value) ?? this.controls.find(Boolean)
    );
  }
}

/** Return what a screen reader calls a control: its line, with a pause in its place. */
function labelOf(line, mark) {
  const text = line.replace(mark, "…").replace(/\ue000\d+\ue001/g, "blank");
  const plain = text.replace(/^\s*(?:[-*+]|\d+[.)])\s+/, "").replace(/[*`$\\]/g, "");
  return plain.replace(/^…\s*/, "").trim() || "Your answer";
}

/** Return a kind of question with fields. `layout` is "text" or "list"; hint() says what to do;
 * createControl(choices) returns an input or a select; change(values, index, value) may change
 * other values, too; choicesOf(source) returns [value, text] pairs. */
export const fieldKind = (kind) => ({
  ...kind,
  todo: "fill it in",
  emptyMessage: "Fill in an answer first.",
  hasAnswerPlace: (source) => readValues(source).length > 0,
  answerOf: (source) => {
    const values = readValues(source);
    return values.some(Boolean) ? JSON.stringify(values) : "";
  },
  clear: emptied,
  copyAnswer: (source, other) => {
    const [own, values] = [readValues(source), readValues(other)];
    return own.length === values.length ? fill(source, values) : source;
  },
  isIntact: (source, released) => skeleton(source).includes(skeleton(released)),
  stateOf(source) {
    const values = readValues(source);
    if (!values.some(Boolean)) return "blank";
    return values.every(Boolean) ? "answered" : "incomplete";
  },
  draw: (view, source) => new FieldText(view, source, kind),
});

/** Return an input for a few words or a number. */
export function createInput(settings) {
  const plain = { type: "text", autocomplete: "off", spellcheck: false, maxLength: 300 };
  return Object.assign(createNode("input", "course-input"), plain, settings);
}

/** Return a select with an empty choice and those of [value, text] pairs. */
export function createSelect(choices) {
  const options = [["", "Choose …"], ...choices].map(([value, text]) => new Option(text, value));
  return createNode("select", "course-select", ...options);
}

/** Let a select show a value that was typed and that it does not offer. */
export function addTyped(select, value) {
  if ([...select.options].some((option) => option.value === value)) return;
  select.add(new Option(value, value));
}
