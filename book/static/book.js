// What the book's pages do by themselves: questions, explorers, and the theme that explorers follow.

import { createElement } from "./widgets/shared.js";

let questions = 0;

/** Make a question's containers a group of radio buttons, or of checkboxes, with Check. */
function enliven(question) {
  questions += 1;
  const type = question.classList.contains("multiple") ? "checkbox" : "radio";
  const prompt = question.querySelector(".question-prompt");
  prompt.id = `question-${questions}`;
  const options = [...question.querySelectorAll(".question-option")];
  for (const [i, option] of options.entries()) {
    const id = `question-${questions}-${i}`;
    const input = createElement("input", { type, id, name: `question-${questions}` });
    const text = option.querySelector(".option-text");
    const label = createElement("label", { for: id }, input);
    text.replaceWith(label);
    label.append(text);
    input.addEventListener("change", () => reset(options, status));
  }
  const group = createElement("fieldset", { "aria-labelledby": prompt.id }, prompt, ...options);
  const status = createElement("span", { role: "status" });
  question.append(group);
  if (!options.some((option) => option.matches(".right"))) return; // built without keys
  const button = createElement("button", { type: "button" }, "Check");
  button.addEventListener("click", () => check(options, status));
  question.append(button, status);
}

function reset(options, status) {
  status.textContent = "";
  for (const option of options) option.classList.remove("checked");
}

const isChosen = (option) => option.querySelector("input").checked;
const isRight = (option) => option.classList.contains("right");

function check(options, status) {
  const chosen = options.filter(isChosen);
  if (!chosen.length) {
    status.textContent = "Choose an answer first.";
    return;
  }
  for (const option of options) option.classList.toggle("checked", isChosen(option));
  const isComplete = options.every((option) => isRight(option) === isChosen(option));
  if (isComplete) status.textContent = "Correct.";
  else if (chosen.every(isRight)) status.textContent = "Correct so far, but incomplete.";
  else status.textContent = "Not correct. Read why below your choice, and try again.";
}

/** Load what questions with fields need only where a page has one. */
async function showFields(question) {
  questions += 1;
  const name = `question-${questions}`;
  const { enlivenFields } = await import("./field_question.js");
  await enlivenFields(question, name);
}

/** A widget's model without a kernel: traits that the page keeps. */
class PageModel {
  constructor(traits) {
    Object.assign(this, { traits, listeners: [] });
  }

  get(name) {
    return this.traits[name];
  }

  set(name, value) {
    const changes = typeof name === "string" ? { [name]: value } : name;
    for (const [trait, next] of Object.entries(changes)) {
      if (this.traits[trait] === next) continue;
      this.traits[trait] = next;
      this.emit(`change:${trait}`);
    }
  }

  save_changes() {
    this.emit("save");
  }

  on(events, listener) {
    for (const event of events.split(" ")) this.listeners.push({ event, listener });
  }

  off(events, listener) {
    const gone = events.split(" ");
    this.listeners = this.listeners.filter(
      (entry) => !(gone.includes(entry.event) && (!listener || entry.listener === listener)),
    );
  }

  emit(event) {
    for (const entry of [...this.listeners]) if (entry.event === event) entry.listener();
  }
}

/** Return the traits of a saved widget, with its binary parts in place. */
function restoreTraits({ traits, buffers }) {
  for (const { data, path } of buffers) {
    const holder = path.slice(0, -1).reduce((value, key) => value[key], traits);
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    holder[path.at(-1)] = new DataView(bytes.buffer);
  }
  return traits;
}

/** Preprocess and classify the pad's drawing in the page, as DigitPad does in Python. */
async function readInPage(model) {
  const { preprocess } = await import("./widgets/preprocess.js");
  const { loadNetworks } = await import("./widgets/digit_networks.js");
  let networks = null;
  const update = async () => {
    const names = ["strokes", "pen", "width", "height", "way", "deployment"];
    const drawing = Object.fromEntries(names.map((name) => [name, model.get(name)]));
    if (!drawing.strokes.length) return model.set("found", { words: "Draw a digit, 0 to 9." });
    try {
      const prepared = preprocess(drawing);
      networks ??= loadNetworks(new URL("../digits/", import.meta.url).href);
      const { probabilities } = await networks;
      const shares = probabilities(prepared.vector);
      const digit = shares.indexOf(Math.max(...shares));
      const percent = Math.round(100 * shares[digit]);
      const words = model.get("classifies")
        ? [`Read as ${digit} with a probability of ${percent}%.`, ...prepared.notes]
        : [`${prepared.stages.length - 1} steps, 784 numbers.`, ...prepared.notes];
      const found = { ...prepared, words: words.join(" "), trouble: prepared.notes.length > 0 };
      if (model.get("classifies")) Object.assign(found, { digit, probabilities: shares });
      model.set("found", {
        ...found,
        payload: `${JSON.stringify(prepared.payload).slice(0, 5000)} …`,
      });
    } catch (error) {
      model.set("found", { words: error.message, trouble: true });
    }
  };
  model.on("save", update);
  await update();
}

/** Replace a widget's picture by the widget; if that fails, the picture stays. */
async function showWidget(place) {
  const { widget, state } = place.dataset;
  const address = (path) => new URL(path, import.meta.url).href;
  const [module, saved] = await Promise.all([
    import(address(`widgets/${widget}.js`)),
    fetch(address(`states/${state}`)).then((response) => response.json()),
  ]);
  const sheet = createElement("link", {
    rel: "stylesheet",
    href: address(`widgets/${widget}.css`),
  });
  await new Promise((resolve, reject) => {
    sheet.addEventListener("load", resolve);
    sheet.addEventListener("error", reject);
    document.head.append(sheet);
  });
  const model = new PageModel(restoreTraits(saved));
  if (widget === "digit_pad") await readInPage(model);
  const el = createElement("div");
  place.append(el);
  try {
    await module.default.render({ model, el });
    place.querySelector(":scope > img")?.remove();
    place.dataset.live = "yes";
  } catch (error) {
    el.remove();
    throw error;
  }
}

/** Let an autoencoder train in the page, or say what is missing. */
async function showTraining(place) {
  const sheet = createElement("link", {
    rel: "stylesheet",
    href: new URL("train.css", import.meta.url).href,
  });
  document.head.append(sheet);
  try {
    const { render } = await import("./train.js");
    await render(place, import.meta.url);
  } catch (error) {
    place.replaceChildren(`Training can’t start in this browser: ${error.message}`);
  }
}

/** Explorers look for the theme where JupyterLab writes it. */
function passThemeOn() {
  const isLight = document.documentElement.dataset.theme !== "dark";
  document.body.setAttribute("data-jp-theme-light", String(isLight));
}

/** The theme gives no name to the buttons that unfold a part of the table of contents. */
function nameTocButtons() {
  for (const button of document.querySelectorAll("li.has-children > details > summary")) {
    const part = button.closest("li").querySelector("a").textContent.trim();
    button.setAttribute("aria-label", `Pages of “${part}”`);
  }
}

nameTocButtons();
passThemeOn();
new MutationObserver(passThemeOn).observe(document.documentElement, {
  attributeFilter: ["data-theme"],
});

for (const question of document.querySelectorAll(".book-question:not(.book-fields)")) {
  enliven(question);
}
await Promise.allSettled([
  ...[...document.querySelectorAll(".book-fields")].map(showFields),
  ...[...document.querySelectorAll(".book-widget")].map(showWidget),
  ...[...document.querySelectorAll(".book-training")].map(showTraining),
]);
document.documentElement.dataset.ready = "yes";
