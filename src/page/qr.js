// QR codes (ISO/IEC 18004) of texts up to 213 bytes: byte mode, error correction M, versions 1 to 10.

/** Of each version: bytes of error correction in a block, then of data in each block. */
const BLOCKS = [
  [10, 16], [16, 28], [26, 44], [18, 32, 32], [24, 43, 43], [16, 27, 27, 27, 27], [18, 31, 31, 31, 31],
  [22, 38, 38, 39, 39], [22, 36, 36, 36, 37, 37], [26, 43, 43, 43, 43, 44],
];
/** Centres of the alignment patterns of each version, besides 6. */
const CENTRES = [[], [18], [22], [26], [30], [34], [22, 38], [24, 42], [26, 46], [28, 50]];

/** The field GF(256) of the polynomial 0x11d: powers of 2, twice, and logarithms. */
const POWER = new Uint8Array(510);
const LOGARITHM = new Uint8Array(256);
for (let exponent = 0, value = 1; exponent < 255; exponent += 1) {
  POWER[exponent] = POWER[exponent + 255] = value;
  LOGARITHM[value] = exponent;
  value = (value << 1) ^ (value > 127 ? 0x11d : 0);
}
const product = (one, other) => (one && other ? POWER[LOGARITHM[one] + LOGARITHM[other]] : 0);

/** The bytes of error correction for a block of data (Reed-Solomon). */
function correction(data, length) {
  let generator = [1];
  for (let root = 0; root < length; root += 1) {
    const next = [...generator, 0];
    generator.forEach((factor, at) => (next[at + 1] ^= product(factor, POWER[root])));
    generator = next;
  }
  const rest = new Array(length).fill(0);
  for (const byte of data) {
    const factor = byte ^ rest.shift();
    rest.push(0);
    generator.slice(1).forEach((one, at) => (rest[at] ^= product(one, factor)));
  }
  return rest;
}

/** All bytes of the code: data and error correction, interleaved. */
function codewords(bytes, version) {
  const [length, ...sizes] = BLOCKS[version - 1];
  const room = sizes.reduce((sum, size) => sum + size);
  const bits = [0, 1, 0, 0];
  const put = (value, count) => {
    for (let bit = count - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1);
  };
  put(bytes.length, version > 9 ? 16 : 8);
  bytes.forEach((byte) => put(byte, 8));
  put(0, Math.min(4, room * 8 - bits.length));
  while (bits.length % 8) bits.push(0);
  const data = [];
  for (let at = 0; at < bits.length; at += 8) data.push(parseInt(bits.slice(at, at + 8).join(""), 2));
  for (let filler = 0xec; data.length < room; filler ^= 0xfd) data.push(filler);
  const blocks = sizes.map((size) => data.splice(0, size));
  const corrections = blocks.map((block) => correction(block, length));
  const woven = (lists) => Array.from({ length: Math.max(...lists.map((list) => list.length)) }, (_, at) => lists.map((list) => list[at])).flat();
  return [...woven(blocks), ...woven(corrections)].filter((byte) => byte !== undefined);
}

/** A number followed by the remainder of its division by a generator polynomial of this degree. */
function checked(value, generator, degree) {
  let rest = value << degree;
  for (let bit = 31; bit >= degree; bit -= 1) if ((rest >>> bit) & 1) rest ^= generator << (bit - degree);
  return (value << degree) | rest;
}

const MASKS = [
  (row, column) => (row + column) % 2,
  (row) => row % 2,
  (row, column) => column % 3,
  (row, column) => (row + column) % 3,
  (row, column) => ((row >> 1) + Math.floor(column / 3)) % 2,
  (row, column) => ((row * column) % 2) + ((row * column) % 3),
  (row, column) => (((row * column) % 2) + ((row * column) % 3)) % 2,
  (row, column) => (((row + column) % 2) + ((row * column) % 3)) % 2,
];

