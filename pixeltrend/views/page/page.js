"use strict";
// What a reader does: Bokeh draws; this chooses what, and says it in words.
(async () => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const TYPES = { u1: Uint8Array, u2: Uint16Array, f4: Float32Array, f8: Float64Array };

  /** Return the numbers of an array that Python packed. */
  function unpack({ type, text }) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return new TYPES[type](bytes.buffer);
  }

  /** Draw a figure; return its model. */
  async function show(name) {
    const views = await Bokeh.embed.embed_item(JSON.parse(byId(`${name}-figure`).textContent), name);
    return views.roots[0].model;
  }

  const source = (figure, name) =>
    figure.renderers.find((renderer) => renderer.name === name).data_source;

  const map = await show("map");
  const histogram = await show("histogram");
  const chart = data.series ? await show("series") : null;

  // Colours of the axes follow the page; they are light on paper.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  function paint(is_dark) {
    const [text, line] = is_dark ? ["#e8e8e8", "#444444"] : ["#1b1b1b", "#d5d5d5"];
    for (const figure of [map, histogram, chart].filter(Boolean)) {
      figure.outline_line_color = line;
      for (const axis of [...figure.below, ...figure.left]) {
        axis.setv({
          axis_label_text_color: text, major_label_text_color: text, axis_line_color: text,
          major_tick_line_color: text, minor_tick_line_color: null,
        });
      }
      for (const grid of figure.center) grid.grid_line_color = figure === map ? null : line;
    }
    if (chart) {
      const points = chart.renderers.find((renderer) => renderer.name === "values").glyph;
      points.setv({ fill_color: text, line_color: text });
    }
  }
  dark.addEventListener("change", () => paint(dark.matches));
  addEventListener("beforeprint", () => paint(false));
  addEventListener("afterprint", () => paint(dark.matches));
  paint(dark.matches);

  // The map. A class has two codes: one of what is significant, and one of the rest.
  const { layers, levels, rows, columns, frame } = data.map;
  const codes = layers.map((layer) => unpack(layer.codes));
  const passed = levels.length ? unpack(data.map.passed) : null;
  const image = source(map, "image");
  const NDArray = image.data.image[0].constructor;
  const colours = map.renderers.find((renderer) => renderer.name === "image").glyph.color_mapper;
  const chosen = () => Number(byId("band").value);

  function draw_colours() {
    const opacity = passed ? Number(byId("opacity").value) : 100;
    const hex = Math.round((opacity / 100) * 255).toString(16).padStart(2, "0");
    const sure = layers[chosen()].colours;
    if (passed) byId("opacity-shown").textContent = `${opacity} %`;
    colours.setv({
      palette: [...sure, ...sure.map((colour) => colour + hex)], low: -0.5, high: 2 * sure.length - 0.5,
    });
  }

  function draw_map() {
    const from = codes[chosen()], count = layers[chosen()].colours.length;
    const shown = new NDArray(from, [rows.length, columns.length]);
    if (passed) {
      const level = Number(byId("level").value);
      const missing = count - 1;
      for (let i = 0; i < shown.length; i++) {
        if (passed[i] > level && from[i] !== missing) shown[i] += count;
      }
      byId("level-shown").textContent = levels[level].text;
      byId("level").setAttribute("aria-valuetext", levels[level].text);
      byId("significant").textContent = levels[level].said;
    }
    draw_colours();
    image.data = { ...image.data, image: [shown] };
  }

  function draw_band() {
    const layer = layers[chosen()];
    for (const legend of document.querySelectorAll(".legend")) {
      legend.hidden = Number(legend.dataset.band) !== chosen();
    }
    byId("histogram-section").hidden = !layer.histogram;
    if (layer.histogram) {
      const { left, right, top, colour, beyond } = layer.histogram;
      source(histogram, "bars").data = { left, right, top, colour };
      byId("histogram-label").textContent = layer.label;
      byId("beyond").textContent = beyond;
    }
    draw_map();
  }

  byId("band").addEventListener("change", draw_band);
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  if (passed) {
    byId("level").addEventListener("input", draw_map);
    byId("opacity").addEventListener("input", draw_colours);
  }

  function zoom(factor) {
    for (const range of [map.x_range, map.y_range]) {
      const middle = (range.start + range.end) / 2, half = ((range.end - range.start) / 2) * factor;
      range.setv({ start: middle - half, end: middle + half });
    }
  }
  byId("zoom-in").addEventListener("click", () => zoom(1 / 2));
  byId("zoom-out").addEventListener("click", () => zoom(2));
  const whole = () => map.reset.emit();
  byId("zoom-reset").addEventListener("click", whole);

  // One pixel.
  const { width, height, geotransform } = data.grid;
  const series = data.series && {
    ...data.series,
    values: unpack(data.series.values),
    line: data.series.line && unpack(data.series.line),
    written: unpack(data.series.written),
  };
  let place = null; // row and column

  /** Return the nearest of some increasing numbers, as its position. */
  function nearest(numbers, wanted) {
    let best = 0;
    numbers.forEach((number, at) => {
      if (Math.abs(number - wanted) < Math.abs(numbers[best] - wanted)) best = at;
    });
    return best;
  }

  const short = (number) => (Number.isNaN(number) ? "missing" : String(Number(number.toPrecision(9))));

  function fill(table, cells) {
    byId(table).tBodies[0].replaceChildren(...cells.map((texts) => {
      const row = document.createElement("tr");
      texts.forEach((text, at) => {
        const cell = row.insertCell();
        cell.textContent = text;
        if (at) cell.className = "number";
      });
      return row;
    }));
  }

  /** Return the centre of a pixel in map coordinates. */
  function centre(row, column) {
    const [x, dx, rx, y, ry, dy] = geotransform;
    const [down, across] = [row + 0.5, column + 0.5];
    return [x + across * dx + down * rx, y + across * ry + down * dy];
  }

  function choose(row, column) {
    if (!(row >= 0 && row < height && column >= 0 && column < width)) return;
    place = [row, column];
    [byId("row").value, byId("column").value] = place;
    const at = geotransform ? centre(row, column).map((number) => Number(number.toPrecision(12))) : place;
    byId("command").textContent = `${data.command}${geotransform ? "" : " --rowcol"} --at ${at.join(" ")}`;
    let [shown_row, shown_column] = place;
    let text = `Row ${row}, column ${column}`;
    if (geotransform) text += `: x ${Number(at[0].toPrecision(10))}, y ${Number(at[1].toPrecision(10))}`;
    if (series) {
      const [i, j] = [nearest(series.rows, row), nearest(series.columns, column)];
      [shown_row, shown_column] = [series.rows[i], series.columns[j]];
      if (shown_row !== row || shown_column !== column) {
        text += `. This page has the series of row ${shown_row}, column ${shown_column}, the nearest of its grid; the command shows the pixel itself`;
      }
      show_series(i * series.columns.length + j);
    }
    byId("where").textContent = `${text}.`;
    source(map, "marker").data = {
      x: [frame.x[0] + ((shown_column + 0.5) / width) * (frame.x[1] - frame.x[0])],
      y: [frame.y[0] + ((shown_row + 0.5) / height) * (frame.y[1] - frame.y[0])],
    };
  }

  function show_series(pixel) {
    const { times, dates, names, origin } = series;
    const pixels = series.rows.length * series.columns.length;
    const of = (array, row) => array[row * pixels + pixel];
    const y = times.map((_, row) => of(series.values, row));
    source(chart, "values").data = { x: times, y };
    let line = null;
    if (series.line) {
      const [slope, intercept] = [of(series.line, 0), of(series.line, 1)];
      line = times.map((time) => intercept + slope * (time - origin));
      source(chart, "line").data = { x: times, y: line };
    }
    fill("written", names.map((name, row) => [name, short(of(series.written, row))]));
    fill("values", dates.map((date, row) =>
      [date, short(y[row]), ...(line ? [short(line[row])] : [])]));
  }

  const pixel_at = (position, [start, stop], count) =>
    Math.floor(((position - start) / (stop - start)) * count);
  map.on_event("tap", ({ x, y }) => choose(pixel_at(y, frame.y, height), pixel_at(x, frame.x, width)));
  byId("place").addEventListener("submit", (event) => {
    event.preventDefault();
    choose(byId("row").valueAsNumber, byId("column").valueAsNumber);
  });

  const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  byId("map").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in MOVES) {
      // One step of what the page has: each pixel, or each of its grid.
      const grid = series || { rows, columns };
      const [down, across] = MOVES[event.key];
      const step = (numbers, at, by) => {
        const next = nearest(numbers, at) + by;
        return numbers[Math.max(0, Math.min(numbers.length - 1, next))];
      };
      const [row, column] = place || [height / 2, width / 2];
      choose(step(grid.rows, row, down), step(grid.columns, column, across));
    } else if (event.key === "+" || event.key === "=") zoom(1 / 2);
    else if (event.key === "-") zoom(2);
    else if (event.key === "0") whole();
    else return;
    event.preventDefault();
  });

  /** Return the pixel nearest to the middle of the map that has a result, as far as the page knows. */
  function middle() {
    const [down, across] = [Math.floor(height / 2), Math.floor(width / 2)];
    let [best, least] = [[down, across], Infinity];
    if (series) series.rows.forEach((row, i) => series.columns.forEach((column, j) => {
      const distance = (row - down) ** 2 + (column - across) ** 2;
      if (distance < least && !Number.isNaN(series.written[i * series.columns.length + j])) {
        [best, least] = [[row, column], distance];
      }
    }));
    return best;
  }

  draw_band();
  choose(...middle());
  document.documentElement.dataset.ready = "yes";
})();
