"use strict";
// A click on a column's heading sorts its table: up, down, then as it was. Without scripts the tables just stand there.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const original = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];

  const keyOf = (row, column) => {
    const cell = row.cells[column];
    return "value" in cell.dataset ? Number(cell.dataset.value) : cell.textContent.trim();
  };

  const compare = (left, right) => {
    if (typeof left === "number" && typeof right === "number") return left - right;
    return String(left).localeCompare(String(right), "en", { numeric: true });
  };

  const sorted = (column, sign) => {
    const numeric = original.some((row) => "value" in row.cells[column].dataset);
    const known = (key) => (numeric ? typeof key === "number" : key !== "" && key !== "—");
    return [...original].sort((a, b) => {
      const left = keyOf(a, column);
      const right = keyOf(b, column);
      if (known(left) !== known(right)) return known(left) ? -1 : 1; // unknown stays last, whichever way
      return sign * compare(left, right);
    });
  };

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const next = { ascending: "descending", descending: "none" }[head.getAttribute("aria-sort")] ?? "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      if (next !== "none") head.setAttribute("aria-sort", next);
      const rows = next === "none" ? original : sorted(column, next === "ascending" ? 1 : -1);
      body.append(...rows);
    });
  });
}
// What is folded away on the screen belongs on paper.
addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details:not([open]):not(.long)")) folded.open = true;
});
