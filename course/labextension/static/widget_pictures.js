// A widget lives in the kernel. Where its kernel is gone, show the picture saved with the notebook
// instead of an error or of controls that do nothing.

const VIEW = "application/vnd.jupyter.widget-view+json";
const ERROR = "Error displaying widget"; // what Jupyter's widget manager writes
const LOADING = "Loading widget..."; // what it leaves there as long as there is no kernel
const NEEDS_KERNEL = "[data-needs-kernel]"; // other explorers work on without one
const GONE = ["restarting", "autorestarting", "terminating", "dead"];
const REPAIR_DELAY_MS = 100;

/** Return an element over each photograph, which a dark page doesn't invert. */
function createPhotographs(boxes) {
  return (Array.isArray(boxes) ? boxes : []).map((box) => {
    const photograph = document.createElement("span");
    photograph.className = "course-photograph";
    for (const [i, side] of ["left", "top", "width", "height"].entries()) {
      photograph.style[side] = `${100 * Number(box?.[i])}%`;
    }
    return photograph;
  });
}

function createPicture({ data, metadata }) {
  const figure = document.createElement("figure");
  figure.className = "course-widget-picture";
  const description = metadata["image/png"]?.alt ?? data["text/plain"] ?? "An interactive figure.";
  if (typeof data["image/png"] === "string") {
    const image = document.createElement("img");
    image.src = `data:image/png;base64,${data["image/png"].replaceAll("\n", "")}`;
    image.alt = description;
    image.width = metadata["image/png"]?.width ?? 768;
    const shown = document.createElement("div");
    shown.className = "course-figure";
    shown.append(image, ...createPhotographs(metadata["image/png"]?.photographs));
    figure.append(shown);
  } else {
    figure.append(String(description));
  }
  const caption = document.createElement("figcaption");
  caption.textContent =
    "Run this cell to play again. In a new kernel, run the cells above it first.";
  figure.append(caption);
  return figure;
}

/** Return the outputs of a cell that are widgets, [node, output]. */
function* widgetOutputs({ outputArea: area }) {
  for (const [i, { node }] of (area?.widgets ?? []).entries()) {
    const output = area.model.get(i);
    const shown = node.querySelector(".jp-OutputArea-output");
    if (shown && output?.data[VIEW]) yield [shown, output];
  }
}

/** Return whether Jupyter shows the picture itself, as in a notebook that it doesn't trust. */
function isPlainImage(node) {
  return node.classList.contains("jp-RenderedImage") && !node.querySelector("figure");
}

/** Show the picture instead of controls that do nothing any more. */
function coverWidgets(content) {
  for (const [node, output] of content.widgets.flatMap((cell) => [...widgetOutputs(cell)])) {
    if (!node.querySelector(NEEDS_KERNEL) || node.querySelector(".course-widget-picture")) continue;
    node.classList.add("course-widget-disconnected");
    node.append(createPicture(output));
  }
}

/** Show pictures in place of the widgets of a notebook that have no kernel. */
export function showWidgetPictures({ content, sessionContext }) {
  let timer = null;
  const repair = () => {
    timer = null;
    if (content.isDisposed) return;
    const hasKernel = sessionContext.isReady && sessionContext.session?.kernel;
    for (const cell of content.widgets) {
      for (const [node, output] of widgetOutputs(cell)) {
        const text = node.childElementCount ? "" : node.textContent;
        const isStuck = text === LOADING && sessionContext.isReady && !hasKernel;
        const replaces = text.startsWith(ERROR) || isStuck || isPlainImage(node);
        if (replaces) node.replaceChildren(createPicture(output));
      }
    }
  };
  const scheduleRepair = () => {
    if (timer === null) timer = setTimeout(repair, REPAIR_DELAY_MS); // once after a burst of output
  };
  const observer = new MutationObserver(scheduleRepair);
  observer.observe(content.node, { childList: true, subtree: true });
  sessionContext.statusChanged.connect((_, status) => {
    if (GONE.includes(status)) coverWidgets(content);
  });
  sessionContext.kernelChanged.connect(scheduleRepair);
  sessionContext.ready.then(scheduleRepair);
  content.disposed.connect(() => observer.disconnect());
}
