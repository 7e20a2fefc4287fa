// The door through which JupyterLab and Notebook load the extension: they expect a container
// with init() and get(), usually made by a bundler; by hand it is this short.
(() => {
  const here = document.currentScript.src;
  let shared;

  // Jupyter's own copy of a package, never a second one: tokens are compared by identity.
  const borrow = async (name) => {
    const versions = Object.values(shared[name] ?? {});
    if (!versions.length) throw new Error(`autoencoder-course: Jupyter does not share ${name}`);
    return (await (versions.find((one) => one.loaded) ?? versions[0]).get())();
  };

  const extension = async () => {
    const packages = ["notebook", "services", "apputils"].map((name) => `@jupyterlab/${name}`);
    const [{ INotebookTracker }, { ServerConnection }, { Notification }, { Widget }] =
      await Promise.all([...packages, "@lumino/widgets"].map(borrow));
    const { QuizNotebook } = await import(new URL("notebook.js", here).href);
    const { announce } = await import(new URL("receipt.js", here).href);
    const { settle } = await import(new URL("link.js", here).href);
    const style = { rel: "stylesheet", href: new URL("style.css", here).href };
    document.head.append(Object.assign(document.createElement("link"), style));
    const activate = ({ serviceManager: { serverSettings } }, tracker) => {
      const post = (path, body) => {
        const init = { method: "POST", body: JSON.stringify(body) };
        const address = new URL(path, serverSettings.baseUrl).href;
        return ServerConnection.makeRequest(address, init, serverSettings);
      };
      const open = (panel) => {
        new QuizNotebook(panel, { Widget, post });
        settle(panel.content.node);
      };
      tracker.forEach(open);
      tracker.widgetAdded.connect((_, panel) => open(panel));
    };
    const id = "autoencoder-course";
    const quiz = { id: `${id}:quiz`, autoStart: true, requires: [INotebookTracker], activate };
    const receipt = {
      id: `${id}:receipt`,
      autoStart: true,
      activate: ({ serviceManager, commands }) => {
        const open = (path) => commands.execute("docmanager:open", { path });
        announce(serviceManager.events.stream, Notification, open);
      },
    };
    return () => ({ __esModule: true, default: [quiz, receipt] });
  };

  window._JUPYTERLAB ??= {};
  const init = (scope) => void (shared = scope);
  window._JUPYTERLAB["autoencoder-course"] = { init, get: extension };
})();
