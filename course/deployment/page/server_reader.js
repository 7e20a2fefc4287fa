// The digit page's reader on a server: it preprocesses and classifies there.
// Every address is relative to the page, so that the page works under any prefix.

export async function createReader() {
  const samples = await fetch("samples.json")
    .then((response) => response.json())
    .catch(() => ({}));
  return { samples, preprocess, read };
}

/** Return {stages, box, notes, payload} of a drawing, {strokes, pen, way, deployment}. */
function preprocess(drawing, signal) {
  return post("preprocess", JSON.stringify(drawing), signal);
}

/** Return the chosen deployment's reading of a preprocessed drawing. */
async function read({ choices: { deployment, way }, body }) {
  const address = deployment === "model" ? "model/predict" : `function/predict?way=${way}`;
  const answer = await post(address, body);
  return answer.details[0];
}

async function post(address, body, signal) {
  const headers = { "Content-Type": "application/json" };
  let response;
  try {
    response = await fetch(address, { method: "POST", body, signal, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server didn’t answer. Is it still running?");
  }
  const fallback = { error: `The server answered with status ${response.status}.` };
  const content = await response.json().catch(() => fallback);
  if (!response.ok) throw new Error(content.error ?? fallback.error);
  return content;
}
