/* Tables sort by the cells' values: numbers as numbers, no data last. Long ones show the rows that
   tell most, until all are asked for. */
(() => {
  const compare = (a, b) => {
    if (a === "" || b === "") return a === b ? 0 : null;
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
  };
  for (const table of document.querySelectorAll("table.sorts")) {
    const heads = [...table.tHead.rows[0].cells];
    // A head without a button stands over rows that belong together and stay in their order.
    heads.forEach((head, column) => head.querySelector("button")?.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => row.cells[column].dataset.value;
      const rows = [...table.tBodies[0].rows].sort((a, b) => {
        const order = compare(value(a), value(b));
        if (order === null) return value(a) === "" ? 1 : -1;
        return down ? -order : order;
      });
      table.tBodies[0].append(...rows);
    }));
  }
  for (const button of document.querySelectorAll("button.unfold")) {
    const table = document.getElementById(button.getAttribute("aria-controls"));
    const all = button.textContent;
    const fold = (folded) => {
      table.classList.toggle("folded", folded);
      button.setAttribute("aria-expanded", String(!folded));
      button.textContent = folded ? all : button.dataset.fewer;
    };
    button.hidden = false;
    button.addEventListener("click", () => fold(!table.classList.contains("folded")));
    fold(true);
  }
})();
