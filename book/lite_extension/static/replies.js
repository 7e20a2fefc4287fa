// What the course's server would reply, for JupyterLite. `book/lite.py` computes the replies with the
// server's code and writes them to replies.json; this file looks them up.

const OPTION = /^\s*[-*+] \[([ xX])\] (.*)$/;
const HTTP = { headers: { "Content-Type": "application/json" } };

const replyWith = (content, status = 200) =>
  new Response(JSON.stringify(content), { ...HTTP, status });
const folderOf = (path) => path.split("/").at(-2) ?? "";

/** Return the texts of a question's options that are ticked. */
export function tickedOptions(source) {
  const options = source.split("\n").map((line) => line.match(OPTION));
  return options.filter((found) => found && found[1] !== " ").map(([, , text]) => text.trim());
}

function check({ checks }, { path, question, answer }) {
  if (!checks) {
    return replyWith({ verdict: "saved", message: "Your answer is saved.", explanations: [] });
  }
  const known = checks[`${folderOf(path)}/${question}`];
  if (!known) {
    const message = "only an installed course checks this kind of question; your answer is saved";
    return replyWith({ message }, 404);
  }
  const ticked = tickedOptions(answer);
  const places = ticked.map((text) => known.options.indexOf(text));
  if (places.includes(-1)) {
    return replyWith({ message: "the question has been changed; restore it first" }, 404);
  }
  return replyWith(known.replies[places.sort((a, b) => a - b).join(",")]);
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

const refuse = (message) => () => replyWith({ message }, 501);
const ROUTES = {
  "course/check": check,
  "course/help": help,
  "course/restore": refuse("this edition can’t restore questions; open a new copy of the lesson"),
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
