// NumPy's .npz files in the browser: a ZIP archive with one array per file, of 16-bit floats
// or of bytes.

const END_RECORD = 0x06054b50;
const END_BYTES = 22;

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Return the archive's files by name, unpacked. */
async function unzip(buffer) {
  const view = new DataView(buffer);
  const end = buffer.byteLength - END_BYTES; // NumPy writes no comment after it
  if (view.getUint32(end, true) !== END_RECORD) throw new Error("not an .npz file");
  const files = {};
  let at = view.getUint32(end + 16, true);
  for (let count = view.getUint16(end + 10, true); count > 0; count -= 1) {
    const [method, packed] = [view.getUint16(at + 10, true), view.getUint32(at + 20, true)];
    const [nameSize, extra, comment] = [28, 30, 32].map((field) =>
      view.getUint16(at + field, true),
    );
    const header = view.getUint32(at + 42, true);
    const name = new TextDecoder().decode(new Uint8Array(buffer, at + 46, nameSize));
    const start =
      header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
    const bytes = new Uint8Array(buffer, start, packed);
    files[name] = method === 0 ? bytes : await inflate(bytes);
    at += 46 + nameSize + extra + comment;
  }
  return files;
}

/** Return the 65,536 values of 16-bit floats. */
function halfPrecisionValues() {
  const values = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits += 1) {
    const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
    const size = exponent
      ? exponent === 31
        ? fraction
          ? Number.NaN
          : Number.POSITIVE_INFINITY
        : 2 ** (exponent - 15) * (1 + fraction / 1024)
      : 2 ** -14 * (fraction / 1024);
    values[bits] = bits >> 15 ? -size : size;
  }
  return values;
}

/** Return an array as {shape, values}. */
function parseArray(bytes, halves) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLong = bytes[6] >= 2; // the header's size takes four bytes from version 2 on
  const start = isLong ? 12 : 10;
  const size = isLong ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = new TextDecoder().decode(bytes.subarray(start, start + size));
  if (header.includes("'fortran_order': True")) return null;
  const shape = header
    .match(/'shape': \(([^)]*)\)/)[1]
    .split(",")
    .map(Number)
    .filter(Boolean);
  if (header.includes("'|u1'")) return { shape, values: bytes.subarray(start + size) };
  if (!header.includes("'<f2'")) return null;
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < values.length; i += 1) {
    values[i] = halves[view.getUint16(start + size + 2 * i, true)];
  }
  return { shape, values };
}

/** Load a file; return its arrays of 16-bit floats and of bytes by name, {shape, values} each. */
export async function loadArrays(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} can't be loaded (status ${response.status}).`);
  return readArrays(await response.arrayBuffer());
}

/** Return the arrays of 16-bit floats and of bytes in a file's content, {shape, values} each. */
export async function readArrays(buffer) {
  const files = await unzip(buffer);
  const halves = halfPrecisionValues();
  const arrays = Object.entries(files).map(([name, bytes]) => [
    name.replace(/\.npy$/, ""),
    parseArray(bytes, halves),
  ]);
  return Object.fromEntries(arrays.filter(([, array]) => array));
}
