// The page of the digit canvas. It draws and shows; preparing and reading are the server's.
// Every address is relative to the page, so that it works under any prefix.

import { makeBars, makePad, makeStrip } from "./digit_pad.js";
import { copyText, textOf, wordsFor } from "./payload.js";

const at = (id) => document.getElementById(id);
const form = at("choices");
const strip = makeStrip(at("strip"));
const bars = makeBars(at("bars"));
strip.element.hidden = true;

const samples = await fetch("samples.json")
  .then((answer) => answer.json())
  .catch(() => ({}));
const pad = makePad(at("pad"), { samples, onStroke: prepare });

let prepared = null; // {payload, sent, stages, chosen}: what belongs to the strokes as they are
let preparing = null; // the promise of it
let cancel = new AbortController();
let shown = null; // the last answer's pictures, for a change of theme

const chosen = () => Object.fromEntries(new FormData(form));

function tell(words, trouble = false) {
  at("status").textContent = words;
  at("status").classList.toggle("trouble", trouble);
}

async function post(address, text, signal) {
  let answer;
  try {
    answer = await fetch(address, {
      method: "POST",
      body: text,
      signal,
      headers: { "Content-Type": "application/json" },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server does not answer. Does it still run?");
  }
  const found = await answer
    .json()
    .catch(() => ({ error: `The server answered ${answer.status}.` }));
  if (!answer.ok) throw new Error(found.error ?? `The server answered ${answer.status}.`);
  return found;
}

// ---------------------------------------------------------------- from the drawing to the payload

function prepare() {
  cancel.abort(); // the latest drawing wins
  cancel = new AbortController();
  prepared = null;
  markOld();
  if (!pad.strokes.length) {
    preparing = null;
    showPrepared(null);
    tell("Draw a digit to begin.");
    return;
  }
  const choices = chosen();
  const drawing = JSON.stringify({ strokes: pad.strokes, pen: pad.pen, ...choices });
  preparing = post("preprocess", drawing, cancel.signal).then(
    (found) => {
      prepared = { ...found, chosen: choices, sent: JSON.stringify(found.payload) };
      showPrepared(prepared);
      tell(found.notes.join(" ") || "Ready to analyze.", found.notes.length > 0);
    },
    (error) => {
      if (error.name === "AbortError") return;
      showPrepared(null);
      tell(error.message, true);
    },
  );
}

function showPrepared(found) {
  strip.element.hidden = !found;
  at("no-steps").hidden = Boolean(found);
  at("payload-box").hidden = !found;
  at("route").textContent = found ? routeWords(found) : "";
  at("payload-words").textContent = found
    ? wordsFor(found.payload, found.sent)
    : "There is none yet.";
  at("copied").textContent = "";
  if (!found) return;
  strip.show(found);
  showPayload();
}

function routeWords({ chosen: { deployment, way }, stages }) {
  const rest = way === "mnist" ? "MNIST’s way" : "the lecture’s way";
  return deployment === "model"
    ? `All steps are done before sending, ${rest}. The model deployment gets the last one: 784 numbers.`
    : `Sent after step 2: the square canvas. The function deployment does steps 3 to ${stages.length - 1} ` +
        `itself, ${rest}; they are shown here too.`;
}

function showPayload() {
  const whole = at("all").getAttribute("aria-pressed") === "true";
  at("payload").textContent = textOf(prepared.payload, whole);
}

at("all").addEventListener("click", () => {
  const whole = at("all").getAttribute("aria-pressed") !== "true";
  at("all").setAttribute("aria-pressed", String(whole));
  if (prepared) showPayload();
});
at("copy-payload").addEventListener("click", async () => {
  if (!prepared) return;
  const done = await copyText(prepared.sent);
  at("copied").textContent = done ? "Copied, all of it." : "The browser did not allow it.";
});
form.addEventListener("change", prepare);

// ---------------------------------------------------------------- from the payload to the answer

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!pad.strokes.length) return tell("The canvas is empty. Draw a digit first.", true);
  await preparing;
  const asked = prepared;
  if (!asked) return; // what was wrong is said already
  const { deployment, way } = asked.chosen;
  const address = deployment === "model" ? "model/predict" : `function/predict?way=${way}`;
  tell("Waiting for the answer …");
  try {
    const answer = await post(address, asked.sent);
    if (asked !== prepared) return; // someone went on drawing
    showAnswer(answer.details[0], asked);
  } catch (error) {
    tell(error.message, true);
  }
});

function showAnswer(reading, asked) {
  const { digit, probabilities, error, error_limit: limit } = reading;
  at("none").hidden = true;
  at("found").hidden = false;
  at("found").classList.remove("old");
  at("digit").textContent = digit;
  bars.show(probabilities);
  const pixels = asked.stages.at(-1).pixels; // the 784 numbers as grey levels
  const seen = Uint8Array.from(atob(pixels), (letter) => letter.charCodeAt(0));
  shown = { seen: Array.from(seen, (level) => level / 255), copy: reading.reconstruction };
  paintCopies();
  const meter = at("error");
  meter.max = 3 * limit;
  meter.high = limit;
  meter.value = error;
  at("error-text").textContent = error.toFixed(1);
  at("verdict").textContent = reading.looks_like_a_digit
    ? `99 digits in a hundred stay below ${limit}: this looks like one.`
    : `Only one digit in a hundred lies above ${limit}: this may be no digit, or not prepared like one.`;
  at("verdict").classList.toggle("trouble", !reading.looks_like_a_digit);
  at("found").scrollIntoView({ block: "nearest" }); // on a phone it is further down
  const sure = Math.round(100 * probabilities[digit]);
  tell(
    `Read as ${digit}, with a probability of ${sure} %, by the ${asked.chosen.deployment} deployment.`,
  );
}

function markOld() {
  at("found").classList.add("old");
}

function paintCopies() {
  if (!shown) return;
  const style = getComputedStyle(strip.element);
  const [paper, ink] = ["--pad-paper", "--pad-ink"].map((name) => {
    const hex = style.getPropertyValue(name).trim().replace("#", "");
    return [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16));
  });
  for (const [id, values] of [
    ["sent", shown.seen],
    ["copy", shown.copy],
  ]) {
    const image = new ImageData(28, 28);
    values.forEach((value, i) => {
      for (let k = 0; k < 3; k += 1) image.data[4 * i + k] = paper[k] + (ink[k] - paper[k]) * value;
      image.data[4 * i + 3] = 255;
    });
    at(id).getContext("2d").putImageData(image, 0, 0);
  }
}

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  strip.repaint();
  paintCopies();
});
document.documentElement.dataset.ready = "yes";
