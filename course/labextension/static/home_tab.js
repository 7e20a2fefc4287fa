// The start page as a tab of JupyterLab, and the way to it: a link above every lesson, a tile in
// the launcher, a command, and the address that `python -m course lab` opens.
import { CourseHome } from "./home.js";
import { createNode } from "./question.js";

const COMMAND = "course:home";
const TITLE = "Course home";
const PARAMETER = "course"; // in JupyterLab's address: /lab?course=home
const PAGES = { notebook: "lab/tree/", resume: "lab/tree/", file: "lab/tree/", feedback: "files/" };
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <path class="jp-icon3" fill="#616161" d="M2 4l8 6v4l-8 6zM22 4l-8 6v4l8 6z"/></svg>`; // a bottleneck

const encode = (path) => path.split("/").map(encodeURIComponent).join("/");
const addressOf = (app, path) => new URL(path, app.serviceManager.serverSettings.baseUrl).href;

export class HomeTab {
  /** `packages` are JupyterLab's own, `notebooks` (its tracker), `quizzes` (by notebook), and
   * request(path, content), which resolves to the server's response. */
  constructor(app, packages) {
    Object.assign(this, { app, ...packages });
    this.icon = new this.LabIcon({ name: "autoencoder-course:home", svgstr: ICON });
  }

  /** Return a link to the start page; in Notebook 7, where each page is one document, in a tab. */
  static createLink(app) {
    const link = createNode("a", "course-button", TITLE);
    Object.assign(link, { href: addressOf(app, "course"), target: "course-home" });
    link.addEventListener("click", (event) => {
      if (!app.commands.hasCommand(COMMAND) || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      app.commands.execute(COMMAND);
    });
    return link;
  }

  /** Add the command, and to those of JupyterLab's places that there are. */
  register(palette, restorer, launcher) {
    const { app, icon } = this;
    if (app.name !== "JupyterLab") return;
    const execute = () => this.show();
    const caption = "Lessons, progress, and where to go on";
    app.commands.addCommand(COMMAND, { label: TITLE, caption, icon, execute });
    palette?.addItem({ command: COMMAND, category: "Course" });
    launcher?.add({ command: COMMAND, category: "Other", rank: 0 });
    this.tracker = new this.WidgetTracker({ namespace: "course-home" });
    restorer?.restore(this.tracker, { command: COMMAND, name: () => "home" });
    const address = new URL(window.location.href);
    if (!address.searchParams.has(PARAMETER)) return;
    app.restored.then(() => {
      const current = new URL(window.location.href); // JupyterLab may have changed it
      current.searchParams.delete(PARAMETER);
      window.history.replaceState(null, "", current.href);
      this.show();
    });
  }

  show() {
    if (!this.tab || this.tab.isDisposed) this.create();
    if (!this.tab.isAttached) this.app.shell.add(this.tab, "main");
    this.app.shell.activateById(this.tab.id);
    return this.tab;
  }

  create() {
    const { app, Widget, icon } = this;
    this.tab = new Widget();
    Object.assign(this.tab, { id: "course-home" });
    Object.assign(this.tab.title, { label: TITLE, icon, closable: true });
    const home = new CourseHome(this.tab.node, {
      request: async (path, content) => (await this.request(path, content)).json(),
      href: (path, kind) => addressOf(app, (PAGES[kind] ?? "") + encode(path)),
      open: (path, kind) => this.open(path, kind),
      save: (folder) => this.save(folder),
      reload: (folder) => this.reload(folder),
      print: () => window.open(addressOf(app, "course"), "course-home"),
    });
    this.tab.node.tabIndex = -1;
    this.tab.onActivateRequest = () => this.tab.node.focus();
    this.tab.onAfterShow = () => home.load();
    home.load();
    this.tracker.add(this.tab);
  }

  /** Open a file of the student's in a tab; return whether that is done here. */
  open(path, kind) {
    if (kind === "page") return false;
    const factory = kind === "feedback" ? { factory: "HTML Viewer" } : {};
    const options = { path, ...factory };
    const known = new Set(this.notebooks.filter(() => true));
    const opened = this.app.commands.execute("docmanager:open", options);
    if (kind === "resume") opened.then((panel) => known.has(panel) || this.resume(panel));
    return true;
  }

  async resume(panel) {
    await panel.revealed; // by then the tracker has announced it
    this.quizzes.get(panel).resume();
  }

  /** Save the open notebooks of a folder before it is submitted. */
  async save(folder) {
    const isHere = ({ context }) => context.path.startsWith(`${folder}/`) && context.model.dirty;
    await Promise.all(this.notebooks.filter(isHere).map(({ context }) => context.save()));
  }
  /** Show the open notebooks of a folder as they are on disk. */
  async reload(folder) {
    const isHere = ({ context }) => context.path.startsWith(`${folder}/`);
    await Promise.all(this.notebooks.filter(isHere).map(({ context }) => context.revert()));
  }
}
