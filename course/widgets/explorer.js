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

// JupyterLab takes single keys (d d deletes a cell) unless the focused element says no;
// Shift+Enter and Ctrl+S must still reach it.
function guardKeys(root) {
  const guard = (event) => {
    if (!root.contains(event.target)) return;
    const forLab = event.ctrlKey || event.metaKey || (event.key === "Enter" && event.shiftKey);
    event.target.toggleAttribute("data-lm-suppress-shortcuts", !forLab);
  };
  window.addEventListener("keydown", guard, true);
  return () => window.removeEventListener("keydown", guard, true);
}
