"use strict";
// Tables whose heads are buttons sort by them: by what a cell says of its value, else by its text.
// The number that a text begins with: "−1,185 [−1,200, −1,170]" is -1185, "<.0001" is .0001, "1.5B" is 1.5e9, "3/4" is .75;
// NaN where more than a unit follows it, such as in "3×3", "1.2.3" and "2·10⁻⁶".
const SCALES = { k: 1e3, M: 1e6, B: 1e9 };
const plain = (text) => text.replace(/[−‐‑–]/g, "-");
const numberIn = (text) => {
  const found = plain(text).match(/^[(\[<≤>≥≈±+]*(-?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[-+]?\d+)?)(?:\/(\d[\d,]*))?/);
  const unit = found && plain(text).slice(found[0].length).match(/^ ?([kMB%×])?(?![\w.\/×·^⁻⁰¹²³⁴-⁹])/);
  if (!unit) return NaN;
  const [over, under] = [found[1], found[2] || "1"].map((digits) => Number(digits.replace(/,/g, "")));
  return over / under * (SCALES[unit[1]] || 1);
};
const ABSENT = new Set(["", "–", "missing"]);
const texts = new Map();  // a page's texts are long to put together, and do not change
const textOf = (element) => {
  if (!texts.has(element)) texts.set(element, [...element.cells || [element]].map((part) => part.textContent.trim()).join(" "));
  return texts.get(element);
};
const valueOf = (cell) => cell.dataset.value === undefined ? numberIn(textOf(cell)) : Number(cell.dataset.value);
const isAbsent = (cell) => ABSENT.has(textOf(cell)) || cell.dataset.value === "NaN";
// "α = 0.03" stands after "α = 0.008", and "cell 12" after "cell 6".
const compareTexts = (one, other) => {
  const [a, b] = [one, other].map((cell) => textOf(cell).split(/(\d+(?:\.\d+)?)/));
  for (let n = 0; n < Math.min(a.length, b.length); n++) {
    const order = n % 2 ? a[n] - b[n] : a[n].localeCompare(b[n]);
    if (order) return order;
  }
  return a.length - b.length;
};
// Without a value a row stands behind the others, and a total behind all.
const ranked = (row, place) => row.matches(".total") ? 2 : isAbsent(row.cells[place]) ? 1 : 0;
const sort = (body, place, down) => {
  const rows = [...body.rows].filter((row) => row.cells.length > place && !row.querySelector("th.group"));
  const known = rows.filter((row) => ranked(row, place) === 0);
  const numeric = known.every((row) => !Number.isNaN(valueOf(row.cells[place])));
  const compare = (a, b) => numeric ? valueOf(a) - valueOf(b) || 0 : compareTexts(a, b);
  known.sort((a, b) => compare(a.cells[place], b.cells[place]));
  if (down) known.reverse();
  body.append(...known, ...[1, 2].flatMap((rank) => rows.filter((row) => ranked(row, place) === rank)));
};
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th"), table = head.closest("table");
    const place = [...head.parentNode.children].indexOf(head);
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    for (const body of table.tBodies) sort(body, place, down);
  });
}
// An input leaves the rows, or the runs, that have all its words; the name of their group counts as theirs.
const words = (text) => plain(text).toLowerCase();
const filter = (input) => {
  const wanted = words(input.value).split(/\s+/).filter(Boolean), parts = document.getElementById(input.dataset.filters);
  let found = 0, all = 0;
  for (const part of parts.tBodies || [parts]) {
    const group = part.querySelector("th.group"), name = group ? group.firstChild.textContent : "";
    const items = [...part.children].filter((item) => !group || item !== group.parentNode);
    for (const item of items) {
      const text = words(`${name} ${textOf(item)}`);
      item.hidden = !wanted.every((word) => text.includes(word));
    }
    const left = items.filter((item) => !item.hidden).length;
    if (group) group.parentNode.hidden = left === 0;
    found += left;
    all += items.length;
  }
  input.closest(".filter").querySelector("output").value = wanted.length ? `${found} of ${all} ${input.dataset.counts}` : "";
};
for (const input of document.querySelectorAll("input[data-filters]")) input.addEventListener("input", () => filter(input));
// What does not scroll is no place for the keyboard to stop at, nor a group to be told of.
const fit = (box) => {
  const scrolls = box.scrollWidth > box.clientWidth;
  if (scrolls === (box.tabIndex === 0)) return;
  const told = { tabindex: 0, role: "group", "aria-labelledby": box.firstElementChild.id };
  for (const name in told) scrolls ? box.setAttribute(name, told[name]) : box.removeAttribute(name);
};
const sizes = new ResizeObserver((entries) => new Set(entries.map((entry) => entry.target.closest(".wide"))).forEach(fit));
for (const box of document.querySelectorAll(".wide")) { fit(box); sizes.observe(box); sizes.observe(box.firstElementChild); }
// A link to a run opens it, though a filter has left it out.
const opened = () => {
  const found = location.hash && document.getElementById(location.hash.slice(1));
  for (let up = found; up; up = up.parentElement) { up.hidden = false; if (up.tagName === "DETAILS") up.open = true; }
  if (found) found.scrollIntoView();
};
addEventListener("hashchange", opened); opened();
