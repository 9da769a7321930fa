// Draws each table of a report as a plot above it, and folds the table away. Without this the tables are all there is.

const columns = ['--plot-1', '--plot-2', '--plot-3', '--plot-4', '--plot-5', '--plot-6'];
const mostBars = 25;
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

/** Names take less than half of the drawing. */
function shortened(text, width) {
  const most = Math.max(10, Math.min(28, Math.floor(width / 17)));
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function draw(details) {
  const kind = details.dataset.plot;
  const isAcross = kind === 'across';
  const { labels, series } = read(details.querySelector('table'));
  const most = isAcross ? mostBars : labels.length;
  const frame = Object.assign(document.createElement('div'), { className: 'drawing' });
  const canvas = document.createElement('canvas');
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', details.dataset.drawing);
  frame.append(canvas);
  if (isAcross) frame.style.blockSize = `${Math.min(labels.length, most) * 34 + 110}px`;
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
        return isAcross ? shortened(name, frame.clientWidth) : name;
      },
    },
  };
  const side = isRightToLeft ? 'right' : 'left';
  const text = { rtl: isRightToLeft, textDirection: document.documentElement.dir };
  const chart = new globalThis.Chart(canvas, {
    type: kind === 'line' ? 'line' : 'bar',
    data: {
      labels: labels.slice(0, most),
      datasets: series.map((one, at) => {
        const tint = colour(columns[at % columns.length]);
        const line = { borderColor: tint, borderWidth: 2, pointRadius: labels.length > 31 ? 0 : 3, tension: 0 };
        return {
          label: one.label,
          data: one.data.slice(0, most),
          backgroundColor: tint,
          maxBarThickness: 28,
          ...(kind === 'line' ? line : {}),
        };
      }),
    },
    options: {
      animation: false,
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
          display: series.length > 1,
          ...text,
          position: 'bottom',
          labels: { color: colour('--ink'), boxWidth: 12, boxHeight: 12 },
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
  for (const details of document.querySelectorAll('[data-plot]')) details.open = false;
  // The colours of the page change with the system's; a drawing must be made anew.
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
}
