// The digit page draws and shows; its reader preprocesses and classifies, on the server or, in the
// static edition, in the page.

import { DrawingPad } from "./drawing_pad.js";
import { copyText, formatPayload, payloadSize } from "./payload.js";
import { ProbabilityBars, StageStrip, themeColors } from "./result_views.js";
import { paintPixels, toBytes } from "./shared.js";

const NOVELTY_LIMIT = 0.5; // course/classifier/novelty.py

const byId = (id) => document.getElementById(id);
const form = byId("choices");
const strip = new StageStrip(byId("strip"));
const bars = new ProbabilityBars(byId("bars"));
strip.element.hidden = true;

const { createReader } = await import(document.documentElement.dataset.reader);
const reader = await createReader();
const pad = new DrawingPad(byId("pad"), { samples: reader.samples, onStroke: preprocess });

let prepared = null; // {payload, body, stages, notes, choices} of the present drawing
let preparing = null; // the promise of it
let request = new AbortController();
let images = null; // of the last answer, to paint them anew after a change of theme

function showStatus(message, isTrouble = false) {
  byId("status").textContent = message;
  byId("status").classList.toggle("trouble", isTrouble);
}

// ---------------------------------------------------------------- from the drawing to the payload

function preprocess() {
  request.abort(); // only the latest drawing counts
  request = new AbortController();
  prepared = null;
  byId("found").classList.add("old");
  if (!pad.strokes.length) {
    preparing = null;
    showPrepared();
    showStatus("Draw a digit to begin.");
    return;
  }
  const choices = Object.fromEntries(new FormData(form));
  const drawing = { strokes: pad.strokes, pen: pad.pen, ...choices };
  preparing = reader.preprocess(drawing, request.signal).then(
    (content) => {
      prepared = { ...content, choices, body: JSON.stringify(content.payload) };
      showPrepared();
      showStatus(content.notes.join(" ") || "Ready to analyze.", content.notes.length > 0);
    },
    (error) => {
      if (error.name === "AbortError") return;
      showPrepared();
      showStatus(error.message, true);
    },
  );
}

function showPrepared() {
  strip.element.hidden = !prepared;
  byId("no-steps").hidden = Boolean(prepared);
  byId("payload-box").hidden = !prepared;
  byId("route").textContent = prepared ? describeRoute(prepared) : "";
  byId("payload-words").textContent = prepared
    ? payloadSize(prepared.payload, prepared.body)
    : "No payload yet.";
  byId("copied").textContent = "";
  if (!prepared) return;
  strip.show(prepared);
  showPayload();
}

function describeRoute({ choices: { deployment, way }, stages }) {
  const name = way === "mnist" ? "MNIST’s way" : "the lecture’s way";
  return deployment === "model"
    ? `All steps run before sending (${name}). The model deployment gets the last one: 784 numbers.`
    : "Sent after step 2: the square canvas. The function deployment runs steps 3 to " +
        `${stages.length - 1} itself (${name}); they are shown here as well.`;
}

function showPayload() {
  const isComplete = byId("all").getAttribute("aria-pressed") === "true";
  byId("payload").textContent = formatPayload(prepared.payload, isComplete);
}

byId("all").addEventListener("click", () => {
  const isComplete = byId("all").getAttribute("aria-pressed") !== "true";
  byId("all").setAttribute("aria-pressed", String(isComplete));
  if (prepared) showPayload();
});
byId("copy-payload").addEventListener("click", async () => {
  if (!prepared) return;
  const isCopied = await copyText(prepared.body);
  byId("copied").textContent = isCopied
    ? "Copied the complete payload."
    : "The browser didn’t allow copying.";
});
form.addEventListener("change", preprocess);

// ---------------------------------------------------------------- from the payload to the answer

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!pad.strokes.length) {
    showStatus("The canvas is empty. Draw a digit first.", true);
    return;
  }
  await preparing;
  const sent = prepared;
  if (!sent) return; // the status says why
  showStatus("Waiting for the answer …");
  try {
    const reading = await reader.read(sent);
    if (sent === prepared) showAnswer(reading, sent); // else the drawing has changed
  } catch (error) {
    showStatus(error.message, true);
  }
});

function showAnswer(reading, { stages, choices }) {
  const { digit, probabilities, error, novelty, looks_like_a_digit: isDigit } = reading;
  byId("none").hidden = true;
  byId("found").hidden = false;
  byId("found").classList.remove("old");
  byId("digit").textContent = digit;
  bars.show(probabilities);
  images = {
    sent: toBytes(stages.at(-1).pixels),
    copy: reading.reconstruction.map((share) => 255 * share),
  };
  paintImages();
  byId("error-text").textContent = error.toFixed(1);
  Object.assign(byId("novelty"), { high: NOVELTY_LIMIT, value: novelty });
  byId("novelty-text").textContent = novelty.toFixed(2);
  const isOdd =
    novelty <= NOVELTY_LIMIT
      ? "It resembles digits, but there is too little ink for one, or it is too flat."
      : `Only 1 digit in 100 exceeds ${NOVELTY_LIMIT}, so this may not be a digit, or it wasn’t prepared like one.`;
  const isFine = `99 out of 100 digits stay below ${NOVELTY_LIMIT}, so this looks like a digit.`;
  byId("verdict").textContent = isDigit ? isFine : isOdd;
  byId("verdict").classList.toggle("trouble", !isDigit);
  byId("found").scrollIntoView({ block: "nearest" }); // on a phone it is below the canvas
  const percent = Math.round(100 * probabilities[digit]);
  showStatus(`Read as ${digit} (probability ${percent}%) by the ${choices.deployment} deployment.`);
}

function paintImages() {
  if (!images) return;
  const [paper, ink] = themeColors(strip.element);
  for (const [id, levels] of Object.entries(images)) {
    paintPixels(byId(id), levels, 28, 28, paper, ink);
  }
}

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  strip.repaint();
  paintImages();
});
document.documentElement.dataset.ready = "yes";
