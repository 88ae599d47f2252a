"use strict";
// Tables whose heads are buttons sort by them; an input before a table filters its rows.
const numberIn = (text) => { const found = text.replace(/−/g, "-").match(/-?\d*\.?\d+/); return found ? Number(found[0]) : NaN; };
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
      const numeric = rows.every((row) => !text(row) || text(row) === "–" || !Number.isNaN(numberIn(text(row))));
      rows.sort((a, b) => numeric ? (numberIn(text(a)) || 0) - (numberIn(text(b)) || 0) : text(a).localeCompare(text(b)));
      if (down) rows.reverse();
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
