"use strict";
// Tables whose heads are buttons sort by them; an input before a table filters its rows.
// The number that a text begins with: "−1,185 [−1,200, −1,170]" is -1185, "<.0001" is .0001, "60M" sixty million.
const SCALES = { k: 1e3, M: 1e6 };
const numberIn = (text) => {
  const found = text.replace(/−/g, "-").match(/^[(\[<≤>≥≈±+]*(-?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[-+]?\d+)?)(k|M)?(?![\w×])/);
  return found ? Number(found[1].replace(/,/g, "")) * (SCALES[found[2]] || 1) : NaN;
};
const MISSING = new Set(["", "–"]);
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th"), table = head.closest("table");
    const place = [...head.parentNode.children].indexOf(head);
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    for (const body of table.tBodies) {
      const rows = [...body.rows].filter((row) => row.cells.length > place && !row.querySelector("th.group"));
      const text = (row) => row.cells[place].textContent.trim();
      const known = rows.filter((row) => !MISSING.has(text(row)));
      const numeric = known.every((row) => !Number.isNaN(numberIn(text(row))));
      known.sort((a, b) => numeric ? numberIn(text(a)) - numberIn(text(b)) : text(a).localeCompare(text(b), undefined, { numeric: true }));
      if (down) known.reverse();
      rows.sort((a, b) => MISSING.has(text(a)) - MISSING.has(text(b)));  // what is missing stands last
      rows.splice(0, known.length, ...known);
      body.append(...rows);
    }
  });
}
for (const input of document.querySelectorAll("input[data-filters]")) {
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase();
    const table = document.getElementById(input.dataset.filters);
    for (const row of table.querySelectorAll("tbody tr"))
      row.hidden = !row.querySelector("th.group") && !row.textContent.toLowerCase().includes(wanted);
  });
}
const opened = () => { const found = location.hash && document.getElementById(location.hash.slice(1)); for (let up = found; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true; if (found) found.scrollIntoView(); };
addEventListener("hashchange", opened); opened();
