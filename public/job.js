// Follows a job without loading its page again; without this, the page loads itself now and then.
const box = document.querySelector('[data-job]');
if (box) follow(box, 1000);

async function follow(box, pause) {
  await new Promise((resolve) => setTimeout(resolve, pause));
  try {
    const response = await fetch(box.dataset.job, { headers: { accept: 'application/json' } });
    const { state, done, of, text } = await response.json();
    if (state !== 'running' && state !== 'ending') return location.reload();
    box.querySelector('[data-job-text]').textContent = text;
    const bar = box.querySelector('progress');
    if (bar && of) Object.assign(bar, { max: of, value: Math.min(done, of) });
  } catch {
    // The network may be back at the next look.
  }
  follow(box, Math.min(pause * 1.2, 5000));
}