/** The patterns that every code of a version has: rows of 0, 1, or null where data goes. */
function patterns(version) {
  const size = version * 4 + 17;
  const rows = Array.from({ length: size }, () => new Array(size).fill(null));
  const square = (top, left, reach, dark) => {
    for (let y = -reach; y <= reach; y += 1)
      for (let x = -reach; x <= reach; x += 1)
        if (rows[top + y]?.[left + x] !== undefined) rows[top + y][left + x] = dark(Math.max(Math.abs(x), Math.abs(y))) ? 1 : 0;
  };
  for (const [top, left] of [[3, 3], [3, size - 4], [size - 4, 3]]) square(top, left, 4, (ring) => ring < 2 || ring === 3);
  for (let at = 8; at < size - 8; at += 1) rows[6][at] = rows[at][6] = 1 - (at % 2);
  const centres = [6, ...CENTRES[version - 1]];
  const last = centres.at(-1);
  if (last > 6)
    for (const top of centres)
      for (const left of centres)
        if (!(top === 6 && (left === 6 || left === last)) && !(left === 6 && top === last)) square(top, left, 2, (ring) => ring !== 1);
  // Room for the format, which depends on the mask.
  for (let at = 0; at < 9; at += 1) {
    rows[8][at] ??= 0;
    rows[at][8] ??= 0;
    if (at < 8) {
      rows[8][size - 1 - at] = 0;
      rows[size - 1 - at][8] = 0;
    }
  }
  rows[size - 8][8] = 1;
  if (version > 6) {
    const told = checked(version, 0x1f25, 12);
    for (let bit = 0; bit < 18; bit += 1) {
      const [one, other] = [Math.floor(bit / 3), size - 11 + (bit % 3)];
      rows[one][other] = rows[other][one] = (told >> bit) & 1;
    }
  }
  return rows;
}

/** Writes the format: error correction M and the mask. */
function format(rows, mask) {
  const size = rows.length;
  const told = checked(mask, 0x537, 10) ^ 0x5412;
  for (let bit = 0; bit < 15; bit += 1) {
    const value = (told >> bit) & 1;
    // Bit 0 is at the right end above, and at the top of the column.
    if (bit < 8) rows[8][size - 1 - bit] = value;
    else rows[size - 15 + bit][8] = value;
    const along = bit < 6 ? bit : bit < 8 ? bit + 1 : null;
    if (along !== null) rows[along][8] = value;
    else if (bit === 8) rows[8][7] = value;
    else rows[8][14 - bit] = value;
  }
}

/** Fills the data in, column pair by column pair, up and down from the right. */
function woven(rows, bytes, mask) {
  const size = rows.length;
  const filled = rows.map((row) => [...row]);
  let bit = 0;
  for (let right = size - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right -= 1;
    for (let step = 0; step < size; step += 1) {
      const row = up ? size - 1 - step : step;
      for (const column of [right, right - 1]) {
        if (rows[row][column] !== null) continue;
        const value = (bytes[bit >> 3] >> (7 - (bit & 7))) & 1;
        filled[row][column] = value ^ (MASKS[mask](row, column) === 0 ? 1 : 0);
        bit += 1;
      }
    }
  }
  format(filled, mask);
  return filled;
}

/** How hard a code is to read; the mask with the least is taken. */
function penalty(rows) {
  const lines = [...rows, ...rows.map((_, at) => rows.map((row) => row[at]))].map((line) => line.join(""));
  let sum = 0;
  for (const line of lines) {
    for (const run of line.match(/0{5,}|1{5,}/g) ?? []) sum += run.length - 2;
    for (let at = 0; at < line.length - 10; at += 1) if (/^(10111010000|00001011101)/.test(line.slice(at, at + 11))) sum += 40;
  }
  for (let row = 1; row < rows.length; row += 1)
    for (let column = 1; column < rows.length; column += 1)
      if (new Set([rows[row][column], rows[row - 1][column], rows[row][column - 1], rows[row - 1][column - 1]]).size === 1) sum += 3;
  const dark = rows.flat().reduce((all, one) => all + one) / rows.length ** 2;
  return sum + Math.floor(Math.abs(dark - 0.5) * 20) * 10;
}

/** The code of a text: rows of 0 and 1. `null` if it is too long. */
function code(text) {
  const bytes = [...new TextEncoder().encode(text)];
  const room = ([, ...sizes], at) => sizes.reduce((sum, size) => sum + size) - (at > 8 ? 3 : 2) >= bytes.length;
  const version = BLOCKS.findIndex(room) + 1;
  if (version === 0) return null;
  const [rows, words] = [patterns(version), codewords(bytes, version)];
  const codes = MASKS.map((_, mask) => woven(rows, words, mask));
  const penalties = codes.map(penalty);
  return codes[penalties.indexOf(Math.min(...penalties))];
}

/** The code as a drawing, with the quiet zone around it. */
export function drawing(text, label) {
  const rows = code(text);
  if (rows === null) return label;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `-4 -4 ${rows.length + 8} ${rows.length + 8}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("shape-rendering", "crispEdges");
  const path = document.createElementNS(svg.namespaceURI, "path");
  const dots = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")));
  path.setAttribute("d", dots.join(""));
  svg.append(path);
  return svg;
}
