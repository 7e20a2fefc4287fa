// What Validate says about a notebook, as a dialog.
import { createButton, createNode } from "./question.js";

const TITLE = "Validation Results";

/** Ask the server to run the notebook; resolves to {report} or {error}. */
export async function askForReport(path, post) {
  const reply = await post("assignments/validate", { path })
    .then((response) => response.json())
    .catch(() => ({ message: "the server didn’t answer" }));
  if (reply.report) return { report: reply.report };
  return { error: `Not validated: ${reply.message ?? reply.value}` };
}

/** Show a report or an error; resolves to the finding whose button was pressed, if one was.
 * `openDialog(title, node)` returns {closed, close}. */
export async function showReport({ report, error }, canRestore, openDialog) {
  const body = createNode("div", "course-report");
  const { summary, findings } = report ?? { summary: [error], findings: [] };
  for (const sentence of summary) body.append(createNode("p", "course-sentence", sentence));
  const list = createNode("ul", "course-findings");
  let chosen;
  for (const finding of findings) {
    const name = finding.title.split(":")[0].toLowerCase();
    const verb = finding.damaged && canRestore(finding) ? "Restore" : "Go to";
    const button = createButton(`${verb} ${name}`, () => {
      chosen = finding;
      dialog.close();
    });
    const title = createNode("strong", "course-finding", finding.title);
    const message = createNode("p", "course-message", finding.message);
    list.append(createNode("li", "", title, message, button));
  }
  if (findings.length) body.append(list);
  const dialog = openDialog(TITLE, body);
  await dialog.closed;
  return chosen;
}
