// The start page: where to go on, the map of lessons, and what was achieved. JupyterLab shows it in
// a tab (home_tab.js), and the server as a page (home_page.js). Everything that comes from the
// student's folder is inserted as text.
import { drawDue, ruleText } from "./due.js";
import { drawArt, drawDigit } from "./home_art.js";
import { InstallCard } from "./home_install.js";
import {
  drawStop,
  gainText,
  isBegun,
  isDone,
  progressText,
  shareOf,
  timeText,
  titleOf,
} from "./home_lessons.js";
import { drawSummary } from "./home_summary.js";
import { createButton, createNode } from "./question.js";

const INTRODUCTION =
  "Squeeze a picture through thirty numbers and get it back. Learn what autoencoders are, build " +
  "them, and find out whether they are any good.";
const NOTE = "Progress is counted in your saved notebooks. It is your own check, not a grade.";
const NO_ANSWER = "The server didn’t answer. Try again in a minute.";

/** Return the lesson to go on with: the one last worked on that isn't complete, else the first one
 * that isn't; undefined if none is left. */
export function findNext(lessons) {
  const open = lessons.filter(
    (lesson) =>
      !isDone(lesson) && (lesson.notebooks.length || lesson.assignment?.fetched === false),
  );
  const lastChange = ({ notebooks }) =>
    notebooks
      .map(({ changed }) => changed)
      .sort()
      .at(-1);
  const begun = open.filter(isBegun).sort((a, b) => (lastChange(a) < lastChange(b) ? 1 : -1));
  return begun[0] ?? open[0];
}

export class CourseHome {
  /** `actions` are request(path, content), which resolves to the reply's JSON; href(path, kind) and
   * open(path, kind), which returns whether it opens the file; save(folder) and reload(folder), for
   * open notebooks; and print(). */
  constructor(node, actions) {
    Object.assign(this, { node, actions, sections: createNode("div", "course-sections") });
    this.notice = createNode("p", "course-status");
    this.notice.setAttribute("role", "status");
    const introduction = createNode("p", "", INTRODUCTION);
    const words = createNode("div", "", createNode("h1", "", "Autoencoders"), introduction);
    const hero = createNode("header", "course-hero", words, drawArt());
    node.classList.add("course-home");
    node.append(createNode("div", "course-column", hero, this.sections, this.notice));
  }

  /** Read everything anew, and keep the focus where it is. */
  async load() {
    const content = await this.actions.request("course/home").catch(() => null);
    if (!content?.lessons) return this.say(NO_ANSWER);
    const focus = this.sections.contains(document.activeElement) && document.activeElement.dataset;
    this.content = content;
    this.draw();
    if (content.trouble) this.say(content.trouble);
    if (focus) this.focus(focus.focus);
  }

  /** Focus the first control with one of the keys. */
  focus(...keys) {
    const controls = [...this.sections.querySelectorAll("[data-focus]")];
    const find = (key) => controls.find(({ dataset }) => dataset.focus === key);
    keys.map(find).find(Boolean)?.focus();
  }

  say(message) {
    this.notice.textContent = message;
  }

  find(name) {
    return this.content.lessons.find((lesson) => lesson.name === name);
  }

  draw() {
    const { lessons, digits } = this.content;
    const finished = lessons.filter(isDone).length;
    const isComplete = finished === lessons.length;
    const next = findNext(lessons);
    const minutes = lessons.reduce((sum, { lesson }) => sum + (lesson?.minutes[1] ?? 0), 0);
    const size = `${lessons.length} lessons, about ${Math.round(minutes / 60)} hours in all`;
    const stops = lessons.map((lesson, index) => drawStop(lesson, index + 1, this));
    const map = createNode("ol", "course-map", ...stops);
    const promise =
      `${finished} of ${lessons.length} lessons complete. ` +
      "When all are, your summary of achievement appears here, ready to print.";
    this.sections.replaceChildren(
      ...this.drawUpdate(),
      ...(isComplete ? [drawSummary(lessons, this)] : []),
      ...(next ? [this.drawNext(next)] : []),
      ...this.drawInstall(),
      createNode("h2", "", "All lessons", createNode("span", "course-meta", size)),
      map,
      ...(isComplete ? [] : [createNode("p", "course-promise", promise)]),
      ...(digits ? [this.drawDigits(digits)] : []),
      createNode("p", "course-meta", NOTE),
    );
  }

