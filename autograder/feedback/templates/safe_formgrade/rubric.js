// The buttons of a rubric in formgrader. They fill in nbgrader's own score and comment: a line of
// the comment says which level of a criterion was reached, so the comment is all that is stored.

const press = (button, isPressed) => {
  button.setAttribute("aria-pressed", isPressed);
  button.classList.toggle("btn-primary", isPressed);
  button.classList.toggle("btn-default", !isPressed);
};

const save = (field, value) => {
  field.value = value;
  field.dispatchEvent(new Event("change", { bubbles: true })); // nbgrader saves it
  field.dispatchEvent(new Event("autosize:update"));
};

class Rubric {
  constructor(section) {
    const name = section.dataset.answer;
    this.maximum = section.dataset.maximum;
    this.score = document.getElementById(name);
    this.comment = document.getElementById(`${name}-comment`);
    this.status = section.querySelector("[role=status]");
    this.remarks = [...section.querySelectorAll(".remark")];
    this.criteria = [...section.querySelectorAll(".criterion")].map((group) => ({
      start: group.dataset.start,
      levels: [...group.querySelectorAll("button")],
    }));
    // Not read from the field, which shows an older text while a newer one is being saved.
    this.text = this.comment.value;
    this.comment.closest(".panel-footer").before(section); // between the answer and its comment
    this.listen();
    this.show();
    for (const button of section.querySelectorAll("button")) button.disabled = false;
  }

  listen() {
    this.comment.addEventListener("input", () => {
      this.text = this.comment.value;
      this.show();
    });
    for (const criterion of this.criteria)
      for (const level of criterion.levels)
        level.addEventListener("click", () => this.choose(criterion, level));
    for (const remark of this.remarks)
      remark.addEventListener("click", () => this.toggle(remark.dataset.line));
  }

  lines() {
    return this.text.split("\n");
  }

  criterionOf(line) {
    return this.criteria.find(({ start }) => line.startsWith(start));
  }

  levelOf({ start, levels }) {
    const line = this.lines().find((one) => one.startsWith(start)) ?? "";
    return levels.find((level) => line.startsWith(level.dataset.start));
  }

  /** Return the levels that are chosen, at most one for each criterion. */
  chosen() {
    return this.criteria.flatMap((criterion) => this.levelOf(criterion) ?? []);
  }

  total() {
    const points = this.chosen().map((level) => Number(level.dataset.points));
    return Math.round(100 * points.reduce((sum, each) => sum + each, 0)) / 100;
  }

  show() {
    const chosen = this.chosen();
    for (const { levels } of this.criteria)
      for (const level of levels) press(level, chosen.includes(level));
    const lines = this.lines();
    for (const remark of this.remarks) press(remark, lines.includes(remark.dataset.line));
    const [count, all] = [chosen.length, this.criteria.length];
    this.status.textContent =
      count === all
        ? `${this.total()} of ${this.maximum} points`
        : `${count} of ${all} criteria chosen; the score is saved with the last`;
  }

  write(text) {
    this.text = text;
    save(this.comment, text);
    this.show();
  }

  /** Choose a level, or undo that; the lines of all levels come first, in the rubric's order. */
  choose(criterion, level) {
    const isUndone = level.getAttribute("aria-pressed") === "true";
    const own = this.lines().filter((line) => this.criterionOf(line));
    const kept = new Map(own.map((line) => [this.criterionOf(line), line]));
    if (isUndone) kept.delete(criterion);
    else kept.set(criterion, level.dataset.line);
    const list = this.criteria.flatMap((one) => kept.get(one) ?? []).join("\n");
    const others = this.lines().filter((line) => !own.includes(line));
    const rest = others.join("\n").trim();
    const gap = rest.startsWith("- ") ? "\n" : "\n\n"; // else it would continue the list
    this.write([list, rest].filter(Boolean).join(gap));
    if (this.chosen().length === this.criteria.length) save(this.score, this.total());
    else if (isUndone) save(this.score, ""); // it waits for a person again
  }

  /** Add a comment, or remove it. */
  toggle(line) {
    const others = this.lines().filter((one) => one !== line);
    const added = others.length === this.lines().length ? [line] : [];
    this.write([...others, ...added].join("\n").trim());
  }
}

// Formgrader begins to read scores and comments when the page is loaded.
window.addEventListener("load", () => {
  let awaited = 2;
  const proceed = () => {
    awaited -= 1;
    if (awaited > 0) return;
    for (const section of document.querySelectorAll("section.rubric")) new Rubric(section);
  };
  formgrader.grades.once("sync", proceed);
  formgrader.comments.once("sync", proceed);
});
