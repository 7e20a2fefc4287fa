// Just enough of Jupyter for notebook.js: models with signals, cells, a panel. Only the script under
// test draws anything.
export class Signal {
  slots = [];
  connect(slot, self) {
    this.slots.push(slot.bind(self));
  }
  emit(...args) {
    for (const slot of this.slots) slot(...args);
  }
}

export class Widget {
  static Msg = { AfterAttach: { type: "after-attach" } };
  isAttached = true;
  constructor({ node }) {
    this.node = node;
  }
  processMessage() {}
  setHidden(hidden) {
    this.node.hidden = hidden;
  }
}

class Text {
  writes = 0;
  constructor(source, changed) {
    Object.assign(this, { source, changed });
  }
  getSource() {
    return this.source;
  }
  setSource(source) {
    this.writes += 1;
    this.source = source;
    this.changed.emit();
  }
}

export function fakePanel(cells, course) {
  const contentChanged = new Signal();
  const saveState = new Signal();
  const models = cells.map(({ source, type = "markdown", outputs, count, ...metadata }, index) => ({
    id: metadata.id ?? `cell-${index}`,
    type,
    executionCount: count,
    outputs: outputs && { toJSON: () => outputs, get: (number) => outputs[number] },
    getMetadata: (key) => metadata[key],
    sharedModel: new Text(source, contentChanged),
  }));
  const page = document.createElement("main");
  const widgets = models.map((model) => {
    const node = document.createElement("article");
    page.append(node);
    return {
      model,
      node,
      ready: Promise.resolve(),
      rendered: true,
      renderedChanged: new Signal(),
      layout: { addWidget: (widget) => node.append(widget.node) },
      inputArea: { layout: { addWidget: (widget) => node.append(widget.node) } },
      addClass: (name) => node.classList.add(name),
      toggleClass: (name, on) => node.classList.toggle(name, on),
    };
  });
  const createRenderer = () => ({
    node: document.createElement("div"),
    processMessage() {},
    renderModel({ data }) {
      this.node.textContent = data["text/markdown"];
    },
  });
  const context = {
    path: "01-any/lesson.ipynb",
    canSave: true,
    saves: 0,
    works: true,
    saveState,
    async save() {
      await null;
      saveState.emit(context, "started");
      context.saves += 1;
      context.running = (context.running ?? 0) + 1;
      context.maxRunning = Math.max(context.maxRunning ?? 0, context.running);
      await new Promise((done) => setTimeout(done, 30));
      context.running -= 1;
      saveState.emit(context, context.works ? "completed" : "failed");
      if (!context.works) throw new Error("the disk is full");
    },
  };
  const content = {
    widgets,
    activeCellIndex: 0,
    model: {
      cells: models,
      contentChanged,
      getMetadata: () => course,
      sharedModel: { transact: (change) => change(), getCell: (n) => models[n].sharedModel },
    },
    rendermime: { createRenderer },
    scrollToItem: async () => {},
  };
  const header = document.createElement("header");
  document.body.replaceChildren(header, page);
  return { context, content, contentHeader: { addWidget: ({ node }) => header.append(node) } };
}
