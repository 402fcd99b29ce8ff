/* The charts of a page: axes and values with uPlot, linked zoom, printing.

   What is shown is decided in edgeload/read/figures; see chart.py, and drawing.js for the canvas. */
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const groups = new Map();
  const full = new Map();
  const { FONT } = drawing;
  const { ink, page } = colours;

  const plain = (value) => {
    if (value == null) return "–";
    if (value === 0) return "0";
    const digits = Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;
    return Math.abs(value) < 1 ? String(Number(value.toPrecision(3))) : value.toFixed(digits);
  };
  const short = (value) => (value == null ? "" : String(Number(value.toPrecision(6))));
  const percent = (x) => `${Number((100 * (1 - Math.pow(10, -x))).toFixed(4))} %`;

  /* An instant: up to five minutes in seconds, then as `1 h 27 min 11 s`. */
  const clock = (seconds) => {
    if (seconds < 300) return `${plain(seconds)} s`;
    let left = Math.round(seconds);
    return [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]].flatMap(([size, name]) => {
      const count = Math.floor(left / size);
      left -= count * size;
      return count ? [`${count} ${name}`] : [];
    }).join(" ");
  };

  /* What stands under the pointer: the place on the x axis, and why a step's points are hollow. */
  const shown = (chart, x, place) => {
    if (x == null) return "–";
    if (chart.group === "share") return percent(x);
    const whys = new Set(chart.lines.flatMap((line) => line.hollow).filter((point) => point.place === place).map((point) => point.why));
    return [chart.group === "time" ? clock(x) : plain(x), ...whys].join(", ");
  };

  /* What an open end means: at least so much. */
  const reach = (low, high, unit) => (low == null ? "–" : `${plain(low)} ${high == null ? "or more" : `to ${plain(high)}`} ${unit}`);

  const valueOf = (chart, line) => {
    const never = new Set(line.never);
    return (plot, drawn, series, place) => {
      if (place == null) return "–";
      if (never.has(place)) return "never";
      const value = line.values[place];
      if (line.kind === "ground") return reach(line.low[place], line.high[place], chart.unit);
      return value == null ? "–" : `${plain(value)} ${chart.unit}`;
    };
  };

  /* Which band of the heat map is under the pointer, and its share of what was due there. */
  const bandOf = (chart) => (plot, value, series, place) => {
    const top = plot.cursor.top;
    if (place == null || top == null || top < 0) return "–";
    const time = plot.posToVal(top, "y");
    const { bands, permille } = chart.heat;
    const band = bands.findIndex((edge, i) => edge <= time && time < bands[i + 1]);
    return band < 0 ? "–" : `${plain(time)} ms: ${plain(permille[band][place] / 10)} %`;
  };

  /* All charts of a group show one stretch of their x axis; a drag, uPlot's sync hands on itself. */
  const zoom = (group, min, max) => {
    for (const plot of groups.get(group)) {
      const { x } = plot.scales;
      if (x.min !== min || x.max !== max) plot.setScale("x", { min, max });
    }
  };

  const heightFor = (chart, width) => (chart.part ? 220 : width < 700 ? 240 : 300);

  /* The chart's own limits; while only a part is shown, those of what is shown. */
  const yRange = (chart) => (plot, min, max) => {
    const { low, high, log } = chart.y_axis;
    const [first, last] = plot.stretch; // the x axis, whose range uPlot asks for first
    const whole = first === chart.x_axis.low && last === chart.x_axis.high;
    if (chart.heat || min == null || (whole && plot.series.every((series) => series.show))) return [low, high];
    if (low > 0 && !log) return [low, high]; // a part of an axis stays that part
    if (!log) return [0, max > 0 ? max * 1.08 : 1];
    const marks = chart.marks.filter((mark) => mark.y != null).map((mark) => mark.y);
    const [least, most] = [Math.min(min, ...marks), Math.max(max, ...marks)];
    return least > 0 ? [Math.max(least / 1.4, low), Math.max(most * 1.8, least * 5.04)] : [low, high];
  };

  /* Bars, planned stairs, grounds and lines with signs are drawn by drawing.js, not by uPlot. */
  const seriesOf = (chart, line) => ({
    label: line.label,
    stroke: () => ink(line.colour),
    width: line.width,
    dash: line.dash,
    spanGaps: line.joined,
    paths: line.kind === "line" && !line.sign ? uPlot.paths.linear() : () => null,
    points: { show: line.point_size > 0, size: line.point_size, width: 0, fill: () => ink(line.colour) },
    value: valueOf(chart, line),
  });

  /* The map's shares are read under the pointer: a series without a line. */
  const heatSeries = (chart) => ({ label: chart.heat.label, stroke: () => page("ink"), paths: () => null, points: { show: false }, value: bandOf(chart) });

  /* Round numbers of a logarithmic axis of which a part is shown; scales.py has the same rule. */
  const logSplits = (min, max) => {
    const decades = Math.log10(max / min);
    const steps = decades > 3.5 ? [1] : [1, 2, 5];
    const splits = [];
    for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power += 1) {
      splits.push(...steps.map((step) => Number(`${step}e${power}`)));
    }
    return splits.filter((value) => value >= min && value <= max);
  };

  /* The same for other axes: up to `most` multiples of 1, 2 or 5 times a power of ten, in its unit. */
  const roundSplits = (axis, min, max, most) => {
    const span = (max - min) / axis.unit;
    const power = Math.max(Math.floor(Math.log10(span / most)), axis.whole ? 0 : -Infinity);
    const sizes = [0, 1, 2].flatMap((up) => [1, 2, 5].map((step) => Number(`${step}e${power + up}`)));
    const ends = (size) => [Math.ceil(min / size - 1e-9), Math.floor(max / size + 1e-9)];
    const fits = ([first, last]) => last - first < most;
    const size = sizes.find((each) => fits(ends(each * axis.unit)) && (each >= 1 || !axis.whole)) * axis.unit;
    const [first, last] = ends(size);
    return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * size).toPrecision(12)));
  };

  /* The labels of an x axis; none where it would touch the one before. */
  const thinned = (plot, splits, labelOf) => {
    let free = -Infinity;
    return splits.map((at) => {
      const half = labelOf(at).length * 3.5;
      const middle = plot.valToPos(at, "x");
      if (middle - half < free) return "";
      free = middle + half + 4;
      return labelOf(at);
    });
  };

  /* The ticks that the axis names; of a part of it, as round ones. Shares have none but those. */
  const ticksOf = (chart, axis, most) => {
    const labels = new Map(axis.ticks.map((tick) => [tick.at, tick.label]));
    const labelOf = (at) => labels.get(at) ?? short(at / axis.unit);
    const named = (min, max) => [...labels.keys()].filter((at) => at >= min && at <= max);
    const isShare = axis === chart.x_axis && chart.group === "share";
    const inPart = (min, max) => (axis.log ? logSplits(min, max) : roundSplits(axis, min, max, most));
    return {
      splits: (plot, i, min, max) => (isShare || (min === axis.low && max === axis.high) ? named(min, max) : inPart(min, max)),
      filter: (plot, splits) => splits,
      values: (plot, splits) => (axis === chart.x_axis ? thinned(plot, splits, labelOf) : splits.map(labelOf)),
    };
  };

  const axisOf = (chart, axis, most, more) => ({
    font: FONT,
    stroke: () => page("soft"),
    grid: { stroke: () => page("grid"), width: 1, ...more.grid },
    ticks: { stroke: () => page("strong-line"), size: 5 },
    ...ticksOf(chart, axis, most),
    ...more.own,
  });

  const options = (chart, holder, width) => ({
    width,
    height: heightFor(chart, width),
    padding: [chart.spans.length ? 24 : 8, 14, 0, 0],
    focus: { alpha: 0.35 },
    scales: {
      x: { time: false, range: (plot, min, max) => (plot.stretch = [min, max]) },
      y: { distr: chart.y_axis.log ? 3 : 1, range: yRange(chart) },
    },
    axes: [
      axisOf(chart, chart.x_axis, 10, { own: { label: chart.x_axis.label, labelSize: 22, labelFont: FONT, size: 34 } }),
      axisOf(chart, chart.y_axis, 6, { own: { size: 58 }, grid: { show: !chart.heat } }),
    ],
    series: [
      { label: chart.group, value: (plot, x, series, place) => shown(chart, x, place) },
      ...(chart.heat ? [heatSeries(chart)] : []),
      ...chart.lines.map((line) => seriesOf(chart, line)),
    ],
    cursor: {
      sync: { key: chart.group, setSeries: false, scales: ["x", null] },
      drag: { x: true, y: false, setScale: true },
      points: { size: 7 },
      bind: { dblclick: () => () => zoom(chart.group, ...full.get(chart.group)) },
    },
    legend: { live: true, markers: { show: false }, mount: (plot, table) => holder.querySelector(".legend").append(table) },
    hooks: {
      drawClear: [(plot) => drawing.below(plot, chart)],
      drawAxes: [(plot) => drawing.bars(plot, chart)],
      draw: [(plot) => drawing.above(plot, chart)],
    },
  });

  /* What uPlot draws or scales by: the tops of bars, the values of lines. */
  const topsOf = (line) => line.values.map((value, place) => (value == null || !line.base.length ? value : value + line.base[place]));

  /* For a screen reader: what the chart shows, and from where to where each line goes. */
  const describe = (place, chart) => {
    const lines = chart.lines.map((line) => {
      const values = line.values.filter((value) => value != null);
      const many = values.length ? `${plain(Math.min(...values))} to ${plain(Math.max(...values))} ${chart.unit}` : "never answered";
      return `${line.label}: ${many}`;
    });
    place.setAttribute("role", "application");
    place.setAttribute("aria-roledescription", "figure");
    place.setAttribute("aria-label", [chart.title, `${chart.y_axis.label} against ${chart.x_axis.label}`, ...lines].join(". "));
    place.setAttribute("aria-describedby", "how-to-zoom");
  };

  const build = (chart) => {
    const holder = document.getElementById(`figure-${chart.name}`);
    const place = holder.querySelector(".plot");
    const data = [chart.x, ...(chart.heat ? [Array(chart.x.length).fill(null)] : []), ...chart.lines.map(topsOf)];
    if (!full.has(chart.group)) full.set(chart.group, [chart.x_axis.low, chart.x_axis.high]);
    const plot = new uPlot(options(chart, holder, place.clientWidth), data, place);
    describe(place, chart);
    keyboard.listen(place, holder, plot, full.get(chart.group), (min, max) => zoom(chart.group, min, max));
    legend.switches(holder, plot);
    legend.paint(holder, chart);
    plot.place = place;
    plot.chart = chart;
    if (!groups.has(chart.group)) groups.set(chart.group, []);
    groups.get(chart.group).push(plot);
    return plot;
  };

  const plots = new Map(charts.map((chart) => [chart.name, build(chart)]));
  for (const [group, [min, max]] of full) zoom(group, min, max);

  // While printing, charts keep the width of paper, whatever the window's layout does meanwhile.
  let paper = 0;
  const fit = () => {
    for (const plot of plots.values()) {
      const wanted = (plot.chart.half ? paper / 2 : paper) || plot.place.clientWidth;
      if (wanted && plot.width !== wanted) plot.setSize({ width: wanted, height: heightFor(plot.chart, wanted) });
    }
  };
  const redraw = () => {
    for (const plot of plots.values()) {
      legend.paint(document.getElementById(`figure-${plot.chart.name}`), plot.chart);
      plot.redraw(false, true);
    }
  };
  const print = (width) => () => {
    colours.print(width > 0);
    paper = width;
    fit();
    redraw();
  };
  new ResizeObserver(fit).observe(document.querySelector("main"));
  colours.onChange(redraw);
  window.addEventListener("beforeprint", print(680));
  window.addEventListener("afterprint", print(0));

  document.getElementById("zoom")?.addEventListener("change", (event) => {
    if (!groups.has("time")) return;
    const { value } = event.target;
    zoom("time", ...(value ? value.split(",").map(Number) : full.get("time")));
  });

  // For live.js, for tests, and for who wants to look at the numbers in the browser's console.
  window.report = { charts, plots, groups, full, zoom };
})();
