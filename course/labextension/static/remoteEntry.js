// The entry point of the extension. JupyterLab and Notebook expect a module-federation container
// with init() and get(), which a bundler usually generates; written by hand, it is this short.
(() => {
  const baseUrl = document.currentScript.src;
  const id = "autoencoder-course";
  const SCRIPTS = [
    "requests",
    "notebook",
    "receipt",
    "anchor_links",
    "widget_pictures",
    "home_tab",
  ];
  let sharedPackages;

  // Use Jupyter's own copy of a package, because its tokens are compared by identity.
  const importShared = async (name) => {
    const versions = Object.values(sharedPackages[name] ?? {});
    if (!versions.length) throw new Error(`${id}: JupyterLab doesn't share ${name}`);
    return (await (versions.find(({ loaded }) => loaded) ?? versions[0]).get())();
  };

  const importAll = async (names, load) =>
    Object.assign({}, ...(await Promise.all(names.map((name) => load(name)))));

  const loadPlugins = async () => {
    const names = ["notebook", "services", "apputils", "application", "launcher", "ui-components"];
    const packages = [...names.map((name) => `@jupyterlab/${name}`), "@lumino/widgets"];
    const jupyter = await importAll(packages, importShared);
    const { INotebookTracker, ServerConnection, Notification, Widget } = jupyter;
    const {
      createRequester,
      QuizNotebook,
      showReceipts,
      followAnchorLinks,
      showWidgetPictures,
      HomeTab,
    } = await importAll(SCRIPTS, (name) => import(new URL(`${name}.js`, baseUrl).href));
    for (const name of ["style.css", "home.css"]) {
      const style = { rel: "stylesheet", href: new URL(name, baseUrl).href };
      document.head.append(Object.assign(document.createElement("link"), style));
    }
    const requester = (app) => createRequester(app, ServerConnection);
    const quizzes = new WeakMap(); // an open notebook -> its questions

    const quiz = {
      id: `${id}:quiz`,
      autoStart: true,
      requires: [INotebookTracker],
      activate: (app, tracker) => {
        const own = { Widget, post: requester(app), homeLink: () => HomeTab.createLink(app) };
        const extend = (panel) => {
          quizzes.set(panel, new QuizNotebook(panel, own));
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
    const home = {
      id: `${id}:home`,
      autoStart: true,
      requires: [INotebookTracker],
      optional: [jupyter.ICommandPalette, jupyter.ILayoutRestorer, jupyter.ILauncher],
      activate: (app, notebooks, ...places) => {
        const own = { notebooks, quizzes, request: requester(app) };
        new HomeTab(app, { ...jupyter, ...own }).register(...places);
      },
    };
    return () => ({ __esModule: true, default: [quiz, receipt, home] });
  };

  const init = (scope) => {
    sharedPackages = scope;
  };
  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB[id] = { init, get: loadPlugins };
})();
