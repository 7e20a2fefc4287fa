// Puts a damaged question back into the notebook, with the answer that can still be read.
import { isOtherVariant } from "./pool.js";

const MAX_CHARS = 20_000; // of what is left of a question; the server reads no more

/** Return the restored text of a question from progress.js, or the reason why there is none:
 * {source, message}. The server matches the options by their text, as in grading. */
export async function readRestored({ original, indices }, cells, { path, post }) {
  const kind = original.metadata.course?.quiz?.kind ?? "choice";
  const sources = indices.map((index) => cells[index].source);
  // An answer to another variant of a pool is none to this one.
  const rest = sources.filter((source) => !isOtherVariant(source, original)).join("\n");
  const content = { path, released: original.source, answer: rest.slice(0, MAX_CHARS), kind };
  return post("course/restore", content)
    .then((response) => response.json())
    .catch(() => ({ message: "the server didn’t answer" }));
}

/** Write the text into the question's cell, or put the released cell in its place, or where it was;
 * further cells of the question, such as the other half of a split one, are removed. Returns the
 * index of the cell. */
export function putBack({ original, indices }, source, notebook, cells) {
  const [first, ...further] = indices;
  const isQuestion = (cell) => cell?.type === "markdown" && cell.course?.quiz instanceof Object;
  let index = first;
  notebook.transact(() => {
    for (const extra of further.reverse()) notebook.deleteCell(extra); // the last first
    if (isQuestion(cells[first])) {
      notebook.getCell(first).setSource(source);
      return;
    }
    if (first !== undefined) notebook.deleteCell(first);
    else index = cells.findIndex(({ id }) => id === original.after) + 1 || cells.length;
    const { course, nbgrader } = original.metadata;
    const isTaken = cells.some(({ id }, other) => id === original.id && !indices.includes(other));
    notebook.insertCell(index, {
      cell_type: "markdown",
      ...(isTaken ? {} : { id: original.id }),
      metadata: { course, nbgrader, deletable: false },
      source,
    });
  });
  return index;
}
