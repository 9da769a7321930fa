// Draws each table of a report as a plot above it, and folds the table away. Without this the tables are all there is.

const columns = ['--plot-1', '--plot-2', '--plot-3', '--plot-4', '--plot-5', '--plot-6'];
const isRightToLeft = document.documentElement.dir === 'rtl';
const drawn = [];

/** What a table says: names of its rows, and the columns that are to be drawn. */
function read(table) {
  const heads = [...table.querySelectorAll('thead th')];
  const rows = [...table.querySelectorAll('tbody tr')];
  const series = heads.flatMap((head, at) =>
    head.dataset.drawn === undefined
      ? []
      : [{ label: head.textContent, data: rows.map((row) => Number(row.children[at].dataset.value ?? Number.NaN)) }],
  );
  return { labels: rows.map((row) => row.children[0].textContent), series };
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** A name keeps its own direction, whatever the page's: its signs stay where they are (UAX 9). */
function isolated(text) {
  return `\u2068${text}\u2069`;
}

/** The end of a long text is left out. */
function shortened(text, most) {
  const letters = [...text];
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : text;
}

/** A name beside its bar, in two lines where one is too long: names of units tell themselves apart by their end. */
function linesOf(text, width) {
  const letters = [...text];
  const most = Math.max(10, Math.min(28, Math.floor(width / 17)));
  if (letters.length <= most) return isolated(text);
  const start = letters.slice(0, most);
  const gap = Math.max(...[' ', '/', '-'].map((sign) => start.lastIndexOf(sign))) + 1;
  const cut = gap < most / 3 ? most : gap;
  const end = letters.slice(cut);
  const rest = end.length > most ? ['…', ...end.slice(1 - most)] : end;
  return [letters.slice(0, cut), rest].map((line) => isolated(line.join('').trim()));
}

/** As many lines as there are colours: the largest, in the order of the table, and all others as one. */
function fewOf(series, others) {
  if (series.length <= columns.length) return series;
  const total = ({ data }) => data.reduce((sum, value) => sum + (value || 0), 0);
  const largest = new Set(series.toSorted((a, b) => total(b) - total(a)).slice(0, columns.length - 1));
  const left = series.filter((one) => !largest.has(one));
  const data = series[0].data.map((_, at) => left.reduce((sum, one) => sum + (one.data[at] || 0), 0));
  return [...series.filter((one) => largest.has(one)), { label: others, data }];
}

/** The rows with the largest numbers, in the order of the table. */
function largestRows({ labels, series }, most) {
  const total = (at) => series.reduce((sum, { data }) => sum + (data[at] || 0), 0);
  const all = labels.map((_, at) => at);
  const kept = new Set(all.toSorted((a, b) => total(b) - total(a)).slice(0, most));
  const of = (values) => values.filter((_, at) => kept.has(at));
  return { labels: of(labels), series: series.map((one) => ({ ...one, data: of(one.data) })) };
}

function draw(details) {
  const kind = details.dataset.plot;
  const isAcross = kind === 'across';
  const table = read(details.querySelector('table'));
  const { labels, series: all } = isAcross ? largestRows(table, Number(details.dataset.most)) : table;
  const series = fewOf(all, details.dataset.others);
  const frame = Object.assign(document.createElement('div'), { className: 'drawing' });
  const canvas = document.createElement('canvas');
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', details.dataset.drawing);
  frame.append(canvas);
  if (isAcross) frame.style.blockSize = `${labels.length * 34 + 110}px`;
  details.before(frame);
  const ink = colour('--soft');
  const grid = { color: colour('--line') };
  const values = {
    stacked: kind !== 'line',
    beginAtZero: true,
    grid,
    ticks: { color: ink, precision: 0, maxRotation: 0, autoSkipPadding: 8 },
  };
  const names = {
    stacked: kind !== 'line',
    grid: { display: false },
    reverse: isRightToLeft && !isAcross,
    ticks: {
      color: ink,
      maxRotation: 0,
      autoSkipPadding: 12,
      autoSkip: !isAcross,
      callback(value) {
        const name = this.getLabelForValue(value);
        return isAcross ? linesOf(name, frame.clientWidth) : name;
      },
    },
  };
  const areApart = frame.clientWidth / labels.length > 12;
  const side = isRightToLeft ? 'right' : 'left';
  // What lies upon one another is parted by a line of the page's colour.
  const parted = isAcross ? (isRightToLeft ? 'left' : 'right') : 'top';
  const text = { rtl: isRightToLeft, textDirection: document.documentElement.dir };
  const chart = new globalThis.Chart(canvas, {
    type: kind === 'line' ? 'line' : 'bar',
    data: {
      labels,
      datasets: series.map((one, at) => {
        const tint = colour(columns[at % columns.length]);
        const line = { borderColor: tint, borderWidth: 2, pointRadius: areApart ? 3 : 0, tension: 0 };
        return {
          label: one.label,
          data: one.data,
          backgroundColor: tint,
          maxBarThickness: 28,
          ...(kind === 'line' ? line : { borderColor: colour('--sheet'), borderWidth: { [parted]: 1 } }),
        };
      }),
    },
    options: {
      animation: false,
      // Where the axis runs from the right, the first name below it would be cut.
      layout: { padding: { right: isRightToLeft && !isAcross ? 20 : 0 } },
      maintainAspectRatio: false,
      indexAxis: isAcross ? 'y' : 'x',
      locale: document.documentElement.lang,
      interaction: { mode: 'index', intersect: false, axis: isAcross ? 'y' : 'x' },
      font: { family: getComputedStyle(document.body).fontFamily },
      scales: isAcross
        ? { x: { ...values, reverse: isRightToLeft }, y: { ...names, position: side } }
        : { x: names, y: { ...values, position: side } },
      plugins: {
        legend: {
          // One alone is told by the heading, unless it is one of several that there might be.
          display: series.length > 1 || kind === 'stack',
          ...text,
          position: 'bottom',
          labels: {
            color: colour('--ink'),
            boxWidth: 12,
            boxHeight: 12,
            generateLabels(drawing) {
              const most = Math.max(12, Math.floor((frame.clientWidth - 40) / 7));
              const made = globalThis.Chart.defaults.plugins.legend.labels.generateLabels(drawing);
              return made.map((one) => ({ ...one, text: isolated(shortened(one.text, most)) }));
            },
          },
        },
        tooltip: { ...text },
      },
    },
  });
  drawn.push({ chart, frame });
}

function drawAll() {
  for (const { chart, frame } of drawn.splice(0)) {
    chart.destroy();
    frame.remove();
  }
  for (const details of document.querySelectorAll('[data-plot]')) draw(details);
}

if (globalThis.Chart) {
  drawAll();
  for (const cut of document.querySelectorAll('.cut')) cut.hidden = false;
  for (const details of document.querySelectorAll('[data-plot]')) details.open = false;
  // The colours of the page change with the system's; a drawing must be made anew.
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
}
