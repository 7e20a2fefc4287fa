// What explorers share: a description that waits for its reader, and tiles cut out of one picture.

import { createElement } from "./shared.js";

const TILE = 28; // the side of a digit in pixels
const SPEECH_DELAY_MS = 150; // while a slider moves, a screen reader announces the slider alone

/** Return a paragraph that a screen reader announces once what it describes has stopped changing. */
export function createDescription(describe) {
  const node = createElement("p", { "aria-live": "polite" });
  let timer;
  const write = () => {
    node.textContent = describe();
  };
  const writeSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(write, SPEECH_DELAY_MS);
  };
  return { node, write, writeSoon, destroy: () => clearTimeout(timer) };
}

/** Return a canvas for one digit. */
export function createTile(label) {
  return createElement("canvas", { width: TILE, height: TILE, role: "img", "aria-label": label });
}

/** Paint the tile in this column and row of the picture that holds all of them. */
export function paintTile(canvas, pictures, column, row) {
  const source = [column * TILE, row * TILE, TILE, TILE];
  canvas.getContext("2d").drawImage(pictures, ...source, 0, 0, TILE, TILE);
}
