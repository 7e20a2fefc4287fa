// The map of the start page: one stop for each lesson, and in a class its assignment.
import { drawDue, formatTime, ruleText } from "./due.js";
import { createNode } from "./question.js";

const RECENT = 3; // submissions that are listed

export const titleOf = ({ lesson, name }) => lesson?.title ?? name;
export const isDone = ({ notebooks }) =>
  notebooks.length > 0 && notebooks.every(({ done }) => done);
export const isBegun = ({ notebooks }) => notebooks.some(({ begun }) => begun);
const count = ({ notebooks }, part, index) =>
  notebooks.reduce((total, notebook) => total + notebook[part][index], 0);

/** Return what share of a lesson is done, from 0 to 1. */
export function shareOf(lesson) {
  const total = count(lesson, "exercises", 1) + count(lesson, "questions", 1);
  const done = count(lesson, "exercises", 0) + count(lesson, "questions", 0);
  return total ? done / total : 0;
}

export function progressText(lesson) {
  const describe = (part, things, verb) => {
    const [done, all] = [0, 1].map((index) => count(lesson, part, index));
    if (!all) return "";
    const noun = all === 1 ? things.slice(0, -1) : things;
    return isBegun(lesson) ? `${done} of ${all} ${noun} ${verb}` : `${all} ${noun}`;
  };
  const exercises = describe("exercises", "exercises", "pass");
  return [exercises, describe("questions", "questions", "answered")].filter(Boolean).join(" · ");
}

/** Return what a lesson gives, as a sentence. */
export const gainText = ({ lesson }) => `Afterward you can ${lesson.gives}.`;

export function timeText({ lesson }) {
  const [least, most] = lesson.minutes;
  return least === most ? `About ${most} minutes` : `${least} to ${most} minutes`;
}

/** Return the last submissions, each with its receipt and feedback. */
function drawSubmissions({ name, assignment: { submissions } }, home) {
  const items = submissions.slice(0, RECENT).map(({ time, receipt, feedback, fetchable }) => {
    const item = createNode("li", "", "Submitted ", formatTime(time));
    const key = `${name} ${time}`;
    if (receipt) item.append(" ", home.link("Receipt", receipt, `receipt ${key}`, "file"));
    for (const page of feedback) {
      item.append(" ", home.link("Feedback", page, `feedback ${page}`, "feedback"));
    }
    if (fetchable) {
      const label = feedback.length ? "Get the new feedback" : "Get feedback";
      item.append(
        " ",
        home.button(label, `get ${key}`, () => home.getFeedback(name)),
      );
    }
    return item;
  });
  const older = submissions.length - items.length;
  if (older > 0) items.push(createNode("li", "", `and ${older} earlier`));
  return createNode("ul", "course-submissions", ...items);
}

/** Return the buttons of a lesson. */
function drawButtons(lesson, home) {
  const { name, notebooks, assignment } = lesson;
  const buttons = notebooks.map(({ path }, index) => {
    const label = isDone(lesson) ? "Review" : isBegun(lesson) ? "Continue" : "Open";
    const file = notebooks.length > 1 ? ` ${path.split("/").at(-1)}` : "";
    const key = `open ${name}${index || ""}`;
    return home.link(label + file, path, key, isBegun(lesson) ? "resume" : "notebook");
  });
  if (assignment && !assignment.fetched) {
    buttons.push(home.button("Fetch", `fetch ${name}`, () => home.fetch(name)));
  }
  if (assignment?.fetched && notebooks.length) {
    const label = assignment.submissions.length ? "Submit again" : "Submit";
    buttons.push(home.button(label, `submit ${name}`, () => home.submit(name)));
  }
  for (const button of buttons) {
    button.setAttribute("aria-label", `${button.textContent}: ${titleOf(lesson)}`);
  }
  return createNode("div", "course-buttons", ...buttons);
}

function stateOf(lesson, inClass) {
  if (isDone(lesson)) return ["done", "Complete"];
  if (isBegun(lesson)) return ["begun", "In progress"];
  if (lesson.notebooks.length) return ["new", "Not started"];
  if (lesson.assignment?.fetched)
    return ["closed", "The folder has no notebook. Delete the folder, then fetch."];
  if (lesson.assignment) return ["new", "Released"];
  return ["closed", inClass ? "Not released yet" : "Not in this folder"];
}

/** Return a lesson of the map; `home` is the start page's controller. */
export function drawStop(lesson, number, home) {
  const [state, stateText] = stateOf(lesson, home.content.in_class);
  const marker = createNode("span", "course-marker", state === "done" ? "✓" : `${number}`);
  marker.setAttribute("aria-hidden", "true");
  const body = createNode("div", "course-stop-text");
  const hidden = createNode("span", "course-hidden", `Lesson ${number}: `);
  body.append(createNode("h3", "", hidden, titleOf(lesson)));
  if (lesson.lesson) {
    body.append(createNode("p", "", gainText(lesson)));
    const needs = `${timeText(lesson)} · Before you start: ${lesson.lesson.needs}`;
    body.append(createNode("p", "course-meta", needs));
  }
  if (lesson.deadline) {
    body.append(drawDue(lesson.deadline));
    const text = [
      lesson.deadline.late && `Now ${lesson.deadline.late}.`,
      ruleText(lesson.deadline),
    ];
    const rule = text.filter(Boolean).join(" ");
    if (rule) body.append(createNode("p", "course-meta course-late-rule", rule));
  }
  const line = createNode("p", "course-progress-line", createNode("strong", "", stateText));
  if (lesson.notebooks.length) line.append(` · ${progressText(lesson)}`);
  if (state === "begun") {
    const meter = createNode("progress", "course-meter");
    Object.assign(meter, { max: 1, value: shareOf(lesson), ariaHidden: "true" });
    line.prepend(meter);
  }
  body.append(line);
  for (const { trouble, path } of lesson.notebooks) {
    if (trouble)
      body.append(createNode("p", "course-trouble", `${path} can’t be read: ${trouble}`));
  }
  if (lesson.assignment?.submissions.length) body.append(drawSubmissions(lesson, home));
  const stop = createNode("li", "course-stop", marker, body, drawButtons(lesson, home));
  stop.dataset.state = state;
  stop.dataset.name = lesson.name;
  return stop;
}
