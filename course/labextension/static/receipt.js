// Tells a student that a submission has arrived: what, when, and where the receipt is.
// The event comes from the server (course/server/receipts.py), however the student submitted.

const SCHEMA = "https://autoencoder-course.invalid/receipt";

/** Show a notification for each receipt until it is dismissed; `openFile` opens one by its path. */
export function showReceipts(events, Notification, openFile) {
  events.connect((_, { schema_id: schema, assignment, time, content, path, late }) => {
    if (schema !== SCHEMA) return;
    const cost = late ? `, ${late}` : "";
    const at = time.replace(/[.]\d+/, "");
    // JupyterLab cuts off messages after 140 characters; the receipt has the whole hash.
    const text = `${assignment} submitted at ${at}${cost}. SHA-256 ${content.slice(0, 8)}…`;
    const actions = [{ label: "Open receipt", callback: () => openFile(path) }];
    Notification.success(text, { autoClose: false, actions: path ? actions : [] });
  });
}
