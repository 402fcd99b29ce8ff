/* Colours on the background at hand: a specification holds those on white, report.css the page's own. */
"use strict";
const colours = (() => {
  const onDark = JSON.parse(document.getElementById("on-dark").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  let own = new Map();

  const isDark = () => dark.matches && !root.classList.contains("printed");

  /* Paper is white, whatever the screen is; report.css knows by the class. */
  const print = (printed) => {
    root.classList.toggle("printed", printed);
    own = new Map();
  };

  return {
    print,
    ink: (colour) => (isDark() && onDark[colour]) || colour,
    page: (name) => {
      if (!own.has(name)) own.set(name, getComputedStyle(root).getPropertyValue(`--${name}`).trim());
      return own.get(name);
    },
    onChange: (redraw) => dark.addEventListener("change", () => {
      own = new Map();
      redraw();
    }),
  };
})();
