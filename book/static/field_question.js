// A question in the book whose answer is typed or chosen in fields of its text.

import { judgeFields } from "./judge.js";
import { readValues } from "./quiz/fields.js";
import { kindNamed } from "./quiz/kinds.js";
import { createElement } from "./widgets/shared.js";

/** Move what the page has of a question into a node, with marks where its controls belong. */
function fillIn(node, part) {
  for (const [index, field] of [...part.querySelectorAll(".question-field")].entries()) {
    field.replaceWith(`\ue000${index}\ue001`);
  }
  node.append(...part.childNodes);
  part.remove();
}

/** What kinds.js draws controls for; `question` is the container in the page. */
class FieldView {
  constructor(question, name) {
    this.key = JSON.parse(question.querySelector(".question-key").textContent);
    this.form = kindNamed(this.key.kind);
    Object.assign(this, { question, name, source: this.key.text, settings: {} });
    this.status = createElement("span", { role: "status" });
    const [prompt, body] = ["prompt", "body"].map((part) =>
      question.querySelector(`.question-${part}`),
    );
    this.actions = {
      render: (node) => fillIn(node, node.matches("legend") ? prompt : body),
      answer: (source) => this.answer(source),
    };
    this.controls = this.form.draw(this, this.source);
    question.prepend(this.controls.node);
  }

  createHint() {
    return createElement(
      "div",
      { class: "question-hint", id: `${this.name}-hint` },
      this.form.hint({}),
    );
  }

  answer(source) {
    this.source = source;
    this.controls.show(source);
    this.status.textContent = "";
    for (const sign of this.question.querySelectorAll(".field-sign")) sign.remove();
    for (const text of this.question.querySelectorAll(".shown")) text.classList.remove("shown");
  }

  check() {
    if (!this.form.answerOf(this.source)) {
      this.status.textContent = this.form.emptyMessage;
      return;
    }
    this.answer(this.source);
    const { message, results } = judgeFields(this.key, readValues(this.source));
    this.status.textContent = message;
    const texts = [...this.question.querySelectorAll(".field-texts")];
    for (const [index, { value, right, remark }] of results.entries()) {
      if (!value) continue;
      const sign = createElement("span", { class: "field-sign", role: "img" }, right ? "✓" : "✗");
      sign.ariaLabel = right ? "correct" : "incorrect";
      sign.dataset.right = right;
      this.controls.controls[index].after(sign);
      const part = right ? ".field-explanation" : ".field-remark";
      const shown = texts[index].querySelectorAll(part)[right ? 0 : remark];
      shown?.classList.add("shown");
    }
  }
}

/** Make a question's containers a form, with Check unless it was built without keys. */
export async function enlivenFields(question, name) {
  const view = new FieldView(question, name);
  await view.controls.drawn;
  if (!view.key.fields) return;
  const button = createElement("button", { type: "button" }, "Check");
  button.addEventListener("click", () => view.check());
  question.append(button, view.status);
}
