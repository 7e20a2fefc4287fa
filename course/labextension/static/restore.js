// Puts a damaged question back into the notebook, with the answer that can still be read.

/** Return the restored text of a question from progress.js; the server matches the options by their
 * text, as in grading.
 * @throws {Error} The server did not answer. */
export async function readRestored({ original, indices }, cells, post) {
  const answers = indices.map((index) => cells[index].source);
  const response = await post("course/restore", { released: original.source, answers });
  const { source, message } = await response.json();
  if (typeof source !== "string") throw new Error(message);
  return source;
}

/** Write the text into the question's cell, or put the released cell in its place, or where it was;
 * further damaged cells of the question, such as the other half of a split one, are removed.
 * Returns the index of the cell. */
export function putBack({ original, indices, state }, source, notebook, cells) {
  const [first, ...further] = indices;
  const isQuestion = (cell) => cell?.type === "markdown" && cell.course?.quiz instanceof Object;
  let index = first;
  notebook.transact(() => {
    if (state === "damaged") {
      for (const extra of further.reverse()) notebook.deleteCell(extra); // the last first
    }
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
