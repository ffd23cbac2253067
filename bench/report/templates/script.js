// The page is complete without this: it adds sorting by column, and filtering by words, to the tables that ask for it.
"use strict";
for (const table of document.querySelectorAll("table[data-sorts]")) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      headings.forEach((each) => each.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => {
        const cell = row.cells[column];
        const value = cell.dataset.sort ?? cell.querySelector("data")?.value ?? cell.textContent.trim();
        return [cell.dataset.unit ?? "", value !== "" && Number.isFinite(Number(value)) ? Number(value) : value];
      };
      const compare = (one, other) => {
        const [[unit, x], [otherUnit, y]] = [key(one), key(other)];
        // What has no number comes last, whichever way the numbers go.
        if (typeof x !== typeof y) return typeof x === "number" ? -1 : 1;
        if (unit !== otherUnit) return unit.localeCompare(otherUnit);
        return (typeof x === "number" ? x - y : x.localeCompare(y)) * (up ? 1 : -1);
      };
      body.append(...[...body.rows].sort(compare));
    });
  });
}
for (const input of document.querySelectorAll("input[data-filters]")) {
  const rows = [...document.getElementById(input.dataset.filters).tBodies[0].rows];
  const shown = document.getElementById(`${input.dataset.filters}-shown`);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const row of rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
    shown.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
  });
}
// Evidence that a link points to may be folded away.
const unfold = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
  if (target) target.scrollIntoView();
};
addEventListener("hashchange", unfold);
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
unfold();
