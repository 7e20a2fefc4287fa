// The entry point of the extension. JupyterLab and Notebook expect a module-federation container
// with init() and get(), which a bundler usually generates; written by hand, it is this short.
(() => {
  const baseUrl = document.currentScript.src;
  const id = "autoencoder-course";
  let sharedPackages;

  // Use Jupyter's own copy of a package, because its tokens are compared by identity.
  const importShared = async (name) => {
    const versions = Object.values(sharedPackages[name] ?? {});
    if (!versions.length) throw new Error(`${id}: JupyterLab doesn't share ${name}`);
    return (await (versions.find(({ loaded }) => loaded) ?? versions[0]).get())();
  };

  const loadPlugins = async () => {
    const packages = ["notebook", "services", "apputils"].map((name) => `@jupyterlab/${name}`);
    const [{ INotebookTracker }, { ServerConnection }, { Notification }, { Widget }] =
      await Promise.all([...packages, "@lumino/widgets"].map(importShared));
    const scripts = ["notebook.js", "receipt.js", "anchor_links.js", "widget_pictures.js"];
    const [{ QuizNotebook }, { showReceipts }, { followAnchorLinks }, { showWidgetPictures }] =
      await Promise.all(scripts.map((name) => import(new URL(name, baseUrl).href)));
    const style = { rel: "stylesheet", href: new URL("style.css", baseUrl).href };
    document.head.append(Object.assign(document.createElement("link"), style));

    const quiz = {
      id: `${id}:quiz`,
      autoStart: true,
      requires: [INotebookTracker],
      activate: ({ serviceManager: { serverSettings } }, tracker) => {
        const post = (path, content) => {
          const init = { method: "POST", body: JSON.stringify(content) };
          const url = new URL(path, serverSettings.baseUrl).href;
          return ServerConnection.makeRequest(url, init, serverSettings);
        };
        const extend = (panel) => {
          new QuizNotebook(panel, { Widget, post });
          followAnchorLinks(panel.content.node);
          showWidgetPictures(panel);
        };
        tracker.forEach(extend);
        tracker.widgetAdded.connect((_, panel) => extend(panel));
      },
    };
    const receipt = {
      id: `${id}:receipt`,
      autoStart: true,
      activate: ({ serviceManager, commands }) => {
        const openFile = (path) => commands.execute("docmanager:open", { path });
        showReceipts(serviceManager.events.stream, Notification, openFile);
      },
    };
    return () => ({ __esModule: true, default: [quiz, receipt] });
  };

  const init = (scope) => {
    sharedPackages = scope;
  };
  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB[id] = { init, get: loadPlugins };
})();