  drawNext(lesson) {
    const { notebooks, name } = lesson;
    const isFirst = !this.content.lessons.some(isBegun);
    const begun = isBegun(lesson);
    const label = begun ? "Continue where you were" : isFirst ? "Start here" : "Up next";
    const button = notebooks.length
      ? this.link(
          begun ? "Continue" : "Begin",
          notebooks[0].path,
          "next",
          begun ? "resume" : "notebook",
        )
      : this.button("Fetch", "next", () => this.fetch(name));
    button.classList.add("course-primary");
    button.setAttribute("aria-label", `${button.textContent}: ${titleOf(lesson)}`);
    const words = createNode("div", "course-grow", createNode("h2", "course-eyebrow", label));
    words.append(createNode("p", "course-title", titleOf(lesson)));
    if (lesson.lesson) words.append(createNode("p", "", gainText(lesson)));
    const meta = begun || !lesson.lesson ? progressText(lesson) : timeText(lesson);
    words.append(createNode("p", "course-meta", meta));
    const section = createNode("section", "course-card course-next", words, button);
    section.style.setProperty("--course-share", `${100 * shareOf(lesson)}%`);
    return section;
  }

  /** Show how far TensorFlow is, on a server that installs it. */
  drawInstall() {
    const { tensorflow } = this.content;
    if (!tensorflow || (tensorflow.state === "installed" && !this.install)) return []; // no news
    this.install ??= new InstallCard(this);
    this.install.show(tensorflow);
    return [this.install.node];
  }

  /** Offer corrected versions of lessons, and show what the last update has moved. */
  drawUpdate() {
    const { corrected = [] } = this.content;
    const cards = [];
    if (corrected.length) {
      const names = [...new Set(corrected.map((path) => path.split("/")[0]))];
      const titles = names.map((name) => `“${titleOf(this.find(name) ?? { name })}”`).join(", ");
      const text = "Your answers move into it, and your present notebook is kept, too.";
      const words = createNode("div", "course-grow");
      words.append(createNode("h2", "course-title", "A corrected version is out"));
      words.append(createNode("p", "", `${titles}. ${text}`));
      const button = this.button("Update", "update", () => this.update(names));
      cards.push(createNode("section", "course-card course-update", words, button));
    }
    if (this.report) {
      const lines = this.report.map((line) => createNode("li", "", line));
      const words = createNode("div", "course-grow");
      words.append(createNode("h2", "course-title", "What the update has moved"));
      words.append(createNode("ul", "course-moved", ...lines));
      words.tabIndex = -1;
      words.dataset.focus = "report";
      cards.push(createNode("section", "course-card", words));
    }
    return cards;
  }

  async update(names) {
    this.say("Updating …");
    for (const name of names) await this.actions.save?.(name);
    const reply = await this.actions.request("course/update", {}).catch(() => null);
    for (const name of names) await this.actions.reload?.(name);
    if (!reply?.lines) return this.say(reply?.message ?? NO_ANSWER);
    this.report = reply.lines.length ? reply.lines : ["All lessons are up to date."];
    await this.load();
    this.say("The corrected version is in your folder.");
    this.focus("report");
  }

  drawDigits(path) {
    const words = createNode(
      "div",
      "course-grow",
      createNode("h2", "course-title", "Draw a digit"),
    );
    const text = "Watch your drawing become 784 numbers, and see what a network makes of them.";
    words.append(createNode("p", "", text));
    const link = this.link("Open the digit page", path, "digits", "page");
    link.target = "_blank";
    return createNode("section", "course-card", drawDigit(), words, link);
  }

