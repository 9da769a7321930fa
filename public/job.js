// Follows a job without loading its page again, as long as its state is one of those that the page is about.
const box = document.querySelector('[data-job]');
const goesOn = (box?.dataset.jobGoesOn ?? 'running ending').split(' ');
if (box) follow(box, 1000);

async function follow(box, pause) {
  await new Promise((resolve) => setTimeout(resolve, pause));
  try {
    const response = await fetch(box.dataset.job, { headers: { accept: 'application/json' } });
    const { state, done, of, text } = await response.json();
    if (!goesOn.includes(state)) return location.reload();
    const line = box.querySelector('[data-job-text]');
    if (line) line.textContent = text;
    const bar = box.querySelector('progress');
    if (bar && of) Object.assign(bar, { max: of, value: Math.min(done, of) });
  } catch {
    // The network may be back at the next look.
  }
  follow(box, Math.min(pause * 1.2, 5000));
}
