// Links within a lesson, such as from a term to its glossary entry. JupyterLab jumps to the target,
// but cells far from the window get their height only as they come into view, and then push the
// target out of sight. So scroll to it again until the layout has settled.

const RETRIES_MS = [0, 60, 150, 300, 600];

/** Follow clicks on links to anchors inside a notebook. Scrolling by hand ends the retries. */
export function followAnchorLinks(notebook) {
  notebook.addEventListener("click", ({ target: clicked }) => {
    const id = clicked.closest?.('a[href^="#"]')?.getAttribute("href").slice(1);
    const target = id && notebook.querySelector(`[data-jupyter-id="${CSS.escape(id)}"]`);
    if (!target) return;
    const timers = RETRIES_MS.map((delay) => setTimeout(() => target.scrollIntoView(), delay));
    const stop = () => {
      for (const timer of timers) clearTimeout(timer);
    };
    notebook.addEventListener("wheel", stop, { once: true, passive: true });
  });
}
