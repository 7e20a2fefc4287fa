// Creates the page's elements; independent of Jupyter.

export function createNode(tag, className, ...children) {
  const node = Object.assign(document.createElement(tag), { className });
  node.append(...children);
  return node;
}

export const createButton = (label, onclick) =>
  Object.assign(createNode("button", "course-button", label), { type: "button", onclick });
