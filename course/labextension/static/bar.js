// The bar above a notebook: how far the learner has come, what is next, what needs repair.
import { drawDue, ruleText } from "./due.js";
import { summarize } from "./progress.js";
import { createButton, createNode } from "./question.js";

const setText = (node, text) => {
  if (node.textContent !== text) node.textContent = text; // else a screen reader repeats it
};

export class ProgressBar {
  /** `actions` are goToNext(), restore(question), and validate(), which resolves to a function that
   * shows the result; `links` come first. Set `onResize` to learn when the height changes. */
  constructor({ goToNext, restore, validate }, links = []) {
    this.meter = createNode("progress", "course-meter");
    this.meter.setAttribute("aria-hidden", "true"); // the text beside it says the same
    this.count = createNode("span", "course-count");
    this.notice = createNode("span", "course-notice");
    for (const region of [this.count, this.notice]) region.setAttribute("role", "status");
    this.nextButton = createButton("Next unanswered question", goToNext);
    this.restoreButton = createButton("Restore", () => restore(this.damaged));
    this.restoreButton.classList.add("course-restore");
    this.validateButton = createButton("Validate", async () => {
      this.validateButton.disabled = true;
      // Another width of the button could wrap the bar.
      this.validateButton.style.inlineSize = `${this.validateButton.getBoundingClientRect().width}px`;
      this.validateButton.ariaBusy = "true";
      setText(this.validateButton, "Running …");
      const showResult = await validate();
      setText(this.validateButton, "Validate");
      this.validateButton.style.inlineSize = "";
      this.validateButton.ariaBusy = null;
      this.validateButton.disabled = false;
      this.validateButton.focus(); // a disabled button loses the focus
      showResult();
    });
    const buttons = [this.nextButton, this.restoreButton, this.validateButton];
    this.due = createNode("span", "course-bar-due");
    const content = [...links, this.meter, this.count, this.due, ...buttons, this.notice];
    const row = createNode("div", "course-progress", ...content);
    this.node = createNode("div", "course-bar", row);
    // On a narrow page the buttons wrap, which JupyterLab's layout does not notice.
    new ResizeObserver(() => {
      this.node.style.minHeight = `${row.offsetHeight}px`;
      this.onResize?.();
    }).observe(row);
  }

  /** Show the counts; `tests` and `questions` are those of progress.js. */
  update(tests, questions) {
    const isDone = ({ state }) => state === "passed" || state === "answered";
    const all = [...tests, ...questions];
    setText(this.count, summarize(tests, questions));
    Object.assign(this.meter, { value: all.filter(isDone).length, max: all.length || 1 });
    this.damaged = questions.find(({ state, original }) => state === "damaged" && original);
    this.restoreButton.hidden = !this.damaged;
    if (this.damaged) setText(this.restoreButton, `Restore question ${this.damaged.number}`);
    const isUnanswered = questions.some((question) => !isDone(question));
    setText(this.nextButton, isUnanswered ? "Next unanswered question" : "Next open exercise");
    this.nextButton.hidden = all.every(isDone);
    return all.length > 0;
  }

  /** Show when the assignment is due; `deadline` is null if that isn't known. */
  showDeadline(deadline) {
    if (!deadline) return this.due.replaceChildren();
    const line = drawDue(deadline, "span");
    const rule = [deadline.late && `Now ${deadline.late}.`, ruleText(deadline)];
    const text = rule.filter(Boolean).join(" ");
    if (deadline.late) line.append(` · ${deadline.late}`);
    const hidden = text ? [createNode("span", "course-hidden", ` ${text}`)] : [];
    this.due.title = text;
    this.due.replaceChildren(line, ...hidden);
  }

  /** Tell the learner what has just happened. */
  say(message) {
    setText(this.notice, message);
  }
}
