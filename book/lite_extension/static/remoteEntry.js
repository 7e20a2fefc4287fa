// The entry point of the extension: see the same file in course/labextension.
(() => {
  const baseUrl = document.currentScript.src;
  const id = "autoencoder-course-lite";
  const get = async () => {
    const { answerRequests } = await import(new URL("replies.js", baseUrl).href);
    const activate = (app) => answerRequests(app.serviceManager.serverSettings, baseUrl);
    const plugin = { id: `${id}:replies`, autoStart: true, activate };
    return () => ({ __esModule: true, default: [plugin] });
  };
  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB[id] = { init() {}, get };
})();
