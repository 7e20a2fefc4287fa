// The payload as text: in full, as an excerpt, and copied to the clipboard.

const EXCERPT = 40; // numbers at the start, in the middle where the ink is, and at the end
const PER_LINE = 28;

/** Return the numbers of a payload, which holds one digit, and the JSON before and after them.
 * It is {"values": [[...]]} or {"values": [{"data": [...], "height": n}]}. */
function splitPayload(payload) {
  const [first] = payload.values;
  if (Array.isArray(first)) {
    return { numbers: first, before: '{\n  "values": [\n    [\n', after: "\n    ]\n  ]\n}" };
  }
  return {
    numbers: first.data,
    before: '{\n  "values": [\n    {\n      "data": [\n',
    after: `\n      ],\n      "height": ${first.height}\n    }\n  ]\n}`,
  };
}

function breakLines(numbers) {
  const rows = [];
  for (let i = 0; i < numbers.length; i += PER_LINE) {
    rows.push(numbers.slice(i, i + PER_LINE).join(", "));
  }
  return rows.join(",\n");
}

const omission = (count) => (count > 0 ? `\n… ${count.toLocaleString("en")} more …\n` : "\n");

export function formatPayload(payload, isComplete) {
  const { numbers, before, after } = splitPayload(payload);
  if (isComplete || numbers.length <= 3 * EXCERPT) return before + breakLines(numbers) + after;
  const firstInk = numbers.findIndex((value) => value > 0);
  const last = numbers.length - 2 * EXCERPT;
  const start = Math.max(EXCERPT, Math.min(firstInk - 8, last));
  const excerpts = [0, start, numbers.length - EXCERPT].map((from) =>
    numbers.slice(from, from + EXCERPT).join(", "),
  );
  const [head, middle, tail] = excerpts;
  return `${before}${head},${omission(start - EXCERPT)}${middle},${omission(last - start)}${tail}${after}`;
}

export function payloadSize(payload, body) {
  const { numbers } = splitPayload(payload);
  const kilobytes = Math.max(1, Math.round(body.length / 1000)).toLocaleString("en");
  return `${numbers.length.toLocaleString("en")} numbers, ${kilobytes} kB of JSON.`;
}

/** Copy text; return whether it worked. The clipboard API needs https or localhost, which a hub on
 * plain http doesn't have, hence the older way. */
export async function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // not permitted; the older way may be
    }
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "off-screen";
  area.setAttribute("aria-hidden", "true");
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  focused?.focus({ preventScroll: true });
  return isCopied;
}
