/* The legend of a chart: a sample of each line, with its dash, and names that are switches. */
const legend = (() => {
  const { ink, page } = colours;
  const [WIDTH, HEIGHT] = [30, 12];
  const PATTERNS = { "/": ["M0 12L12 0M10 12L22 0M20 12L32 0"], "\\": ["M0 0L12 12M10 0L22 12M20 0L32 12"], ".": ["M4 6h2M14 6h2M24 6h2"] };
  PATTERNS.x = [...PATTERNS["/"], ...PATTERNS["\\"]];

  const shape = (name, attributes, inside = []) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...inside);
    return node;
  };

  const filled = (line) => [
    shape("rect", { width: WIDTH, height: HEIGHT, fill: ink(line.colour) }),
    ...(PATTERNS[line.pattern] || []).map((d) => shape("path", { d, stroke: page("paper"), "stroke-width": 2 })),
  ];

  const drawn = (line) => {
    const middle = HEIGHT / 2;
    const stroke = { stroke: ink(line.colour), "stroke-width": line.width, "stroke-dasharray": line.dash.join(" ") };
    const point = Math.min(line.point_size, HEIGHT - 2) / 2;
    return [
      shape("line", { x1: 0, y1: middle, x2: WIDTH, y2: middle, ...stroke }),
      ...(point ? [shape("circle", { cx: WIDTH / 2, cy: middle, r: point, fill: ink(line.colour) })] : []),
    ];
  };

  const swatch = (line) => shape(
    "svg",
    { class: "swatch", width: WIDTH, height: HEIGHT, "aria-hidden": "true" },
    line.kind === "bars" || line.kind === "ground" ? filled(line) : drawn(line),
  );

  /* Names are switches: for the mouse, the keyboard and a screen reader. */
  const makeSwitch = (name, series) => {
    name.tabIndex = 0;
    name.setAttribute("role", "switch");
    const tell = () => name.setAttribute("aria-checked", String(series.show));
    tell();
    name.addEventListener("click", () => requestAnimationFrame(tell));
    name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      name.click();
    });
  };

  const switches = (holder, plot) => [...holder.querySelectorAll(".u-series th")].slice(1).forEach((name, i) => makeSwitch(name, plot.series[i + 1]));

  /* Samples have the colours of the chart: the policy forbids colours in the markup. */
  const paint = (holder, chart) => {
    const names = [...holder.querySelectorAll(".u-series th")].slice(chart.heat ? 2 : 1);
    names.forEach((name, i) => {
      name.querySelector(".swatch")?.remove();
      name.prepend(swatch(chart.lines[i]));
    });
    chart.keys.forEach((key, i) => holder.querySelectorAll(".sample")[i].style.setProperty("--colour", ink(key.colour)));
    if (chart.heat) holder.querySelectorAll(".ramp i").forEach((box, i) => i && box.style.setProperty("background", ink(chart.heat.colours[i - 1])));
  };

  return { switches, paint };
})();
