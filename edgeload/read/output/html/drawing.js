/* Draws a chart's parts on uPlot's canvas: grounds, marks, heat, bars, stairs and signs.

   What is drawn, and in which colours, is decided in edgeload/read/figures; see chart.py. */
const drawing = (() => {
  const FONT = "12px system-ui, sans-serif";
  const { ink, page } = colours;

  const clipped = (plot, draw) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    const air = 5 * uPlot.pxRatio; // a point on the edge is a point all the same
    ctx.rect(bbox.left - air, bbox.top, bbox.width + 2 * air, bbox.height + air);
    ctx.clip();
    ctx.setLineDash([]); // the last series may have left its own
    draw(ctx, bbox);
    ctx.restore();
  };

  /* Parallel lines over a ground: rising, or falling where `down` is true. */
  const hatch = (ctx, left, right, bbox, colour, down) => {
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, bbox.top, right - left, bbox.height);
    ctx.clip();
    ctx.strokeStyle = colour;
    ctx.lineWidth = uPlot.pxRatio;
    ctx.beginPath();
    const gap = 10 * uPlot.pxRatio;
    const [start, end] = down ? [bbox.top, bbox.top + bbox.height] : [bbox.top + bbox.height, bbox.top];
    for (let x = left - bbox.height; x < right; x += gap) {
      ctx.moveTo(x, start);
      ctx.lineTo(x + bbox.height, end);
    }
    ctx.stroke();
    ctx.restore();
  };

  const shade = (ctx, span, left, right, bbox) => {
    if (!span.shade) return;
    const { hatch: kind } = span.shade;
    const colour = ink(span.shade.colour);
    if (!kind) {
      ctx.fillStyle = colour;
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
      return;
    }
    hatch(ctx, left, right, bbox, colour, false);
    if (kind === "x") hatch(ctx, left, right, bbox, colour, true);
  };

  const drawHeat = (plot, chart) => clipped(plot, (ctx) => {
    const { edges, bands, permille, bounds } = chart.heat;
    const inks = chart.heat.colours.map(ink);
    const xs = edges.map((edge) => Math.round(plot.valToPos(edge, "x", true)));
    const ys = bands.map((edge) => Math.round(plot.valToPos(edge, "y", true)));
    permille.forEach((row, band) => row.forEach((count, place) => {
      if (!count) return;
      ctx.fillStyle = inks[Math.min(bounds.filter((bound) => bound <= count).length, inks.length) - 1];
      ctx.fillRect(xs[place], ys[band + 1], xs[place + 1] - xs[place], ys[band] - ys[band + 1]);
    }));
  });

  /* Bars stand on those of the lines before them; a pattern in the colour of the page tells them apart as well. */
  const drawBars = (plot, chart, line) => clipped(plot, (ctx) => {
    const half = chart.bar_width / 2;
    const fills = [ink(line.colour), ...(line.pattern ? [patterned(ctx, line.pattern)] : [])];
    line.values.forEach((value, place) => {
      if (!value) return;
      const [left, right] = [-half, half].map((aside) => Math.round(plot.valToPos(chart.x[place] + aside, "x", true)));
      const [foot, top] = [line.base[place], line.base[place] + value].map((at) => Math.round(plot.valToPos(at, "y", true)));
      for (const fill of fills) {
        ctx.fillStyle = fill;
        ctx.fillRect(left, top, Math.max(1, right - left), foot - top);
      }
    });
  });

  const PATTERNS = { "/": [[0, 8, 8, 0]], "\\": [[0, 0, 8, 8]], x: [[0, 8, 8, 0], [0, 0, 8, 8]], ".": [[3, 4, 5, 4]] };
  const patterned = (ctx, pattern) => {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const brush = tile.getContext("2d");
    brush.strokeStyle = page("paper");
    brush.lineWidth = pattern === "." ? 2 : 1.5;
    for (const [x0, y0, x1, y1] of PATTERNS[pattern]) {
      brush.moveTo(x0, y0);
      brush.lineTo(x1, y1);
    }
    brush.stroke();
    return ctx.createPattern(tile, "repeat");
  };

  /* From one limit to the other: each holds until the next place. */
  const fillGround = (plot, chart, line) => clipped(plot, (ctx, bbox) => {
    const foot = bbox.top + bbox.height;
    const inside = (y) => Math.min(foot, Math.max(bbox.top, y));
    const yOf = (value) => (value > 0 || !chart.y_axis.log ? inside(plot.valToPos(value, "y", true)) : foot);
    ctx.fillStyle = ink(line.colour);
    line.low.forEach((low, place) => {
      if (low == null || place + 1 === line.low.length) return;
      const [left, right] = [place, place + 1].map((at) => Math.round(plot.valToPos(chart.x[at], "x", true)));
      const top = line.high[place] == null ? bbox.top : yOf(line.high[place]);
      ctx.fillRect(left, top, right - left, Math.max(2 * uPlot.pxRatio, yOf(low) - top));
    });
  });

  const drawBelow = (plot, chart) => {
    if (chart.heat) drawHeat(plot, chart);
    chart.lines.forEach((line, i) => {
      if (line.kind === "ground" && plot.series[i + 1].show) fillGround(plot, chart, line);
    });
    clipped(plot, (ctx, bbox) => {
      for (const span of chart.spans) {
        const left = plot.valToPos(span.start, "x", true);
        shade(ctx, span, left, plot.valToPos(span.end, "x", true), bbox);
        ctx.fillStyle = page(chart.heat ? "soft" : "strong-line");
        if (span !== chart.spans[0]) ctx.fillRect(left, bbox.top, uPlot.pxRatio, bbox.height);
      }
      for (const mark of chart.marks) {
        ctx.fillStyle = ink(mark.colour);
        if (mark.x != null) drawUpright(plot, ctx, mark, bbox);
        if (mark.y != null) ctx.fillRect(bbox.left, plot.valToPos(mark.y, "y", true) - 1, bbox.width, 1.5 * uPlot.pxRatio);
      }
    });
  };

  /* A line, with an arrow to the right if it is a lower bound; or the pale ground from `x` to `until`. */
  const drawUpright = (plot, ctx, mark, bbox) => {
    const left = plot.valToPos(mark.x, "x", true);
    if (mark.until == null) {
      const width = (mark.thin ? 1 : 2) * uPlot.pxRatio;
      ctx.fillRect(left - width / 2, bbox.top, width, bbox.height);
      if (mark.open) drawArrow(ctx, left, bbox.top + 12 * uPlot.pxRatio, uPlot.pxRatio);
      return;
    }
    ctx.fillRect(left, bbox.top, plot.valToPos(mark.until, "x", true) - left, bbox.height);
  };

  const drawArrow = (ctx, x, y, ratio) => {
    ctx.fillRect(x, y - ratio, 10 * ratio, 2 * ratio);
    ctx.beginPath();
    ctx.moveTo(x + 9 * ratio, y - 5 * ratio);
    ctx.lineTo(x + 17 * ratio, y);
    ctx.lineTo(x + 9 * ratio, y + 5 * ratio);
    ctx.fill();
  };

  const drawAllBars = (plot, chart) => chart.lines.forEach((line, i) => {
    if (line.kind === "bars" && plot.series[i + 1].show) drawBars(plot, chart, line);
  });

  /* What the plan asked for, as the stairs that it was: exact to the step, not to the window. */
  const drawPlanned = (plot, chart, line) => clipped(plot, (ctx) => {
    ctx.strokeStyle = ink(line.colour);
    ctx.lineWidth = line.width * uPlot.pxRatio;
    ctx.setLineDash(line.dash.map((part) => part * uPlot.pxRatio));
    ctx.beginPath();
    let end = null;
    for (const span of chart.spans.filter((each) => each.due != null)) {
      const y = plot.valToPos(span.due, "y", true);
      if (span.start > end) ctx.moveTo(plot.valToPos(span.start, "x", true), y); // a pause
      end = span.end;
      ctx.lineTo(plot.valToPos(span.start, "x", true), y);
      ctx.lineTo(plot.valToPos(span.end, "x", true), y);
    }
    ctx.stroke();
  });

  /* Above the axes: how many clients or copies each step had; as many as there is room for. */
  const drawLoads = (plot, chart) => {
    const { ctx, bbox } = plot;
    const ratio = uPlot.pxRatio;
    ctx.save();
    ctx.font = FONT.replace("12px", `${12 * ratio}px`);
    ctx.fillStyle = page("soft");
    ctx.textBaseline = "bottom";
    ctx.textAlign = "right";
    ctx.fillText(chart.loads, bbox.left - 4 * ratio, bbox.top - 8 * ratio);
    ctx.textAlign = "center";
    let free = bbox.left;
    for (const span of chart.spans) {
      const left = Math.max(bbox.left, plot.valToPos(span.start, "x", true));
      const right = Math.min(bbox.left + bbox.width, plot.valToPos(span.end, "x", true));
      const half = ctx.measureText(span.load).width / 2;
      const middle = (left + right) / 2;
      if (right <= left || middle - half < free) continue;
      ctx.fillText(span.load, middle, bbox.top - 8 * ratio);
      free = middle + half + 8 * ratio;
    }
    ctx.restore();
  };

  const strokes = (ctx, lines) => {
    ctx.beginPath();
    for (const [x0, y0, x1, y1] of lines) {
      ctx.moveTo(x0, y0);
      ctx.lineTo(x1, y1);
    }
    ctx.stroke();
  };

  /* Each unbroken stretch of a line, with its sign above the middle. uPlot would join those that are
     less than a pixel apart. */
  const drawStretches = (plot, chart, line) => clipped(plot, (ctx) => {
    const ratio = uPlot.pxRatio;
    const [xOf, yOf] = [(place) => plot.valToPos(chart.x[place], "x", true), (place) => plot.valToPos(line.values[place], "y", true)];
    ctx.font = `bold ${FONT.replace("12px", `${13 * ratio}px`)}`;
    ctx.fillStyle = ctx.strokeStyle = ink(line.colour);
    ctx.lineWidth = line.width * ratio;
    ctx.setLineDash(line.dash.map((part) => part * ratio));
    ctx.textAlign = "center";
    ctx.textBaseline = "bottom";
    line.values.forEach((value, first) => {
      if (value == null || line.values[first - 1] != null) return;
      let last = first;
      ctx.beginPath();
      ctx.moveTo(xOf(first), yOf(first));
      for (; line.values[last + 1] != null; last += 1) ctx.lineTo(xOf(last + 1), yOf(last + 1));
      ctx.stroke();
      ctx.fillText(line.sign, (xOf(first) + xOf(last)) / 2, yOf(first) - (line.width / 2) * ratio);
    });
  });

  /* A line's whiskers, its hollow points, and crosses for requests without an answer. */
  const drawSigns = (plot, chart, line, row) => clipped(plot, (ctx, bbox) => {
    const ratio = uPlot.pxRatio;
    const xOf = (place) => plot.valToPos(chart.x[place], "x", true);
    const yOf = (value) => plot.valToPos(value, "y", true);
    ctx.strokeStyle = ink(line.colour);
    ctx.lineWidth = 1.5 * ratio;
    ctx.fillStyle = page("paper");
    if (line.kind !== "ground") line.low.forEach((low, place) => {
      if (low == null) return;
      const [x, foot, top, cap] = [xOf(place), yOf(low), yOf(line.high[place]), 3 * ratio];
      strokes(ctx, [[x, foot, x, top], [x - cap, foot, x + cap, foot], [x - cap, top, x + cap, top]]);
    });
    for (const { place } of line.hollow) {
      ctx.beginPath();
      ctx.arc(xOf(place), yOf(line.values[place]), (line.point_size / 2) * ratio, 0, 7);
      ctx.fill();
      ctx.stroke();
    }
    for (const place of line.crosses) {
      const [x, y, arm] = [xOf(place), bbox.top + (6 + 7 * row) * ratio, 3 * ratio];
      strokes(ctx, [[x - arm, y - arm, x + arm, y + arm], [x + arm, y - arm, x - arm, y + arm]]);
    }
  });

  const drawAbove = (plot, chart) => {
    if (chart.spans.length) drawLoads(plot, chart);
    const crossed = [...new Set(chart.lines.filter((line) => line.crosses.length).map((line) => line.label))];
    chart.lines.forEach((line, i) => {
      if (!plot.series[i + 1].show) return;
      if (line.kind === "planned") drawPlanned(plot, chart, line);
      if (line.sign) drawStretches(plot, chart, line);
      drawSigns(plot, chart, line, crossed.indexOf(line.label));
    });
    clipped(plot, (ctx, bbox) => {
      const ratio = uPlot.pxRatio;
      ctx.font = FONT.replace("12px", `${12 * ratio}px`);
      ctx.textBaseline = "bottom";
      ctx.textAlign = "left";
      for (const mark of chart.marks.filter((each) => each.y != null)) {
        ctx.fillStyle = ink(mark.colour);
        ctx.fillText(mark.label, bbox.left + 6 * ratio, plot.valToPos(mark.y, "y", true) - 2 * ratio);
      }
    });
  };

  return { FONT, below: drawBelow, bars: drawAllBars, above: drawAbove };
})();
