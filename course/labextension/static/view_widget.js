// Shows a view in a cell: as a widget, so that formulas in its Markdown are typeset.

/** Add a view's node to a layout of the cell; return a function render(node, markdown), which
 * resolves when the Markdown is on the page. */
export function addView({ panel, Widget }, cell, layout, view) {
  const rendermime = cell._rendermime ?? panel.content.rendermime; // knows the cell's images
  const host = new Widget({ node: view.node });
  let renderers = [];
  host.processMessage = (message) => {
    Widget.prototype.processMessage.call(host, message);
    if (!/attach|detach/.test(message.type)) return;
    for (const renderer of renderers) renderer.processMessage(message);
  };
  layout.addWidget(host);
  return (node, markdown) => {
    const renderer = rendermime.createRenderer("text/markdown");
    const present = renderers.filter((other) => view.node.contains(other.node));
    renderers = [...present, renderer];
    node.append(renderer.node);
    if (host.isAttached) renderer.processMessage(Widget.Msg.AfterAttach); // formulas wait for it
    return renderer.renderModel({
      data: { "text/markdown": markdown },
      metadata: {},
      trusted: false,
    });
  };
}
