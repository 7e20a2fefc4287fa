// The payload as text: what is really sent, a short view of it, and a way to copy it.

const SHOWN = 40; // numbers at the beginning and, of a digit's 784, the middle rows matter more
const LINE = 28;

// {"values": [[...]]} or {"values": [{"data": [...], "height": n}]}, always one digit.
function parts(payload) {
  const [first] = payload.values;
  const isRow = Array.isArray(first);
  return isRow
    ? { numbers: first, before: '{\n  "values": [\n    [\n', after: "\n    ]\n  ]\n}" }
    : {
        numbers: first.data,
        before: '{\n  "values": [\n    {\n      "data": [\n',
        after: `\n      ],\n      "height": ${first.height}\n    }\n  ]\n}`,
      };
}

function lines(numbers) {
  const rows = [];
  for (let i = 0; i < numbers.length; i += LINE) rows.push(numbers.slice(i, i + LINE).join(", "));
  return rows.join(",\n");
}

export function textOf(payload, whole) {
  const { numbers, before, after } = parts(payload);
  if (whole) return before + lines(numbers) + after;
  const middle = numbers.findIndex((value) => value > 0);
  const left = numbers.length - 3 * SHOWN;
  const start = Math.max(SHOWN, Math.min(middle - 8, numbers.length - 2 * SHOWN));
  const dots = (n) => `\n… ${n.toLocaleString("en")} more …\n`;
  if (left <= 0) return before + lines(numbers) + after;
  const gap = start - SHOWN;
  return (
    before +
    numbers.slice(0, SHOWN).join(", ") +
    "," +
    (gap > 0 ? dots(gap) : "\n") +
    numbers.slice(start, start + SHOWN).join(", ") +
    "," +
    dots(numbers.length - start - 2 * SHOWN) +
    numbers.slice(-SHOWN).join(", ") +
    after
  );
}

export function wordsFor(payload, sent) {
  const { numbers } = parts(payload);
  const kilobytes = Math.max(1, Math.round(sent.length / 1000)).toLocaleString("en");
  return `${numbers.length.toLocaleString("en")} numbers, ${kilobytes} kB of JSON.`;
}

// The clipboard of navigator wants https or localhost; a hub on plain http has neither.
export async function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      /* not allowed here: the older way may be */
    }
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "off-screen";
  area.setAttribute("aria-hidden", "true");
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus({ preventScroll: true });
  return done;
}
