// The picture at the top of the start page: a digit, its code, its copy.

import { CODE, COPY, DIGIT } from "./home_picture.js";
import { createNode } from "./question.js";

const SVG = "http://www.w3.org/2000/svg";
const SIDE = 28;
const BAR = 6; // the width of a number of the code, with its gap
const [DIGIT_X, CODE_X, COPY_X] = [0, 40, 232];

const shape = (name, attributes) => {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
};

/** Return the inked pixels of a picture, each as a square. */
const drawPixels = (picture, x) =>
  [...picture].flatMap((level, index) => {
    const opacity = Number.parseInt(level, 16) / 15;
    if (!opacity) return [];
    const place = { x: x + 2 * (index % SIDE), y: 2 * Math.floor(index / SIDE) };
    return [shape("rect", { ...place, width: 2, height: 2, "fill-opacity": opacity })];
  });

const drawBars = () =>
  CODE.map((height, index) => {
    const length = Math.max(1, (Math.abs(height) / 100) * 24);
    const place = { x: CODE_X + 20 + index * (BAR - 1), y: height > 0 ? 28 - length : 28 };
    return shape("rect", { ...place, width: BAR - 3, height: length, rx: 1, class: "course-code" });
  });

/** Return the picture, with its description. */
export function drawArt() {
  const image = shape("svg", { viewBox: "0 0 288 56", role: "img", class: "course-art-image" });
  const text = "A drawn 3, the 30 numbers of its code, and the copy made of them, also a 3";
  image.setAttribute("aria-label", text);
  image.append(...drawPixels(DIGIT, DIGIT_X), ...drawBars(), ...drawPixels(COPY, COPY_X));
  const caption = ["784 numbers", "30", "784 again"].map((word) => createNode("span", "", word));
  const words = createNode("figcaption", "course-art-words", ...caption);
  words.setAttribute("aria-hidden", "true"); // the description says the same
  const figure = createNode("figure", "course-art", image);
  figure.append(words);
  return figure;
}

/** Return the digit alone, as decoration. */
export function drawDigit() {
  const image = shape("svg", { viewBox: "0 0 56 56", class: "course-thumbnail" });
  image.setAttribute("aria-hidden", "true");
  image.append(...drawPixels(DIGIT, 0));
  return image;
}
