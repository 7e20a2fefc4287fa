// What the course's server would reply, for JupyterLite, from what `book/lite.py` writes to
// replies.json: for questions with options, the server's own reply to each selection; for typed
// answers, keys for judge.js.
import { judgeFields, shownAnswer } from "./judge.js";
import { readValues } from "./quiz/fields.js";
import { kindNamed } from "./quiz/kinds.js";
import { parse } from "./quiz/text.js";

const HTTP = { headers: { "Content-Type": "application/json" } };

const replyWith = (content, status = 200) =>
  new Response(JSON.stringify(content), { ...HTTP, status });
const folderOf = (path) => path.split("/").at(-2) ?? "";

/** Return the reply to a task list: `text` is the released one. */
function checkOptions({ text, replies }, answer) {
  const nameOf = ({ body }) => body.normalize("NFC").replace(/\s+/g, " ").trim();
  const { options, unclear } = parse(answer);
  if (unclear) {
    const message = "It isn’t clear which options are ticked; write [x] to tick one.";
    return { verdict: "unclear", message, explanations: [] };
  }
  const names = parse(text).options.map(nameOf);
  const places = options.filter(({ ticked }) => ticked).map((one) => names.indexOf(nameOf(one)));
  return replies[[...new Set(places)].sort((a, b) => a - b).join(",")];
}

/** Return the reply to what was typed into fields. */
function checkFields(key, answer) {
  const { results, ...reply } = judgeFields(key, readValues(answer));
  const explanations = results.flatMap(({ value, right, remark }, index) => {
    const field = key.fields[index];
    if (!value) return [];
    const text = right ? field.explanation : (field.remarks[remark]?.text ?? "");
    return [{ option: shownAnswer(key.kind, value, field), text, right }];
  });
  return { ...reply, explanations };
}

/** Return the reply to an answer; it may be one to any variant of a pool. */
export function check({ checks }, { path, question, answer }) {
  if (!checks) {
    return replyWith({ verdict: "saved", message: "Your answer is saved.", explanations: [] });
  }
  const known = checks[`${folderOf(path)}/${question}`];
  if (!known) {
    const message = "this edition has no key to it; your answer is saved";
    return replyWith({ message }, 404);
  }
  const { isIntact, answerOf } = kindNamed(known.kind);
  const variant = known.variants.find(({ text }) => {
    const hasAllFields = readValues(answer).length === readValues(text).length;
    return isIntact(answer, text) && hasAllFields;
  });
  if (!variant || !answerOf(answer)) {
    return replyWith({ message: "the question has been changed; restore it first" }, 404);
  }
  return replyWith(variant.fields ? checkFields(variant, answer) : checkOptions(variant, answer));
}

function help({ helps }, { path, exercise, step }) {
  const exercises = helps?.[folderOf(path)] ?? {};
  const steps = Object.fromEntries(
    Object.entries(exercises).map(([name, texts]) => [name, texts.length]),
  );
  return replyWith({
    steps,
    text: exercise ? (exercises[exercise]?.[Number(step) - 1] ?? "") : "",
  });
}

/** Return the released question with the answer that can still be read. */
function restore(_, { released, answer, kind }) {
  // Once the text has changed, nobody knows which line one of several values belongs to.
  const isUnclear = readValues(released).length > 1;
  return replyWith({ source: isUnclear ? released : kindNamed(kind).copyAnswer(released, answer) });
}

const refuse = (message) => () => replyWith({ message }, 501);
const ROUTES = {
  "course/check": check,
  "course/help": help,
  "course/restore": restore,
  "assignments/validate": refuse(
    "this edition has no server; the test below each exercise says whether it passes",
  ),
};

/** Answer the course's requests from replies.json; all others go where they went before. */
export function answerRequests(settings, baseUrl) {
  const send = settings.fetch;
  let replies;
  settings.fetch = async (request, init) => {
    const address = new URL(request.url ?? request, window.location.href);
    const root = new URL(settings.baseUrl, window.location.href).href;
    const path = address.origin + address.pathname; // the query only keeps caches away
    const route = path.startsWith(root) && ROUTES[path.slice(root.length)];
    if (!route) return send(request, init);
    replies ??= fetch(new URL("replies.json", baseUrl)).then((response) => response.json());
    return route(await replies, await new Request(request, init).json());
  };
}
