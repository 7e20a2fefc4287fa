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
    const names = [
      "notebook",
      "services",
      "apputils",
      "coreutils",
      "application",
      "launcher",
      "ui-components",
    ];
    const packages = [...names.map((name) => `@jupyterlab/${name}`), "@lumino/widgets"];
    const jupyter = Object.assign({}, ...(await Promise.all(packages.map(importShared))));
    const { createPlugins } = await import(new URL("plugins.js", baseUrl).href);
    for (const name of ["style.css", "home.css"]) {
      const style = { rel: "stylesheet", href: new URL(name, baseUrl).href };
      document.head.append(Object.assign(document.createElement("link"), style));
    }
    return () => ({ __esModule: true, default: createPlugins(id, jupyter) });
  };

  const init = (scope) => {
    sharedPackages = scope;
  };
  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB[id] = { init, get: loadPlugins };
})();
