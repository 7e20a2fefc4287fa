// Requests to the student's Jupyter server.

/** Return a function that asks for a path below the server's address; with content it posts. */
export function createRequester({ serviceManager: { serverSettings } }, ServerConnection) {
  return (path, content) => {
    const init = content ? { method: "POST", body: JSON.stringify(content) } : {};
    const url = new URL(path, serverSettings.baseUrl).href;
    return ServerConnection.makeRequest(url, init, serverSettings);
  };
}
