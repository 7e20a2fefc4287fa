// The digit page's reader without a server: preprocesses and classifies in the page.

import { loadNetworks } from "./digit_networks.js";
import { preprocess } from "./preprocess.js";

export async function createReader() {
  const samples = await fetch("samples.json").then((response) => response.json());
  let networks = null;
  return {
    samples,
    async preprocess(drawing) {
      return preprocess(drawing);
    },
    /** Both deployments use the same networks on the same numbers. */
    async read({ vector }) {
      networks ??= loadNetworks("");
      const { read } = await networks;
      return read(vector);
    },
  };
}
