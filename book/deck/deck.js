// Divides slides that are too tall, then starts reveal.js. A plain script, so that it also runs
// from a file.

const WIDTH = 1280;
const HEIGHT = 720;
const LEAST_HEIGHT = 300; // of a figure that makes room for text
const SIZES = [0.9, 0.8, 0.7, 0.6, 0.5];

const isTooTall = (slide) => slide.offsetHeight > HEIGHT;
const isTooWide = (slide) => slide.scrollWidth > WIDTH;

/** Add a slide with the same heading and notes after another one. */
function continued(slide) {
  const next = slide.cloneNode(false);
  const heading = slide.firstElementChild.cloneNode(true);
  heading.querySelector(".continued")?.remove();
  const more = document.createElement("span");
  more.className = "continued";
  more.textContent = " (continued)";
  heading.append(more);
  next.append(heading);
  const notes = slide.querySelector(":scope > .notes");
  if (notes) next.append(notes.cloneNode(true));
  slide.after(next);
  return next;
}

/** Move the last rows, items or paragraphs of a block into a copy until the slide fits. */
function cut(block, slide) {
  const list = block.querySelector("tbody") ?? block;
  const rest = block.cloneNode(true);
  const copy = rest.querySelector("tbody") ?? rest;
  copy.replaceChildren();
  const whole = [...list.children];
  while (list.children.length > 1 && isTooTall(slide)) copy.prepend(list.lastElementChild);
  if (isTooTall(slide) || copy.children.length === 0) {
    list.replaceChildren(...whole);
    return null;
  }
  if (block.start) rest.start = block.start + list.children.length;
  return rest;
}

/** Make a block smaller: a figure until the slide fits, anything else in steps. */
function shrink(block, slide) {
  const image = block.querySelector("img");
  if (image) {
    const height = HEIGHT - (slide.offsetHeight - image.offsetHeight);
    image.style.maxHeight = `${Math.max(height, 100)}px`;
    return;
  }
  for (const size of SIZES) {
    if (!isTooTall(slide) && !isTooWide(slide)) return;
    block.style.fontSize = `${size}em`;
  }
}

/** Make the slide's last figure smaller if the slide then fits, and say so. */
function squeeze(slide) {
  const image = [...slide.querySelectorAll("img")].at(-1);
  const height = image ? image.offsetHeight - (slide.offsetHeight - HEIGHT) : 0;
  if (height < LEAST_HEIGHT) return false;
  image.style.maxHeight = `${height}px`;
  return !isTooTall(slide);
}

/** Divide a slide into as many as its blocks need. */
function divide(slide) {
  const notes = slide.querySelector(":scope > .notes");
  const [, ...queue] = [...slide.children].filter((child) => child !== notes);
  for (const block of queue) block.remove();
  let current = slide;
  while (queue.length > 0) {
    const block = queue.shift();
    const isFirst = current.querySelectorAll(":scope > :not(.notes)").length === 1;
    current.append(block);
    if (isTooWide(current)) shrink(block, current);
    if (!isTooTall(current) || squeeze(current)) continue;
    const mayCut =
      block.matches("ul, ol, blockquote") || (isFirst && block.matches(".table, table"));
    const rest = mayCut ? cut(block, current) : null;
    if (rest) queue.unshift(rest);
    else if (isFirst) shrink(block, current);
    else queue.unshift(block);
    if (queue.length > 0) current = continued(current);
  }
}

/** Make a question smaller, so that its options stay together. */
function keepTogether(slide) {
  for (const size of SIZES) {
    if (!isTooTall(slide)) return;
    slide.style.fontSize = `${size}em`;
  }
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
}

function start() {
  const deck = document.querySelector(".reveal");
  for (const slide of deck.querySelectorAll(".slides > section > section")) {
    if (slide.matches(".question")) keepTogether(slide);
    else divide(slide);
  }
  deck.classList.remove("measuring");
  const { Reveal, RevealNotes } = window;
  Reveal.initialize({
    width: WIDTH,
    height: HEIGHT,
    margin: 0,
    center: false,
    hash: true,
    slideNumber: "c/t",
    transition: "none",
    plugins: [RevealNotes],
  });
  Reveal.addKeyBinding({ keyCode: 68, key: "D", description: "Light or dark" }, () => {
    setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  });
}

setTheme(window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
window.addEventListener("load", start);
