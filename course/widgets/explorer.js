// What all explorers share. Python puts it before an explorer's own script: anywidget loads one
// file, and imports nothing beside it.

const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function draw(parent, tag, attributes, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

// JupyterLab takes keys (d d deletes a cell, Ctrl+Backspace merges two) unless the focused element
// says no. What runs cells and saves must still reach it, but nothing that changes the notebook.
const CHANGING = "azxm"; // with Ctrl: select all cells, undo in the notebook, cut, merge
function guardKeys(root) {
  const guard = (event) => {
    if (!root.contains(event.target)) return;
    const { key } = event;
    const held = event.ctrlKey || event.metaKey;
    const runs = key === "Enter" && (held || event.shiftKey || event.altKey);
    const forLab = runs || (held && key.length === 1 && !CHANGING.includes(key.toLowerCase()));
    event.target.toggleAttribute("data-lm-suppress-shortcuts", !forLab);
  };
  window.addEventListener("keydown", guard, true);
  return () => window.removeEventListener("keydown", guard, true);
}
