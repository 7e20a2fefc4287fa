// Links within a lesson, such as from a term to its glossary entry. JupyterLab jumps to the target,
// but cells far from the window get their height only as they come into view, and then push the
// target out of sight. So scroll to it again until the layout has settled or the user takes over.

const INTERVAL_MS = 100;
const SETTLE_MS = 10_000;
const USER_INPUT = ["wheel", "keydown", "pointerdown"];

/** Call a function when the user does something in a notebook. */
export function onUserInput(notebook, callback) {
  for (const type of USER_INPUT) notebook.addEventListener(type, callback, { once: true });
}

/** Scroll a part of a notebook into view until the layout has settled or the user takes over. */
export function holdInView(notebook, part) {
  const timer = setInterval(() => part.scrollIntoView(), INTERVAL_MS);
  const stop = () => clearInterval(timer);
  setTimeout(stop, SETTLE_MS);
  onUserInput(notebook, stop);
}

/** Follow clicks on links to anchors inside a notebook. */
export function followAnchorLinks(notebook) {
  notebook.addEventListener("click", ({ target: clicked }) => {
    const id = clicked.closest?.('a[href^="#"]')?.getAttribute("href").slice(1);
    const target = id && notebook.querySelector(`[data-jupyter-id="${CSS.escape(id)}"]`);
    if (target) holdInView(notebook, target);
  });
}
