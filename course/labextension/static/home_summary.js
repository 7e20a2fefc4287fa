// The summary of achievement at the end of the course, for the screen and for paper.
import { createNode } from "./question.js";

const total = (lessons, part) =>
  lessons.flatMap(({ notebooks }) => notebooks).reduce((sum, item) => sum + item[part][0], 0);

/** Return the summary of lessons that are all complete; `home` is the start page's controller. */
export function drawSummary(lessons, home) {
  const changes = lessons.flatMap(({ notebooks }) => notebooks.map(({ changed }) => changed));
  const last = new Date(changes.sort().at(-1));
  const date = last.toLocaleDateString(undefined, { dateStyle: "long" });
  const gains = lessons.flatMap(({ lesson }) =>
    lesson ? [createNode("li", "", lesson.gives)] : [],
  );
  const input = createNode("input", "course-name");
  Object.assign(input, { type: "text", maxLength: 80, autocomplete: "name" });
  const printed = createNode("p", "course-printed-name");
  const rename = (name) => {
    home.learner = name;
    printed.textContent = name;
  };
  rename(home.learner ?? "");
  input.value = home.learner;
  input.dataset.focus = "name";
  input.addEventListener("input", () => rename(input.value));
  const label = createNode("label", "course-name-label", "Your name, for the printout", input);
  const counts =
    `${lessons.length} lessons, ${total(lessons, "exercises")} exercises solved, ` +
    `${total(lessons, "questions")} questions answered. Last worked on ${date}.`;
  return createNode(
    "section",
    "course-card course-achievement",
    createNode("p", "course-eyebrow", "Summary of achievement"),
    createNode("h2", "", "You have completed the course"),
    printed,
    createNode("p", "", counts),
    createNode("p", "", "You can now:"),
    createNode("ul", "course-gains", ...gains),
    createNode("p", "course-meta", "Self-checked: counted in the learner’s own notebooks."),
    createNode(
      "div",
      "course-print",
      label,
      home.button("Print", "print", () => home.print()),
    ),
  );
}
