// Links within a lesson, such as from a term to its glossary entry. JupyterLab jumps to the target,
// but cells far from the window get their height only as they come into view, and then push the
// target out of sight. So scroll to it again until the layout has settled or the user takes over.

const INTERVAL_MS = 100;
const SETTLE_MS = 10_000;
const USER_INPUT = ["wheel", "keydown", "pointerdown"];

/** Follow clicks on links to anchors inside a notebook. */
export function followAnchorLinks(notebook) {
  notebook.addEventListener("click", ({ target: clicked }) => {
    const id = clicked.closest?.('a[href^="#"]')?.getAttribute("href").slice(1);
    const target = id && notebook.querySelector(`[data-jupyter-id="${CSS.escape(id)}"]`);
    if (!target) return;
    const timer = setInterval(() => target.scrollIntoView(), INTERVAL_MS);
    const stop = () => clearInterval(timer);
    setTimeout(stop, SETTLE_MS);
    for (const type of USER_INPUT) notebook.addEventListener(type, stop, { once: true });
  });
}