  /** Return a link to a file; `kind` is notebook, resume, file, feedback or page. */
  link(label, path, key, kind) {
    const link = createNode("a", "course-button", label);
    link.href = this.actions.href(path, kind);
    link.dataset.focus = key;
    link.addEventListener("click", (event) => {
      const opensTab = event.ctrlKey || event.metaKey || event.shiftKey;
      if (!opensTab && this.actions.open?.(path, kind)) event.preventDefault();
    });
    return link;
  }

  /** Return a button whose action can't be started twice. */
  button(label, key, action) {
    const button = createButton(label, async () => {
      if (button.ariaDisabled === "true") return;
      button.ariaDisabled = "true"; // unlike `disabled`, it keeps the focus
      await action();
      button.ariaDisabled = "false";
    });
    button.dataset.focus = key;
    return button;
  }

  print() {
    this.actions.print();
  }

  /** Let nbgrader act on an assignment; return its reply, or null. */
  ask(action, name) {
    const content = { course_id: this.find(name).assignment.course_id, assignment_id: name };
    return this.actions.request(`assignments/${action}`, content).catch(() => null);
  }

  async fetch(name) {
    const title = titleOf(this.find(name));
    this.say(`Fetching “${title}” …`);
    await this.ask("fetch", name);
    await this.load();
    const isFetched = this.find(name)?.assignment?.fetched;
    this.say(
      isFetched
        ? `“${title}” is in your folder ${name}.`
        : `“${title}” was not fetched. Try again, and tell your instructor if that doesn’t help.`,
    );
    this.focus(`open ${name}`, `fetch ${name}`);
  }

  /** Ask before a late submission; resolves to whether to submit. */
  async confirmLate(name) {
    const query = `course/deadline?path=${encodeURIComponent(name)}`;
    const deadline = await this.actions.request(query).catch(() => null);
    if (!deadline?.late) return true;
    const title = createNode("h2", "", `Submit “${titleOf(this.find(name))}” late?`);
    title.id = "course-late-title";
    const submit = createButton("Submit", () => dialog.close("submit"));
    const cancel = createButton("Cancel", () => dialog.close());
    const buttons = createNode("div", "course-buttons", cancel, submit);
    const cost = createNode("p", "course-late", deadline.late);
    const rule = createNode("p", "course-meta", ruleText(deadline));
    const dialog = createNode("dialog", "course-dialog", title, drawDue(deadline), cost, rule);
    dialog.append(buttons);
    dialog.setAttribute("aria-labelledby", title.id);
    this.node.append(dialog);
    dialog.showModal();
    const answer = await new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
    });
    dialog.remove();
    this.focus(`submit ${name}`);
    return answer === "submit";
  }

  async submit(name) {
    const title = titleOf(this.find(name));
    if (!(await this.confirmLate(name))) return this.say(`“${title}” was not submitted.`);
    this.say(`Submitting “${title}” …`);
    await this.actions.save?.(name);
    const reply = await this.ask("submit", name);
    await this.load();
    if (!reply) return this.say(NO_ANSWER);
    const [, reason] = String(reply.value).match(/ExchangeError: ([\s\S]*)$/) ?? [];
    const failure = reason ?? "Nothing was submitted. Tell your instructor.";
    this.say(reply.success ? `“${title}” was submitted. Your receipt is in the list.` : failure);
    this.focus(`submit ${name}`);
  }

  async getFeedback(name) {
    this.say("Getting the feedback …");
    await this.ask("fetch_feedback", name);
    await this.load();
    const pages = this.find(name).assignment.submissions.flatMap(({ feedback }) => feedback);
    this.say(pages.length ? "Your feedback is here." : "There is no feedback yet.");
    this.focus(...pages.map((page) => `feedback ${page}`));
  }
}
