/* Of a run that goes on: loads the page again when there is more to see, and keeps what its reader
   had chosen: the stretch of each axis, unfolded tables, open details. The browser keeps the scroll. */
(() => {
  "use strict";
  const EVERY_MS = 2000;
  const KEPT = "edgeload chosen";
  const report = window.report ?? { groups: new Map() }; // nothing is drawn before the first step
  const note = document.getElementById("live");
  const folds = () => [...document.querySelectorAll("button.unfold")];
  const details = () => [...document.querySelectorAll("details")];

  const keep = () => {
    const zooms = [...report.groups].flatMap(([group, [plot]]) => {
      const [low, high] = report.full.get(group);
      const { min, max } = plot.scales.x;
      return min === low && max === high ? [] : [[group, min, max]];
    });
    const unfolded = folds().map((button) => button.getAttribute("aria-expanded") === "true");
    const open = details().map((each) => each.open);
    sessionStorage.setItem(KEPT, JSON.stringify({ zooms, unfolded, open }));
  };

  const restore = () => {
    const { zooms = [], unfolded = [], open = [] } = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
    for (const [group, min, max] of zooms) if (report.groups.has(group)) report.zoom(group, min, max);
    folds().forEach((button, i) => unfolded[i] && button.click());
    details().forEach((each, i) => (each.open = open[i] ?? each.open));
  };

  const ask = async () => {
    try {
      const answer = await fetch("/version", { cache: "no-store" });
      const isNew = (await answer.text()) !== note.dataset.version;
      if (isNew && !document.hidden) {
        keep();
        location.reload();
      }
    } catch {
      note.textContent =
        "The run has ended, or was stopped. This is the last that it showed.";
      clearInterval(timer);
    }
  };
  restore();
  const timer = setInterval(ask, EVERY_MS);
  ask();
})();
