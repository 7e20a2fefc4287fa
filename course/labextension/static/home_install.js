// The card about TensorFlow, which a self-learner's server installs while the lessons are open.
import { createNode } from "./question.js";

const POLL_MS = 2000;
const TITLES = {
  installing: "TensorFlow is being installed",
  failed: "TensorFlow is not installed",
  installed: "TensorFlow is installed",
  unavailable: "TensorFlow is not available",
};
const ADVICE = {
  installing: "You can begin now. Only cells that train networks need it, and they wait for it.",
  failed: "Only cells that train networks need it; everything else works.",
  installed: "Cells that train networks can run.",
  unavailable: "Only cells that train networks need it.",
};

const formatTime = (seconds) =>
  seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;

export class InstallCard {
  /** `home` is the start page's controller. */
  constructor(home) {
    this.home = home;
    this.title = createNode("h2", "course-title");
    this.title.tabIndex = -1;
    this.advice = createNode("p");
    this.step = createNode("p", "course-meta");
    const words = createNode("div", "course-grow", this.title, this.advice, this.step);
    this.again = home.button("Try again", "install", () => this.start());
    this.node = createNode("section", "course-card course-install", words, this.again);
  }

  /** Show a reply of the server, and ask for the next one while something happens. */
  show({ state, text, seconds }) {
    this.title.textContent = TITLES[state];
    this.advice.textContent = ADVICE[state];
    this.step.textContent = state === "installing" ? `${text} … ${formatTime(seconds)}` : text;
    this.again.hidden = state !== "failed";
    if (this.state === "installing" && state !== "installing") this.home.say(TITLES[state]);
    this.state = state;
    if (state === "installing") this.timer ??= setTimeout(() => this.poll(), POLL_MS);
  }

  async poll() {
    this.timer = undefined;
    if (!this.node.isConnected) return; // the tab is closed
    const reply = await this.home.actions.request("course/tensorflow").catch(() => null);
    if (reply?.state) this.show(reply);
  }

  async start() {
    const reply = await this.home.actions.request("course/tensorflow", {}).catch(() => null);
    if (!reply?.state) return;
    this.show(reply);
    if (this.again.hidden) this.title.focus(); // the button that had the focus is gone
  }
}
