// A link within a lesson, such as from a term to its entry in the glossary. JupyterLab jumps there,
// but cells far from the window get their height only when they come near, and then push the entry
// out of sight. So go there again, until it stays.

const PAUSES = [0, 60, 150, 300, 600]; // milliseconds; who turns the wheel meanwhile is left alone

/** Follow clicks on such links in a notebook's page. */
export function settle(node) {
  node.addEventListener("click", ({ target }) => {
    const id = target.closest?.('a[href^="#"]')?.getAttribute("href").slice(1);
    const entry = id && node.querySelector(`[data-jupyter-id="${CSS.escape(id)}"]`);
    if (!entry) return;
    const jumps = PAUSES.map((pause) => setTimeout(() => entry.scrollIntoView(), pause));
    node.addEventListener("wheel", () => jumps.forEach(clearTimeout), {
      once: true,
      passive: true,
    });
  });
}
