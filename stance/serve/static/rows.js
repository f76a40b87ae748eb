// A document as CSV, in the columns that the command line writes, and the clipboard.

/** How the columns of a value that has names of its own begin. */
const PREFIXES = { probabilities: "p_" };

const quote = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

/** Make every value of a row a single cell. */
function cells([name, value]) {
  if (Array.isArray(value)) return [[name, value.every((item) => typeof item === "string") ? value.join(" ") : JSON.stringify(value)]];
  if (value && typeof value === "object") return Object.entries(value).map(([key, item]) => [`${PREFIXES[name]}${key}`, item]);
  return [[name, value ?? ""]];
}

const flat = (row) => Object.fromEntries(Object.entries(row).flatMap(cells));

/** One line a sentence, and one of names. */
export function csv({ sentences }) {
  const rows = sentences.map(flat);
  const names = Object.keys(rows[0] ?? { text: "" });
  const lines = rows.map((row) => names.map((name) => quote(String(row[name]))).join(","));
  return [names.join(","), ...lines, ""].join("\r\n");
}

/** Put text on the clipboard; browsers have the new way only where the page came safely. */
export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("the browser does not let this page copy");
}
