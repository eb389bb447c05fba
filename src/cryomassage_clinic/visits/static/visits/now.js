// Moves the mark of "now" down the day, a row every five minutes.
"use strict";
for (const grid of document.querySelectorAll("[data-now-row]")) {
  let row = Number(grid.dataset.nowRow);
  const last = Number(grid.dataset.rows) - 1;
  window.setInterval(() => {
    if (row >= last) return;
    for (const mark of grid.querySelectorAll("[data-now]")) {
      mark.classList.replace(`r${row}`, `r${row + 1}`);
    }
    row += 1;
  }, 300000);
}
