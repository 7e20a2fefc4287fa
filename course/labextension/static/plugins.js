// The extension's plugins; `jupyter` holds what JupyterLab's packages export.
import { followAnchorLinks } from "./anchor_links.js";
import { HomeTab } from "./home_tab.js";
import { QuizNotebook } from "./notebook.js";
import { showReceipts } from "./receipt.js";
import { showWidgetPictures } from "./widget_pictures.js";

/** Return a function that asks the server; with content it posts. */
function createRequester({ serviceManager: { serverSettings } }, { ServerConnection }) {
  return (path, content) => {
    const init = content ? { method: "POST", body: JSON.stringify(content) } : {};
    const url = new URL(path, serverSettings.baseUrl).href;
    return ServerConnection.makeRequest(url, init, serverSettings);
  };
}

/** Return whether Notebook 7 was opened by Continue (home_page.js); a reload doesn't repeat it. */
function takeContinue(app) {
  const address = new URL(window.location.href);
  if (app.name === "JupyterLab" || address.searchParams.get("course") !== "next") return false;
  address.searchParams.delete("course");
  window.history.replaceState(null, "", address.href);
  return true;
}

/** Return the plugins, whose names start with the extension's. */
export function createPlugins(id, jupyter) {
  const { Dialog, INotebookTracker, Notification, PageConfig, Widget } = jupyter;
  const openDialog = (title, node) => {
    const body = new Widget({ node });
    const dialog = new Dialog({ title, body, buttons: [Dialog.okButton()] });
    return { closed: dialog.launch(), close: () => dialog.reject() };
  };
  const quizzes = new WeakMap(); // an open notebook -> its questions
  const quiz = {
    id: `${id}:quiz`,
    autoStart: true,
    requires: [INotebookTracker],
    activate: (app, tracker) => {
      const post = createRequester(app, jupyter);
      const get = async (path) => (await post(path)).json();
      const homeLink = () => HomeTab.createLink(app);
      const seed = PageConfig.getOption("courseSeed"); // course/server/student_seed.py
      const student = PageConfig.getOption("courseStudent"); // course/server/__init__.py
      const settings = { Widget, post, get, openDialog, homeLink, seed, student };
      const extend = (panel) => {
        quizzes.set(panel, new QuizNotebook(panel, settings));
        followAnchorLinks(panel.content.node);
        showWidgetPictures(panel);
        if (takeContinue(app)) quizzes.get(panel).resume();
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
      const request = createRequester(app, jupyter);
      new HomeTab(app, { ...jupyter, notebooks, quizzes, request }).register(...places);
    },
  };
  return [quiz, receipt, home];
}
