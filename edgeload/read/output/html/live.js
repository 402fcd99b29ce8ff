/* Of a run that goes on: loads the page again when there is more to see. */
(() => {
  "use strict";
  const EVERY_MS = 2000;
  const note = document.getElementById("live");

  const ask = async () => {
    try {
      const answer = await fetch("/version", { cache: "no-store" });
      const isNew = (await answer.text()) !== note.dataset.version;
      if (isNew && !document.hidden) location.reload();
    } catch {
      note.textContent =
        "The run has ended, or was stopped. This is the last that it showed.";
      clearInterval(timer);
    }
  };
  const timer = setInterval(ask, EVERY_MS);
  ask();
})();
